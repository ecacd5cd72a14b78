from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from eval import data
from eval.data import DataMissing
from kb.entry import read_corpus


def test_no_wanted_entry_is_in_both_halves() -> None:
    dev, test = data.queries("dev"), data.queries("test")
    assert len(dev) + len(test) == len(data.queries()) >= 400
    assert not {q.entry for q in dev} & {q.entry for q in test}


def test_every_wanted_entry_exists() -> None:
    known = {entry.id for entry in read_corpus(data.DEMO).entries}
    assert {entry for query in data.queries() for entry in query.grades} <= known


def test_held_out_shops_are_read_only_to_report() -> None:
    with pytest.raises(ValueError, match="test or all"):
        data.held_out("dev")
    shops = data.held_out("test")
    assert [shop.name for shop in shops] == "flowers furniture glasses gym inn pets simcard".split()
    assert data.held_out("all") == shops


def test_a_held_out_question_wants_an_entry_of_its_shop() -> None:
    shops = data.held_out("test")
    for shop in shops:
        known = {entry.id for entry in shop.entries}
        assert {one.entry for one in shop.asked} <= known
        assert len(shop.asked) > 100
        assert shop.open
    asked = [one.id for shop in shops for one in shop.asked]
    assert len(asked) == len(set(asked))
    entries = [entry.id for shop in shops for entry in shop.entries]
    assert len(entries) == len(set(entries))


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=r"nothing\.jsonl"):
        data.lines("nothing")
    with pytest.raises(DataMissing, match="--municipal DIR"):
        data.municipal(tmp_path)


def test_only_even_queries_are_read(tmp_path: Path) -> None:
    def write(name: str, *rows: dict[str, object]) -> None:
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    write("entries", {"id": 1, "question": "q", "answer": "a"})
    write("queries", {"id": "2", "text": "even"}, {"id": "3", "text": "odd"}, {"id": "4", "text": "ungraded"})
    write("qrels", {"qid": "2", "eid": 1, "grade": 2}, {"qid": "3", "eid": 1, "grade": 1})
    town = data.municipal(tmp_path)
    assert [query.text for query in town.queries] == ["even"]
    assert town.queries[0].grades == {"1": 2}
    assert town.entries == (("1", "q", "a"),)
