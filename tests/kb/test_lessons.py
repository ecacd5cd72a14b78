"""What a step of training sees: shops' lessons, a corpus's own lessons, and where they come from."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from kb.entry import Entry
from kb.train import own as module
from kb.train.lessons import Asked, Lesson, Portion, ShopLessons, Subject, in_kana, lesson_of, passage
from kb.train.own import OwnLessons, Pair, nearest, own_of
from kb.train.part import TrainRefused
from kb.train.sources import read_pairs, read_subjects, split


def entry(name: str, *variants: str, answer: str | None = None) -> Entry:
    return Entry(name, f"{name}の質問", answer or f"{name}の答え", variants)


def subject(name: str, count: int = 40) -> Subject:
    """Two entries with ids that other subjects have, too; `count` questions."""
    entries = (entry(f"{name}-甲"), entry(f"{name}-乙"))
    entries = tuple(Entry(f"e{place}", e.question, e.answer) for place, e in enumerate(entries))
    asked = tuple(Asked(f"{name} {n}", frozenset([f"e{n % 2}"]), japanese=False) for n in range(count))
    return Subject(name, entries, asked, {"e0": ("e1",)})


SUBJECTS = [subject("花"), subject("本"), subject("靴")]


def plain(lesson: Lesson) -> tuple[object, ...]:
    return (lesson.view, lesson.documents, lesson.queries, lesson.right.tolist(), lesson.close.tolist())


def test_every_question_comes_once_an_epoch_beside_another_shop() -> None:
    timetable = ShopLessons(SUBJECTS, seed=3)
    lessons = [timetable.lesson(step) for step in range(4)]
    first = Counter(
        query for lesson in lessons[:2] for query in lesson.queries
    )  # three portions: two lessons
    assert set(first.values()) == {1}
    assert len(first) == 120
    assert [len(lesson.documents) for lesson in lessons] == [4, 2, 4, 2]
    assert {lesson.view for lesson in lessons} == {"entry", "passage"}
    assert [lesson.queries for lesson in lessons[:2]] != [lesson.queries for lesson in lessons[2:]]


def test_a_shop_is_never_beside_itself() -> None:
    timetable = ShopLessons([subject("花", 300), subject("本", 100)], seed=0)
    for step in range(20):
        documents = timetable.lesson(step).documents
        assert len(set(documents)) == len(documents), step


def test_a_step_has_the_same_lesson_in_every_run() -> None:
    timetable = ShopLessons(SUBJECTS, seed=3)
    forward = [plain(timetable.lesson(step)) for step in range(6)]
    assert [plain(timetable.lesson(step)) for step in reversed(range(6))] == forward[::-1]
    assert plain(ShopLessons(SUBJECTS, seed=3).lesson(5)) == forward[5]
    assert plain(ShopLessons(SUBJECTS, seed=4).lesson(5)) != forward[5]
    assert ShopLessons(SUBJECTS, 3).digest != ShopLessons(SUBJECTS, 4).digest
    assert ShopLessons(SUBJECTS, 3).digest != ShopLessons(SUBJECTS[:2], 3).digest


def test_right_and_look_alike_are_marked_within_a_shop() -> None:
    lesson = next(
        found for found in map(ShopLessons(SUBJECTS, 0).lesson, range(2)) if len(found.documents) == 4
    )
    owners = [document.partition("-")[0] for document in lesson.documents]
    for query, right, close in zip(lesson.queries, lesson.right, lesson.close, strict=True):
        name, _, number = query.partition(" ")
        wanted = owners.index(name) + int(number) % 2
        assert np.flatnonzero(right).tolist() == [wanted]
        assert np.flatnonzero(close).tolist() == ([wanted + 1] if int(number) % 2 == 0 else [])


def test_no_document_holds_the_querys_own_words() -> None:
    from random import Random

    entries = (entry("甲", "甲の別の言い方"), entry("乙"))
    asked = (Asked("甲の質問", frozenset(["甲"]), japanese=False),)
    shop = Subject("店", entries, asked, {})
    for seed in range(10):
        seen = lesson_of([Portion(shop, entries, asked)], "entry", Random(seed))
        assert seen.documents == ("甲の別の言い方", "乙の質問")
    seen = lesson_of([Portion(shop, entries, asked)], "passage", Random(0))
    assert seen.documents == ("甲の答え", passage(entries[1]))


def test_some_questions_are_respelled_in_kana() -> None:
    assert in_kana("送料はいくらですか") == "そうりょうはいくらですか"
    asked = tuple(Asked(f"送料 {n}", frozenset(["e0"])) for n in range(400))
    foreign = tuple(Asked(f"料金 {n}", frozenset(["e0"]), japanese=False) for n in range(400))
    shop = Subject("店", (Entry("e0", "問", "答"),), asked + foreign, {})
    typed = [query for step in range(11) for query in ShopLessons([shop], 0).lesson(step).queries]
    assert 8 <= sum("そうりょう" in query for query in typed) <= 80
    assert sum("料金" in query for query in typed) > 150
    assert not any("りょうきん" in query for query in typed)


CORPUS = tuple(entry(f"e{n}", *(f"e{n}の{way}" for way in ("いろは", "にほへ", "とちり"))) for n in range(60))
NEAR = np.array([[(n + 1 + k) % 60 for k in range(8)] for n in range(60)])


def test_what_is_held_out_is_in_no_lesson() -> None:
    own = own_of(CORPUS, [Pair("誰かが打った言葉", "e7")], NEAR)
    held = {asked.text for asked in own.exam.asked}
    assert 20 <= len(held) <= 55
    lessons = OwnLessons(own.learning, NEAR, 0)
    seen = [lessons.lesson(step) for step in range(2 * lessons.epoch)]
    for lesson in seen:
        assert held.isdisjoint(lesson.queries)
        assert held.isdisjoint(lesson.documents)
    assert held.isdisjoint(way for e in own.exam.entries for way in e.questions)
    again = own_of(
        [*CORPUS, entry("新", "新しいもの")], [Pair("誰かが打った言葉", "e7")], np.vstack([NEAR, NEAR[:1]])
    )
    assert {asked.text for asked in again.exam.asked} - {"新しいもの"} == held


def test_each_lesson_has_what_is_asked_and_something_near_it() -> None:
    own = own_of(CORPUS, [], NEAR)
    lessons = OwnLessons(own.learning, NEAR, 0)
    for step in range(lessons.epoch):
        lesson = lessons.lesson(step)
        assert lesson.right.any(axis=1).all()
        assert len(lesson.documents) > lesson.right.any(axis=0).sum()
        assert lesson.close.any()
        assert not (lesson.right & lesson.close).any()
    assert plain(lessons.lesson(1)) == plain(OwnLessons(own.learning, NEAR, 0).lesson(1))


def test_a_question_is_asked_itself_of_answers_alone() -> None:
    single = (*CORPUS, entry("単独"))
    near = np.vstack([NEAR, NEAR[:1]])
    lessons = OwnLessons(own_of(single, [], near).learning, near, 0)
    asked = [lessons.lesson(step) for step in range(4 * lessons.epoch)]
    views = {lesson.view for lesson in asked if "単独の質問" in lesson.queries}
    assert views == {"passage"}  # in "entry" it would be compared with itself
    for lesson in asked:
        if "単独の質問" in lesson.queries:
            row = lesson.right[lesson.queries.index("単独の質問")]
            assert [lesson.documents[place] for place in np.flatnonzero(row)] == ["単独の答え"]


def test_entries_with_the_same_answer_are_both_right() -> None:
    twins = (*CORPUS, entry("写し", "写しの言い方", answer="e0の答え"))
    own = own_of(twins, [], np.vstack([NEAR, NEAR[:1]]))
    found = {asked.text: asked.entries for asked in (*own.learning.asked, *own.exam.asked)}
    assert found["写しの言い方"] == {"写し", "e0"}
    assert found["e1の質問"] == {"e1"}


def test_too_few_ways_to_ask_are_refused() -> None:
    few = tuple(entry(f"e{n}", "同じ言い方") for n in range(300))
    with pytest.raises(
        TrainRefused, match=r"300 entries have 1 ways to ask.*--pairs FILE.*nothing was changed"
    ):
        own_of(few, [Pair("知らない先", "gone"), Pair(" ", "e1"), Pair("e5の質問", "e5")], NEAR)


def test_the_nearest_are_found_without_oneself() -> None:
    angles = np.array([0, 0.1, 0.3, 2.0, 2.2])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert nearest(vectors).tolist() == [[1, 2, 3, 4], [0, 2, 3, 4], [1, 0, 3, 4], [4, 2, 1, 0], [3, 2, 1, 0]]
    assert nearest(vectors[:1]).shape == (1, 0)


def test_an_exams_pool_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXAM", 5)
    monkeypatch.setattr(module, "POOL", 20)
    own = own_of(CORPUS, [], NEAR)
    assert (len(own.exam.asked), len(own.exam.entries)) == (5, 20)
    assert {name for asked in own.exam.asked for name in asked.entries} <= {e.id for e in own.exam.entries}


def test_subjects_come_from_shop_files_and_labelled_corpora(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("# 店\n== x\nQ 問い\nA 答え\np 訊く\ne ask\n", "utf-8")
    assert [s.asked for s in read_subjects(tmp_path)] == [
        (Asked("訊く", frozenset(["x"])), Asked("ask", frozenset(["x"]), japanese=False))
    ]
    assert read_subjects(tmp_path / "a.txt")[0].name == "a"
    home = tmp_path / "kind"
    home.mkdir()
    (home / "corpus.jsonl").write_text('{"id":"x","question":"問い","answer":"答え"}\n', "utf-8")
    (home / "queries.jsonl").write_text('{"text":"訊く","entry":"x","also":[]}\n', "utf-8")
    assert read_subjects(home)[0].asked == (Asked("訊く", frozenset(["x"])),)
    (home / "queries.jsonl").write_text(
        '{"text":"訊く","entry":"x"}\n\n{"text":"訊く","entry":"y"}\n', "utf-8"
    )
    with pytest.raises(TrainRefused, match=r"queries\.jsonl:3"):
        read_subjects(home)
    with pytest.raises(TrainRefused, match="no shop file"):
        read_subjects(tmp_path / "gone")


def test_one_shop_of_twelve_is_held_out() -> None:
    shops = [subject(f"店{n}", 2) for n in range(25)]
    learning, exams = split(shops)
    assert (len(learning), len(exams)) == (23, 2)
    assert {s.name for s in learning} | {s.name for s in exams} == {s.name for s in shops}
    assert split(shops[::-1])[1] == exams[::-1]
    with pytest.raises(TrainRefused, match="--dev"):
        split(shops[:2])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", ":2: not JSON"),
        ("[1]", ":2: not an object"),
        ('{"text": "何か"}', ":2: entry: must be a text"),
        ('{"text": " ", "entry": "e1"}', ":2: text: must be a text"),
        ('{"text": "何か", "entry": "e9"}', ":2: entry: there is no entry 'e9'"),
    ],
)
def test_a_bad_pair_is_named_by_line_and_field(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(json.dumps({"text": "良い", "entry": "e1"}) + "\n" + line + "\n", "utf-8")
    with pytest.raises(TrainRefused, match=re.escape(f"{file}{said}")):
        read_pairs(file, {"e1"})
    file.write_text(json.dumps({"text": " 良い ", "entry": "e1"}) + "\n\n", "utf-8")
    assert read_pairs(file, {"e1"}) == [Pair("良い", "e1")]
    with pytest.raises(TrainRefused, match="cannot be read"):
        read_pairs(tmp_path / "gone", {"e1"})
