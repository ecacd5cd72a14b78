"""`toritsugi train`: a model file only when something was gained, and a run that is stopped goes on."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from api import cli
from api.commands import Refusal
from api.commands import train as work
from api.settings import load_settings
from bot.tables import events
from kb.encoder import Encoder
from kb.entry import Entry, write_corpus
from kb.release import Releases
from kb.store import Store
from kb.train.lessons import Asked, Subject
from kb.train.own import Own, Pair

SHOP = """# {name}の店
== {name}-01 ~ {name}-02
Q {name}の送料はいくらですか
A 一律550円です。
p {name}を運んでもらうお代
p {name}の配達にかかる金額
== {name}-02 ~ {name}-01
Q {name}は返品できますか
A 8日以内なら承ります。
p {name}が気に入らないので戻す
p 買った{name}を引き取ってほしい
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    tmp_path: Path, encoder_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """The command in this process, with the session's encoder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TORITSUGI_ENCODER", raising=False)
    data = tmp_path / "data"
    data.mkdir()
    (data / "encoder").symlink_to(encoder_data / "encoder")

    def toritsugi(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["toritsugi", *words, "--data", str(data)])
        capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return toritsugi


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one core, with exams that get better and better."""
    pytest.importorskip("torch", reason="needs the extra `train`")
    from kb.train import exam, teach

    monkeypatch.setattr(teach, "_cores", lambda: 1)
    shares = iter(range(100))
    for module in (exam, teach):
        monkeypatch.setattr(module, "first_places", lambda reads, subjects: next(shares) / 100)


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    home = tmp_path / "shops"
    home.mkdir()
    for name in ("花", "本", "靴"):
        (home / f"{name}.txt").write_text(SHOP.format(name=name), "utf-8")
    return home


TINY = ("--steps", "2", "--rank", "2")
WORDS = ("配達", "修理", "名入れ", "保管", "試着", "採寸", "下取り", "点検", "設置", "延長")
ENDS = (
    "って何円",
    "の値段",
    "代",
    "にかかるお金",
    "料",
    "の費用は",
    "いくら",
    "高い?",
    "は有料?",
    "は無料?",
    "の相場",
)
OWN = tuple(
    Entry(f"e{n}", f"{word}の料金はいくらですか", f"{word}は{n}00円です。", tuple(word + end for end in ENDS))
    for n, word in enumerate(WORDS)
)


@pytest.mark.train
def test_shop_files_become_a_model_with_its_card(run: Run, small: None, shops: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "m.npz"
    code, told, said = run("train", "--shops", str(shops), "--out", str(out), *TINY, "--json")
    assert code == 0, said
    facts = json.loads(told)
    assert facts.keys() == {"file", "steps", "minutes", "before", "after", "built"}
    assert (facts["file"], facts["steps"], facts["before"]) == (str(out), 2, 0.0)
    assert "2 shops, 8 questions" in said
    assert sorted(path.name for path in out.parent.iterdir()) == ["m.md", "m.npz"]
    assert "rank 2" in out.with_suffix(".md").read_text("utf-8")


@pytest.mark.train
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_goes_on_with_the_same_command(
    run: Run,
    small: None,
    shops: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    out = tmp_path / "m.npz"
    words = ("train", "--shops", str(shops), "--out", str(out), *TINY)
    shown = work._shown

    def stop(stand: Any, step: Any) -> None:
        shown(stand, step)
        if stand.step == 1:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(work, "_shown", stop)
    before = signal.getsignal(number)
    code, _, said = run(*words)
    assert code == 128 + number
    assert "stopped after 1 steps: the same command goes on from there" in said
    assert signal.getsignal(number) == before
    assert [path.name for path in tmp_path.glob("m.*")] == ["m.npz.part"]
    monkeypatch.setattr(work, "_shown", shown)
    code, _, said = run(*words)
    assert code == 0, said
    assert "goes on after step 1" in said
    assert sorted(path.name for path in tmp_path.glob("m.*")) == ["m.md", "m.npz"]


@pytest.mark.train
def test_a_course_that_gains_nothing_writes_nothing(
    run: Run, small: None, shops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kb.train import teach

    monkeypatch.setattr(teach, "first_places", lambda reads, subjects: 0.5)
    out = tmp_path / "m.npz"
    code, told, said = run("train", "--shops", str(shops), "--out", str(out), *TINY)
    assert (code, told) == (1, "")
    assert "finds no more of the 4 held-out questions (50.0% before): nothing was written" in said
    assert list(tmp_path.glob("m.*")) == []


@pytest.mark.train
def test_a_corpus_of_ones_own_is_adapted_to_and_checked(run: Run, small: None, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    write_corpus(OWN, corpus)
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"text": "いくらかかるの", "entry": "e1"}\n', "utf-8")
    words = ("train", "--corpus", str(corpus), "--pairs", str(pairs), *TINY, "--json")
    code, told, said = run(*words)
    assert code == 0, said
    facts = json.loads(told)
    assert facts.keys() >= {"search_before", "search_after"}
    made = Path(facts["file"])
    assert made.parent == tmp_path / "data" / "models"
    assert sorted(path.name for path in made.parent.iterdir()) == [f"{made.stem}.md", made.name]
    assert f"TORITSUGI_ENCODER={made} toritsugi publish" in said
    assert "1 given or clicked pairs" in made.with_suffix(".md").read_text("utf-8")


def test_too_few_pairs_are_said_and_nothing_changes(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    corpus = tmp_path / "corpus.jsonl"
    write_corpus(OWN[:3], corpus)
    code, told, said = run("train", "--corpus", str(corpus))
    assert (code, told) == (1, "")
    assert "the 3 entries have 33 ways to ask beyond their questions, and 100 are needed" in said
    assert not (tmp_path / "data" / "models").exists()


def test_what_cannot_be_is_refused_before_anything_begins(
    run: Run, shops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shops / "花.txt").write_text("# 花\nnothing\n", "utf-8")
    out = str(tmp_path / "m.npz")
    for words, name, wanted in (
        (("--shops", str(shops), "--out", out), None, "花.txt:2: expected"),
        (("--shops", str(shops), "--out", str(tmp_path / "m")), None, "must end in .npz"),
        ((), None, "no release is live: give --corpus FILE"),
        ((), "some/model", "only the embedded encoder can be taught"),
        ((), "none", "only the embedded encoder can be taught"),
        ((), "gone.npz", "gone.npz is not a model of `toritsugi train`"),
        ((), "shops/本.txt.npz", "TORITSUGI_ENCODER=plain"),
    ):
        if name:
            monkeypatch.setenv("TORITSUGI_ENCODER", name)
        code, told, said = run("train", *words)
        assert (code, told) == (1, ""), words
        assert wanted in said
        assert "Traceback" not in said
    for words in (
        ("--shops", "x"),
        ("--out", "x"),
        ("--dev", "x"),
        ("--shops", "x", "--out", "y", "--pairs", "z"),
    ):
        assert run("train", *words)[0] == 2


def test_without_the_extra_it_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "torch" else find(name, *a)
    )
    code, _, said = run("train")
    assert code == 1
    assert "toritsugi[train]" in said


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'chats.db'}")
    yield opened
    opened.close()


def chat(store: Store, name: str, *said: tuple[str, str, Mapping[str, Any]]) -> None:
    """Events as the log keeps them, numbered from 1."""
    with store.read() as conn:
        last = len(conn.execute(events.select()).all())
    rows = [
        {
            "conversation": name, "seq": seq, "prev": seq - 1, "position": last + seq, "type": type_,
            "at": datetime.now(UTC), "from_kind": who, "from_id": who, "body": dict(body),
        }
        for seq, (type_, who, body) in enumerate(said, 1)
    ]  # fmt: skip
    store.write(lambda conn: conn.execute(insert(events), rows).rowcount)


def test_clicks_tell_what_was_meant(store: Store) -> None:
    offer = {"text": "どちらですか", "answers": 1, "offers": [{"entry": "ship", "question": "送料は"}]}
    chat(
        store, "chosen",
        ("message", "shopper", {"text": "お代は 090-1234-5678 まで"}),
        ("message", "bot", offer),
        ("chosen", "shopper", {"seq": 2, "entry": "ship", "question": "送料は"}),
        ("message", "bot", {"text": "550円です", "answers": 3, "entry": "ship"}),
        ("feedback", "shopper", {"seq": 4, "helpful": True}),
    )  # fmt: skip
    answered = ("message", "bot", {"text": "8日以内です", "answers": 1, "entry": "return"})
    for name, marks in (("helpful", [True]), ("not", [False]), ("taken back", [True, False])):
        feedback = [("feedback", "shopper", {"seq": 2, "helpful": mark}) for mark in marks]
        chat(store, name, ("message", "shopper", {"text": f"戻したい {name}"}), answered, *feedback)
    chat(store, "erased", ("message", "shopper", {}), ("message", "bot", {}), ("chosen", "shopper", {}))
    found = list(work.clicks(store))
    assert found == [Pair("お代は 〔電話番号〕 まで", "ship"), Pair("戻したい helpful", "return")]


def test_live_entries_and_their_clicks_are_the_material(store: Store, tmp_path: Path) -> None:
    from api.drafts import Drafts

    settings = load_settings(
        environ={}, env_file=None, data=tmp_path / "data", database_url=f"sqlite:///{tmp_path / 'chats.db'}"
    )
    Drafts(store).take_in(OWN[:2], "test")
    with pytest.raises(Refusal, match="no release is live"):
        work._material(settings, None)
    Releases(store, settings.data, None).publish(None, "test")
    answered = ("message", "bot", {"text": "…", "answers": 1, "entry": "e1"})
    helpful = ("feedback", "shopper", {"seq": 2, "helpful": True})
    chat(store, "c", ("message", "shopper", {"text": "直す代金"}), answered, helpful)
    entries, live, told = work._material(settings, None)
    assert [entry.id for entry in entries] == ["e0", "e1"]
    assert live is not None
    assert told == [Pair("直す代金", "e1")]


class Astray:
    """An encoder that gives every text a direction of its own: what a spoilt training would be."""

    def __init__(self, plain: Encoder) -> None:
        self._plain, self.id = plain, "astray"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def read(self, text: str, kind: Any) -> Any:
        return self._plain.read(f"{kind} {hash(text)}", "entry")

    def encode(self, texts: Any, kind: Any) -> Any:
        import numpy as np

        return np.stack([self.read(text, kind).vector for text in texts])


def test_an_encoder_that_finds_less_is_not_published(encoder: Encoder, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    settings = load_settings(environ={}, env_file=None, data=tmp_path)
    asked = tuple(
        Asked(text, frozenset([name]))
        for text, name in (("運んでもらうお代", "e0"), ("直すのにいくら", "e1"))
    )
    own = Own(Subject("own", OWN, (), {}), Subject("exam", OWN, asked, {}))
    report = work._checked(settings, own, encoder, encoder, None)
    assert report["search_before"] == report["search_after"] > 0
    spoilt: Any = Astray(encoder)
    with pytest.raises(Refusal, match=r"the release check says no.*Nothing was written"):
        work._checked(settings, own, encoder, spoilt, None)
    assert list((tmp_path / "models").iterdir()) == []
