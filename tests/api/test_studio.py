"""The studio over HTTP: write, try, import, publish, go back, proposals; and the loop that closes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bot.words import say
from tests.api.served import CORPUS, WAIT, House, serving
from tests.api.test_small_print import is_problem

ENTRY = {
    "id": "gift-001",
    "question": "ギフト包装はできますか",
    "answer": "330円で承ります。",
    "variants": ["包んでほしい"],
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving(tmp_path_factory.mktemp("studio")) as running:
        yield running


@pytest.fixture
def editor(house: House) -> httpx.Client:
    return house.staff("ito@example.jp").client


def published(editor: httpx.Client, **body: Any) -> dict[str, Any]:
    begun = editor.post("/v1/releases", json=body)
    assert begun.status_code == 202, begun.text
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        told = editor.get("/v1/releases").json()
        if told["publishing"]["state"] != "building":
            return told
        time.sleep(0.02)
    raise AssertionError("publishing did not end")


def test_entries_are_listed_by_category_state_and_text(editor: httpx.Client) -> None:
    told = editor.get("/v1/entries").json()
    assert [entry["id"] for entry in told["entries"]] == sorted(entry.id for entry in CORPUS)
    assert {"name": "返品", "count": 2} in told["categories"]
    assert {entry["state"] for entry in told["entries"]} == {"live"}
    assert [e["id"] for e in editor.get("/v1/entries", params={"category": "配送"}).json()["entries"]] == [
        "ship-001"
    ]
    assert editor.get("/v1/entries", params={"state": "draft"}).json()["entries"] == []
    assert [e["id"] for e in editor.get("/v1/entries", params={"text": "返金"}).json()["entries"]] == [
        "return-002"
    ]
    after = editor.get("/v1/entries", params={"after": "return-001"}).json()["entries"]
    assert [e["id"] for e in after] == ["return-002", "ship-001"]
    is_problem(editor.get("/v1/entries", params={"state": "x"}), 422, "invalid", "state")


def test_searching_shows_hits_with_their_parts(editor: httpx.Client) -> None:
    hits = editor.post("/v1/entries/search", json={"text": "送料"}).json()["hits"]
    assert hits[0]["entry"] == "ship-001" and hits[0]["answer"] and hits[0]["parts"]


def test_an_edit_from_an_old_revision_is_refused_with_what_is_there_now(editor: httpx.Client) -> None:
    made = editor.post("/v1/entries", json=ENTRY)
    assert made.status_code == 201
    assert (made.json()["revision"], made.json()["state"], made.json()["live_revision"]) == (1, "draft", None)
    is_problem(editor.post("/v1/entries", json=ENTRY), 409, "conflict", "id")
    fields = {key: value for key, value in ENTRY.items() if key != "id"}
    changed = editor.put(
        "/v1/entries/gift-001", json=fields | {"answer": "無料です。", "revision": 1, "why": "改定"}
    )
    assert changed.status_code == 200 and changed.json()["revision"] == 2
    stale = editor.put("/v1/entries/gift-001", json=fields | {"answer": "別", "revision": 1})
    body = is_problem(stale, 409, "edit_conflict")
    assert body["current"]["answer"] == "無料です。"
    history = editor.get("/v1/entries/gift-001").json()["history"]
    assert [(past["revision"], past["by"], past["why"]) for past in history] == [
        (2, "伊藤", "改定"),
        (1, "伊藤", None),
    ]
    wrong = editor.put(
        "/v1/entries/gift-001",
        json=fields | {"revision": 2, "valid_from": "2026-08-01", "valid_until": "2026-07-01"},
    )
    is_problem(wrong, 422, "invalid", "valid_until")
    gone = editor.delete("/v1/entries/gift-001", params={"revision": 2})
    assert gone.status_code == 204


def test_trying_shows_the_draft_and_the_live_release_side_by_side(editor: httpx.Client) -> None:
    entry = ENTRY | {"id": "gift-002"}
    editor.post("/v1/entries", json=entry)
    told = editor.post("/v1/entries/try", json={"text": "ギフト包装はできますか"}).json()
    assert (told["draft"]["kind"], told["draft"]["entry"]) == ("answer", "gift-002")
    assert told["live"]["entry"] != "gift-002"
    editor.delete("/v1/entries/gift-002", params={"revision": 1})


@pytest.mark.parametrize(("locale", "spoken"), [("zh-CN", "zh"), ("ko", "ko"), ("en_US", "en"), ("fr", "ja")])
def test_trying_in_a_language_is_answered_in_it(editor: httpx.Client, locale: str, spoken: str) -> None:
    told = editor.post("/v1/entries/try", json={"text": "12345", "locale": locale}).json()
    for each in ("draft", "live"):
        assert (told[each]["kind"], told[each]["text"]) == ("decline", say("decline", spoken))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (
            "application/x-ndjson",
            '{"id":"imp-1","question":"領収書はもらえますか","answer":"マイページから発行できます。"}\n',
        ),
        ("text/csv", "id,question,answer\nimp-2,電話はありますか,ございません。\n"),
        ("text/csv", "id,質問,回答\nimp-3,店はどこですか,京都です。\n".encode("cp932")),
    ],
)
def test_a_corpus_file_is_taken_into_the_draft(editor: httpx.Client, kind: str, data: Any) -> None:
    content = data if isinstance(data, bytes) else data.encode()
    taken = editor.post("/v1/imports", content=content, headers={"Content-Type": kind})
    assert taken.status_code == 200, taken.text
    assert (taken.json()["added"], taken.json()["changed"]) == (1, 0)
    again = editor.post("/v1/imports", content=content, headers={"Content-Type": kind})
    assert (again.json()["added"], again.json()["unchanged"]) == (0, 1)


def test_a_form_with_a_file_is_taken_too(editor: httpx.Client) -> None:
    file = ("corpus.jsonl", b'{"id":"imp-4","question":"a b","answer":"c"}\n')
    assert editor.post("/v1/imports", files={"file": file}).json()["added"] == 1


def test_a_broken_corpus_names_line_and_field_and_imports_nothing(editor: httpx.Client) -> None:
    data = '{"id":"ok-1","question":"a","answer":"b"}\n{"id":"bad-1","question":"a"}\n'
    answer = editor.post("/v1/imports", content=data, headers={"Content-Type": "application/x-ndjson"})
    body = is_problem(answer, 422, "corpus_invalid", "answer")
    assert body["problems"][0]["line"] == 2
    assert editor.get("/v1/entries/ok-1").status_code == 404


def test_an_import_of_more_than_50_mb_is_413_without_reading_it_all(
    editor: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api import studio

    monkeypatch.setattr(studio, "IMPORT", 1000)
    answer = editor.post("/v1/imports", content=b"a" * 5000, headers={"Content-Type": "text/csv"})
    is_problem(answer, 413, "too_large")


def test_an_import_needs_the_session_before_the_file(house: House) -> None:
    answer = house.client().post("/v1/imports", content=b"a" * 100_000, headers={"Content-Type": "text/csv"})
    is_problem(answer, 401, "not_signed_in")


def test_publish_makes_the_draft_live_and_rollback_takes_it_back(house: House, editor: httpx.Client) -> None:
    before = published(editor)["live"]
    entry = ENTRY | {"id": "gift-003"}
    editor.post("/v1/entries", json=entry)
    assert editor.get("/v1/releases").json()["changes"] == 1
    told = published(editor, note="ギフト")
    assert told["publishing"]["state"] == "done", told
    assert told["changes"] == 0
    live = told["live"]
    assert live != before
    newest = told["releases"][0]
    assert (newest["id"], newest["state"], newest["by"], newest["note"]) == (live, "live", "伊藤", "ギフト")
    assert newest["check"]["asked"] > 0
    shopper = house.shopper()
    assert shopper.answered(shopper.say("ギフト包装はできますか"))["body"]["entry"] == "gift-003"
    back = editor.post(f"/v1/releases/{before}/rollback", json={})
    assert back.status_code == 200 and back.json()["state"] == "live"
    assert shopper.answered(shopper.say("ギフト包装はできますか"))["body"].get("entry") != "gift-003"
    failed = next((r for r in told["releases"] if r["state"] == "failed"), None)
    if failed:
        assert editor.post(f"/v1/releases/{failed['id']}/rollback", json={}).status_code == 409


PROPOSAL = {
    "kind": "new",
    "entry": None,
    "question": "古い包丁を引き取ってもらえますか",
    "answer": "店頭で無料でお引き取りします。",
    "evidence": ["t1", "t2"],
    "conversations": 2,
    "reasons": ["2件の会話で同じ案内をした"],
}


def test_an_accepted_proposal_goes_into_the_draft_and_is_answered_after_publishing(
    house: House, editor: httpx.Client
) -> None:
    """The loop closes."""
    shopper = house.shopper()
    seq = shopper.say("古い包丁を引き取ってもらえますか")
    assert shopper.answered(seq)["body"].get("entry") is None
    assert house.parts.drafts.propose([PROPOSAL]) == 1
    assert house.parts.drafts.propose([PROPOSAL]) == 0  # the same is not proposed twice
    [proposal] = editor.get("/v1/proposals").json()["proposals"]
    assert proposal["evidence"] == ["t1", "t2"] and proposal["state"] == "open"
    accepted = editor.post(f"/v1/proposals/{proposal['id']}/accept", json={})
    assert accepted.status_code == 200
    assert accepted.json()["state"] == "accepted" and accepted.json()["decided_by"] == "伊藤"
    entry = accepted.json()["draft"]["id"]
    is_problem(editor.post(f"/v1/proposals/{proposal['id']}/accept", json={}), 409, "proposal_decided")
    published(editor)
    again = shopper.answered(shopper.say("古い包丁を引き取ってもらえますか"))
    assert again["body"]["entry"] == entry
    assert PROPOSAL["answer"] in again["body"]["text"]


def test_variants_corrections_and_retirements_change_their_entry(house: House, editor: httpx.Client) -> None:
    more = {"evidence": ["t1", "t2"], "conversations": 2, "reasons": []}
    kinds = ("variant", "correction", "retirement")
    house.parts.drafts.propose(
        {"kind": kind, "entry": "pay-001", "question": "PayPayは使えますか", "answer": "使えます。", **more}
        for kind in kinds
    )
    found = {p["kind"]: p for p in editor.get("/v1/proposals").json()["proposals"] if p["entry"] == "pay-001"}
    assert found["variant"]["current"]["id"] == "pay-001"
    editor.post(f"/v1/proposals/{found['variant']['id']}/accept", json={})
    editor.post(f"/v1/proposals/{found['correction']['id']}/accept", json={"answer": "はい、使えます。"})
    entry = editor.get("/v1/entries/pay-001").json()
    assert "PayPayは使えますか" in entry["variants"] and entry["answer"] == "はい、使えます。"
    rejected = editor.post(f"/v1/proposals/{found['retirement']['id']}/reject", json={"reason": "まだ要る"})
    assert (rejected.json()["state"], rejected.json()["reason"]) == ("rejected", "まだ要る")
    is_problem(
        editor.post(f"/v1/proposals/{found['retirement']['id']}/reject", json={}), 422, "invalid", "reason"
    )


def test_statistics_count_what_the_log_holds(house: House) -> None:
    lead = house.staff("tanaka@example.jp").client
    before = lead.get("/v1/statistics").json()
    shopper = house.shopper()
    answer = shopper.answered(shopper.say("送料っていくら？"))
    shopper.act("feedback", seq=answer["seq"], helpful=True)
    shopper.act("rating", score=4)
    after = lead.get("/v1/statistics").json()
    for name in ("conversations", "turns", "answered", "helpful"):
        assert after[name] == before[name] + 1, name
    assert after["ratings"]["n"] == before["ratings"]["n"] + 1
    assert after["days"][-1]["answered"] == before["days"][-1]["answered"] + 1
    assert len(after["days"]) == 30
    old = lead.get("/v1/statistics", params={"from": "2020-01-01", "to": "2020-01-31"}).json()
    assert (old["conversations"], len(old["days"])) == (0, 31)
    for params in ({"from": "x"}, {"to": "2026-13-01"}, {"from": "2026-02-01", "to": "2026-01-01"}):
        assert lead.get("/v1/statistics", params=params).status_code == 422


def test_exported_transcripts_are_masked_lines_of_what_the_shopper_saw(house: House) -> None:
    shopper = house.shopper()
    shopper.answered(shopper.say("山田太郎です。電話は090-1234-5678です。送料っていくら？"))
    answer = house.staff("tanaka@example.jp").client.get("/v1/export/transcripts")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    own = next(line for line in lines if line["id"] == shopper.id)
    assert [message["from"] for message in own["messages"]] == ["bot", "shopper", "bot"]
    assert set(own["messages"][0]) == {"from", "text", "at"}
    assert "090-1234-5678" not in answer.text and "太郎" not in answer.text


def test_an_erased_chat_is_evidence_no_more(house: House) -> None:
    drafts = house.parts.drafts
    drafts.propose(
        [
            PROPOSAL | {"question": "a", "evidence": ["c_9", "c_8"]},
            PROPOSAL | {"question": "b", "evidence": ["c_9", "c_8", "c_7"], "conversations": 3},
        ]
    )
    drafts.forget("c_9")
    kept = {p["question"]: p for p in drafts.proposed("open")}
    assert "a" not in kept
    assert (kept["b"]["evidence"], kept["b"]["conversations"]) == (["c_8", "c_7"], 2)
