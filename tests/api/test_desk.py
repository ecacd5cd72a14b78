"""The desk over HTTP: sign-in, the queue, taking, writing, handing on, and one stream of all one may see."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.served import PASSWORD, House, Shopper, Staff, Stream, new_id
from tests.api.test_small_print import is_problem, vouch

COOKIE = "toritsugi_session"


@pytest.fixture
def sato(house: House) -> Iterator[Staff]:
    staff = house.staff("sato@example.jp")
    staff.available()
    yield staff
    staff.available("away")


@pytest.fixture
def suzuki(house: House) -> Staff:
    return house.staff("suzuki@example.jp")


@pytest.fixture
def tanaka(house: House) -> Staff:
    return house.staff("tanaka@example.jp")


def queued(house: House, **opening: str) -> Shopper:
    shopper = house.shopper(**opening)
    assert shopper.act("handover").status_code == 200
    assert shopper.page()["messages"][-1]["type"] == "queued"
    return shopper


def test_a_wrong_password_and_an_unknown_account_look_the_same(house: House) -> None:
    for email in ("sato@example.jp", "nobody@example.jp"):
        answer = house.client().post("/v1/session", json={"email": email, "password": "wrong-password"})
        body = is_problem(answer, 401, "bad_credentials")
        assert email not in answer.text and body["detail"]
        assert COOKIE not in answer.cookies


def test_signing_in_rotates_the_session_and_signing_out_ends_it(house: House) -> None:
    client = house.client()
    is_problem(client.get("/v1/session"), 401, "not_signed_in")
    credentials = {"email": " SATO@example.jp", "password": PASSWORD}
    first = client.post("/v1/session", json=credentials)
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
    old = client.cookies[COOKIE]
    client.post("/v1/session", json=credentials)
    assert client.cookies[COOKIE] != old
    assert house.client(cookies={COOKIE: old}).get("/v1/session").status_code == 401
    shown = client.get("/v1/session").json()
    assert shown["user"]["name"] == "佐藤" and shown["csrf"]
    is_problem(client.delete("/v1/session"), 403, "csrf_failed")
    done = client.delete("/v1/session", headers={"X-CSRF-Token": shown["csrf"]})
    assert (done.status_code, done.content) == (204, b"")
    assert client.get("/v1/session").status_code == 401


def test_a_write_without_the_csrf_token_is_403(house: House, sato: Staff) -> None:
    del sato.client.headers["X-CSRF-Token"]
    is_problem(sato.client.put("/v1/desk/me", json={"state": "away"}), 403, "csrf_failed")
    is_problem(sato.act("c_x", "claim"), 403, "csrf_failed")
    bad = sato.client.put("/v1/desk/me", json={"state": "away"}, headers={"X-CSRF-Token": "x"})
    is_problem(bad, 403, "csrf_failed")
    sato.client.headers["X-CSRF-Token"] = sato.client.get("/v1/session").json()["csrf"]


def test_my_state_is_one_of_three(sato: Staff) -> None:
    assert sato.client.put("/v1/desk/me", json={"state": "wrapup", "reason": "記録"}).json()["me"] == {
        "id": sato.user["id"],
        "name": "佐藤",
        "role": "agent",
        "state": "wrapup",
        "reason": "記録",
        "desks": [],
    }
    is_problem(sato.client.put("/v1/desk/me", json={"state": "asleep"}), 422, "invalid", "state")


def test_two_agents_claim_and_one_gets_it(house: House, sato: Staff, suzuki: Staff) -> None:
    shopper = queued(house)
    first = sato.act(shopper.id, "claim")
    assert first.status_code == 200
    again = sato.act(shopper.id, "claim")
    assert (again.status_code, again.json()) == (200, first.json())
    is_problem(suzuki.act(shopper.id, "claim"), 409, "already_owned")
    sato.act(shopper.id, "close")
    is_problem(suzuki.act(shopper.id, "claim"), 409, "closed")


def test_writing_without_owning_is_409_not_owner(house: House, sato: Staff, suzuki: Staff) -> None:
    shopper = queued(house)
    for who in (sato, suzuki):
        is_problem(who.act(shopper.id, "messages", text="a"), 409, "not_owner")
    sato.act(shopper.id, "claim")
    for act, body in (
        ("messages", {"text": "a"}),
        ("release", {}),
        ("return", {}),
        ("transfer", {"to": "supervisor"}),
        ("hold", {}),
        ("close", {}),
    ):
        is_problem(suzuki.act(shopper.id, act, **body), 409, "not_owner")
    sato.act(shopper.id, "close")
    is_problem(sato.act(shopper.id, "messages", text="a"), 409, "closed")


def test_a_repeated_write_gives_its_first_result(house: House, sato: Staff) -> None:
    shopper = queued(house)
    sato.act(shopper.id, "claim")
    path, body = f"/v1/desk/conversations/{shopper.id}/messages", {"client_id": "b1", "text": "承ります"}
    first, again = sato.client.post(path, json=body), sato.client.post(path, json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = sato.client.post(path, json=body | {"text": "別"})
    is_problem(other, 409, "client_id_reused")
    sato.act(shopper.id, "close")


def test_release_goes_to_the_front_with_the_same_ticket(house: House, sato: Staff) -> None:
    first, second = queued(house), queued(house)
    ticket = first.page()["messages"][-1]["body"]["ticket"]
    sato.act(second.id, "claim")
    sato.act(second.id, "release", reason="用事")
    events = second.page()["messages"][-2:]
    assert [e["type"] for e in events] == ["released", "queued"]
    assert events[1]["body"]["ticket"] != ticket and events[1]["body"]["position"] == 1
    order = [row["conversation"] for row in sato.client.get("/v1/desk").json()["queue"]]
    assert order.index(second.id) < order.index(first.id)
    for chat in (first, second):
        sato.act(chat.id, "claim")
        sato.act(chat.id, "close")


def test_return_gives_the_chat_back_to_the_bot_which_answers_what_was_left(house: House, sato: Staff) -> None:
    shopper = queued(house)
    seq = shopper.say("送料っていくら？")
    sato.act(shopper.id, "claim")
    assert sato.act(shopper.id, "return").status_code == 200
    assert shopper.answered(seq)["body"]["entry"] == "ship-001"


def test_transfer_to_a_colleague_a_desk_or_a_supervisor(house: House, sato: Staff, suzuki: Staff) -> None:
    shopper = queued(house)
    sato.act(shopper.id, "claim")
    is_problem(sato.act(shopper.id, "transfer", to="u_nobody"), 422, "invalid", "to")
    is_problem(sato.act(shopper.id, "transfer", to="いろは"), 422, "invalid", "to")
    assert sato.act(shopper.id, "transfer", to=suzuki.user["id"]).status_code == 200
    assert suzuki.act(shopper.id, "messages", text="鈴木です").status_code == 201
    assert suzuki.act(shopper.id, "transfer", to="desk:returns").status_code == 200
    assert shopper.page()["messages"][-1]["type"] == "queued"
    sato.act(shopper.id, "claim")
    assert sato.act(shopper.id, "transfer", to="supervisor").status_code == 200
    tanaka = house.staff("tanaka@example.jp")
    assert tanaka.act(shopper.id, "claim").status_code == 200
    tanaka.act(shopper.id, "close")


def test_a_supervisor_steps_into_a_chat_that_the_bot_owns_and_an_agent_does_not(
    house: House, sato: Staff, tanaka: Staff
) -> None:
    shopper = house.shopper()
    path = f"/v1/desk/conversations/{shopper.id}"
    is_problem(sato.client.get(path), 404, "not_found")
    is_problem(sato.act(shopper.id, "claim"), 404, "not_found")
    is_problem(sato.act(shopper.id, "notes", text="a"), 404, "not_found")
    assert tanaka.client.get(path).status_code == 200
    assert tanaka.act(shopper.id, "claim").status_code == 200
    assert shopper.page()["messages"][-1]["type"] == "assigned"
    tanaka.act(shopper.id, "close")


def test_one_chat_with_all_that_was_said_and_decided(house: House, sato: Staff) -> None:
    shopper = house.shopper(customer=vouch(sub="cust-7", name="花子"))
    shopper.answered(shopper.say("送料っていくら？"))
    shopper.act("handover")
    sato.act(shopper.id, "claim")
    sato.act(shopper.id, "notes", text="お得意様")
    shown = sato.client.get(f"/v1/desk/conversations/{shopper.id}").json()
    assert shown["conversation"] == shopper.id
    seqs = [event["seq"] for event in shown["events"]]
    assert seqs == list(range(1, len(seqs) + 1))
    assert [event["prev"] for event in shown["events"]] == list(range(len(seqs)))
    assert {"decided", "note"} <= {event["type"] for event in shown["events"]}
    assert shown["customer"] == {"id": "cust-7", "name": "花子", "past": []}
    decision = shown["decision"]
    assert decision["kind"] == "answer" and decision["entry"] == "ship-001"
    assert decision["hits"][0]["entry"] == "ship-001" and 0 < decision["confidence"] <= 1
    assert {"mood", "wish", "reasons", "release", "policy", "ms"} <= decision.keys()
    sato.act(shopper.id, "close")
    assert sato.client.get(f"/v1/desk/conversations/{shopper.id}").status_code == 200  # an own chat


def test_an_agent_sees_the_past_of_the_same_customer_and_nobody_elses(
    house: House, sato: Staff, suzuki: Staff
) -> None:
    token = {"customer": vouch(sub="cust-9")}
    past, other = house.shopper(**token), house.shopper(customer=vouch(sub="cust-10"))
    past.act("close")
    other.act("close")
    now = queued(house, **token)
    is_problem(sato.client.get(f"/v1/desk/conversations/{past.id}"), 404, "not_found")
    sato.act(now.id, "claim")
    shown = sato.client.get(f"/v1/desk/conversations/{now.id}").json()
    assert [chat["conversation"] for chat in shown["customer"]["past"]] == [past.id]
    assert sato.client.get(f"/v1/desk/conversations/{past.id}").status_code == 200
    is_problem(sato.client.get(f"/v1/desk/conversations/{other.id}"), 404, "not_found")
    is_problem(suzuki.client.get(f"/v1/desk/conversations/{past.id}"), 404, "not_found")
    is_problem(suzuki.client.get(f"/v1/desk/conversations/{now.id}"), 404, "not_found")
    sato.act(now.id, "close")


def test_the_desk_stream_starts_now_and_shows_what_one_may_see(
    house: House, sato: Staff, suzuki: Staff
) -> None:
    before = house.shopper()
    mine, theirs = Stream(sato.client, "/v1/desk/events"), Stream(suzuki.client, "/v1/desk/events")
    position = sato.client.get("/v1/desk").json()["position"]
    before.say("これは見えない")
    shopper = queued(house)
    frame = mine.next("queued")
    assert frame["data"]["conversation"] == shopper.id
    assert frame["id"] == str(frame["data"]["position"]) and int(frame["id"]) > position
    sato.act(shopper.id, "claim")
    shopper.say("佐藤さんだけに")
    sato.act(shopper.id, "notes", text="メモ")
    assert mine.next("note")["data"]["body"] == {"text": "メモ"}
    assert theirs.next("assigned")["data"]["conversation"] == shopper.id  # it left the queue
    other = queued(house)
    assert theirs.next("queued")["data"]["conversation"] == other.id
    seen = {frame["data"].get("body", {}).get("text") for frame in theirs.seen}
    assert "佐藤さんだけに" not in seen and "メモ" not in seen and "これは見えない" not in seen
    assert "佐藤さんだけに" in {frame["data"]["body"].get("text") for frame in mine.seen}
    for chat in (shopper, other):
        sato.act(chat.id, "claim")
        sato.act(chat.id, "close")


def test_the_desk_stream_goes_on_from_a_position_without_gap_or_double(house: House, sato: Staff) -> None:
    shopper = queued(house)
    sato.act(shopper.id, "claim")
    start = sato.client.get("/v1/desk").json()["position"]
    live = Stream(sato.client, "/v1/desk/events")
    for n in range(5):
        shopper.say(f"その{n}")
    sato.act(shopper.id, "close")
    live.next("closed")
    expected = [frame["id"] for frame in live.seen]
    for how in ({"params": {"after": start}}, {"headers": {"Last-Event-ID": str(start)}}):
        again = Stream(sato.client, "/v1/desk/events", **how)
        again.next("closed")
        assert [frame["id"] for frame in again.seen] == expected


def test_a_supervisor_streams_every_chat(house: House, tanaka: Staff) -> None:
    stream = Stream(tanaka.client, "/v1/desk/events")
    shopper = house.shopper()
    shopper.say("送料っていくら？")
    types = ["opened", "message", "message", "decided", "message"]
    assert [stream.next()["event"] for _ in types] == types
    assert {frame["data"]["conversation"] for frame in stream.seen} == {shopper.id}


def test_a_disabled_account_is_out_at_once(house: House) -> None:
    house.parts.users.add("temp@example.jp", "仮", "agent", PASSWORD)
    temp = house.staff("temp@example.jp")
    assert temp.client.get("/v1/session").status_code == 200
    house.parts.users.disable("temp@example.jp")
    is_problem(temp.client.get("/v1/session"), 401, "not_signed_in")
    answer = house.client().post("/v1/session", json={"email": "temp@example.jp", "password": PASSWORD})
    is_problem(answer, 401, "bad_credentials")


def test_failed_sign_ins_are_limited_and_successful_ones_are_not(house: House) -> None:
    wrong = {"email": "guessed@example.jp", "password": "x" * 10}

    def guess() -> httpx.Response:
        return house.client().post("/v1/session", json=wrong)

    codes = [guess().status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    assert int(guess().headers["retry-after"]) >= 1
    assert house.staff("sato@example.jp").user["name"] == "佐藤"


def test_erasing_takes_the_words_away_and_voids_the_token(house: House) -> None:
    shopper = house.shopper()
    shopper.answered(shopper.say("送料っていくら？"))
    admin = house.staff("admin@example.jp")
    is_problem(house.staff("tanaka@example.jp").act(shopper.id, "erase"), 403, "forbidden")
    assert admin.act(shopper.id, "erase").status_code == 200
    shown = admin.client.get(f"/v1/desk/conversations/{shopper.id}").json()
    assert {str(event["body"]) for event in shown["events"][:-1]} == {"{}"}
    assert shown["events"][-1]["type"] == "erased"
    path = f"/v1/conversations/{shopper.id}/messages"
    is_problem(shopper.client.get(path), 404, "not_found")
    is_problem(shopper.client.post(path, json={"client_id": new_id(), "text": "a"}), 404, "not_found")
    assert shopper.id in (house.settings.data / "erased.jsonl").read_text()
