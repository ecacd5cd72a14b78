"""Shop files: read as written, refused with file and line, and the project's own are as their card says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from kb.train.shop import KINDS, Shop, ShopError, read_shop, read_shops

HOME = Path(__file__).parents[2] / "kb" / "train"
GOOD = """# 自転車の通販
== bike-01 ~ bike-02
Q 組み立てて届きますか
A 組み立ててお届けします。
V 完成車で届きますか
p すぐ乗れる形で来る?
k くみたててとどく?

== bike-02
Q 送料はいくらですか
A 一律550円です。
c 送料なんぼ
== none
u 試乗できますか
"""


@pytest.fixture(scope="module")
def shops() -> list[Shop]:
    return read_shops(HOME / "shops")


def written(home: Path, text: str) -> Path:
    file = home / "bicycle.txt"
    file.write_text(text, "utf-8")
    return file


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    shop = read_shop(written(tmp_path, GOOD))
    assert (shop.name, shop.title, shop.open) == ("bicycle", "自転車の通販", ("試乗できますか",))
    assert [(entry.id, entry.variants) for entry in shop.entries] == [
        ("bike-01", ("完成車で届きますか",)),
        ("bike-02", ()),
    ]
    assert shop.alike == {"bike-01": ("bike-02",)}
    assert [(q.text, q.entry, q.kind) for q in shop.questions] == [
        ("すぐ乗れる形で来る?", "bike-01", "paraphrase"),
        ("くみたててとどく?", "bike-01", "kana"),
        ("送料なんぼ", "bike-02", "colloquial"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("k くみ", "kくみ", 7, "a letter, a space and a text"),
        ("k くみ", "y くみ", 7, "'y' has no place here"),
        ("c 送料", "u 送料", 12, "'u' has no place here"),
        ("u 試乗", "p 試乗", 14, "'p' has no place here"),
        ("# 自転車の通販", "p 自転車の通販", 1, "expected “== id”"),
        ("A 一律550円です。\n", "", 9, "bike-02 has 0 lines A (answer)"),
        ("V 完成", "Q 完成", 2, "bike-01 has 2 lines Q (question)"),
        ("== bike-02\n", "== bike-01\n", 9, "bike-01 was given in line 2 already"),
        ("~ bike-02", "~ bike-03", 2, "bike-01 ~ bike-03: no such entry"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    file = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ShopError) as refused:
        read_shop(file)
    assert str(refused.value).startswith(f"{file}:{line}: ")
    assert said in str(refused.value)


def test_a_file_that_is_not_text_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_bytes("# 自転車".encode("cp932"))
    with pytest.raises(ShopError, match=re.escape(f"{file}: cannot be read as UTF-8")):
        read_shop(file)


def test_each_question_of_ours_has_one_meaning(shops: list[Shop]) -> None:
    for shop in shops:
        times = Counter(question.text for question in shop.questions)
        assert [text for text, count in times.items() if count > 1] == [], shop.name
        approved = {way for entry in shop.entries for way in entry.questions}
        assert approved.isdisjoint(times), shop.name
        assert {question.entry for question in shop.questions} == {entry.id for entry in shop.entries}


def test_our_shops_are_as_their_card_says(shops: list[Shop]) -> None:
    card = (HOME / "README.md").read_text("utf-8")
    said = dict(re.findall(r"^\| (.+?) \| ([\d,]+) \|$", card, re.MULTILINE))
    counts = {
        "shops": len(shops),
        "entries": sum(len(shop.entries) for shop in shops),
        "questions": sum(len(shop.questions) for shop in shops),
        "entries with marked look-alikes (`~`)": sum(len(shop.alike) for shop in shops),
    }
    assert {name: int(said[name].replace(",", "")) for name in counts} == counts
    kinds = Counter(question.kind for shop in shops for question in shop.questions)
    lines = dict(re.findall(r"^\| ([a-z]) \| .+ \| ([\d,]+) \|$", card, re.MULTILINE))
    assert {KINDS[letter]: int(count.replace(",", "")) for letter, count in lines.items()} == kinds
