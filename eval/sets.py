"""The sets that retrieval is measured on: shops with their questions, and which of these may be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval import data
from eval.data import Asked, Split
from kb.entry import Entry, read_corpus


@dataclass(frozen=True, slots=True)
class Shop:
    """Entries that are searched together, and what is asked there."""

    name: str
    entries: tuple[Entry, ...]
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """`measures`: what its figures are (`eval.ranked.MEASURES`). `hidden`: is a question for reporting only,
    so that nobody works on it?"""

    name: str
    title: str
    shops: tuple[Shop, ...]
    measures: tuple[str, ...]
    hidden: Callable[[Asked], bool]

    def questions(self) -> dict[str, str]:
        """Entry id → its question."""
        return {entry.id: entry.question for shop in self.shops for entry in shop.entries}

    def size(self) -> str:
        asked, entries = (sum(len(x) for x in of) for of in zip(*map(_parts, self.shops), strict=True))
        shops = f"{len(self.shops)} shops, " if len(self.shops) > 1 else ""
        return f"{shops}{asked} questions, {entries} entries"


def _parts(shop: Shop) -> tuple[Sequence[Asked], Sequence[Entry]]:
    return shop.asked, shop.entries


def sets_of(split: Split, municipal: Path | None) -> list[QuestionSet]:
    """The demo shop's half; other shops with test and all; the benchmark when its folder is given."""
    sets = [_demo(split)]
    if split != "dev":
        sets += [_camp(), _held_out(split)]
    if municipal is not None:
        sets.append(_municipal(municipal))
    return sets


FOR_SHOPS = ("first", "top3", "top10")


def _demo(split: Split) -> QuestionSet:
    shop = Shop("demo", tuple(read_corpus(data.DEMO).entries), tuple(data.queries(split)))
    return QuestionSet(
        "demo",
        "デモ店 / Demo shop",
        (shop,),
        FOR_SHOPS,
        lambda asked: data.split_of(asked.entry or asked.id) == "test",
    )


def _camp() -> QuestionSet:
    home = data.HERE / "camp"
    shop = Shop(
        "camp",
        tuple(read_corpus(home / "corpus.jsonl").entries),
        tuple(data.asked_of(home / "queries.jsonl")),
    )
    return QuestionSet("camp", "キャンプ用品店 / Camping shop", (shop,), FOR_SHOPS, lambda _: True)


def _held_out(split: Split) -> QuestionSet:
    shops = tuple(Shop(shop.name, shop.entries, shop.asked) for shop in data.held_out(split))
    return QuestionSet("heldout", "見せていない業種 / Held-out shops", shops, FOR_SHOPS, lambda _: True)


def _municipal(folder: Path) -> QuestionSet:
    """Its even-numbered queries are for deciding; the odd ones, which nobody here reads, check that."""
    town = data.municipal(folder)
    shop = Shop("municipal", tuple(Entry(*each) for each in town.entries), town.queries)
    return QuestionSet(
        "municipal", "自治体FAQ / Municipal", (shop,), ("ndcg10", "recall10", "first"), lambda _: False
    )
