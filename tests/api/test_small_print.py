"""The contract's small print for shoppers, one sentence a test."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jwt
import pytest

from bot.conversation import SHOPPER, Rate
from bot.words import say
from tests.api.served import CUSTOMER_KEY, House, Stream, new_id

PROBLEM = {"type", "title", "status", "detail", "code"}


def is_problem(answer: httpx.Response, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.keys() >= PROBLEM
    assert (body["status"], body["code"], body.get("field")) == (status, code, field)
    return body


def test_no_token_is_401_and_a_wrong_or_foreign_one_is_404(house: House) -> None:
    mine, other = house.shopper(), house.shopper()
    path = f"/v1/conversations/{mine.id}/messages"
    is_problem(house.client().get(path), 401, "not_signed_in")
    for token in ("wrong", "t_0_wrong", "t_99_x", "あ", other.opened["token"]):
        answer = house.client().get(path, headers={"Authorization": f"Bearer {token}".encode()})
        is_problem(answer, 404, "not_found")
    unknown = house.client().get(
        "/v1/conversations/c_unknown/messages", headers={"Authorization": f"Bearer {mine.opened['token']}"}
    )
    is_problem(unknown, 404, "not_found")


def test_every_write_and_the_stream_ask_for_the_token(house: House) -> None:
    mine, other = house.shopper(), house.shopper()
    foreign = {"Authorization": f"Bearer {other.opened['token']}"}
    acts = ("messages", "handover", "return", "choose", "feedback", "rating", "contact", "close", "typing")
    for act in acts:
        path = f"/v1/conversations/{mine.id}/{act}"
        is_problem(house.client().post(path, json={}), 401, "not_signed_in")
        is_problem(house.client().post(path, json={}, headers=foreign), 404, "not_found")
    path = f"/v1/conversations/{mine.id}/events"
    is_problem(house.client().get(path), 401, "not_signed_in")
    is_problem(house.client().get(path, headers=foreign), 404, "not_found")


def test_an_unparsable_body_is_400(house: House) -> None:
    shopper = house.shopper()
    path, json_ = f"/v1/conversations/{shopper.id}/messages", {"Content-Type": "application/json"}
    for body in (b"{", b"", b"\xff\xfe\x00", b'{"client_id": "a", "text": "\xe3\x81"}', b"[" * 20_000):
        is_problem(shopper.client.post(path, content=body, headers=json_), 400, "malformed")


def test_another_content_type_is_415(house: House) -> None:
    shopper = house.shopper()
    path = f"/v1/conversations/{shopper.id}/messages"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = shopper.client.post(
            path, content=b'{"client_id":"a","text":"b"}', headers={"Content-Type": kind}
        )
        is_problem(answer, 415, "unsupported_media_type")
    ok = shopper.client.post(
        path,
        content=b'{"client_id":"a","text":"b"}',
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert ok.status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "a"}, "client_id"),
        ({"client_id": "", "text": "a"}, "client_id"),
        ({"client_id": "a b", "text": "a"}, "client_id"),
        ({"client_id": "a\n", "text": "a"}, "client_id"),
        ({"client_id": "a" * 65, "text": "a"}, "client_id"),
        ({"client_id": 7, "text": "a"}, "client_id"),
        ({"client_id": "a"}, "text"),
        ({"client_id": "a", "text": ""}, "text"),
        ({"client_id": "a", "text": " 　\n\t\u200b"}, "text"),
        ({"client_id": "a", "text": "a\0b"}, "text"),
        ({"client_id": "a", "text": "\ud800"}, "text"),
        ({"client_id": "a", "text": None}, "text"),
        ({"client_id": "a", "text": 5}, "text"),
        ({"client_id": "a", "text": ["a"]}, "text"),
        ({"client_id": "a", "text": "あ" * 4001}, "text"),
        ([], "body"),
        ("a", "body"),
        (None, "body"),
    ],
)
def test_a_wrong_shape_or_value_is_422_and_names_the_field(house: House, body: Any, field: str) -> None:
    shopper = house.shopper()
    answer = shopper.client.post(
        f"/v1/conversations/{shopper.id}/messages",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    is_problem(answer, 422, "invalid", field)


def test_what_was_typed_is_never_in_an_error(house: House) -> None:
    shopper = house.shopper()
    secret = "山田太郎-090-1234-5678"
    for body in ({"client_id": secret, "text": "a"}, {"client_id": "a", "text": [secret]}, {"text": secret}):
        answer = shopper.client.post(f"/v1/conversations/{shopper.id}/messages", json=body)
        assert answer.status_code == 422
        assert "山田" not in answer.text and "1234" not in answer.text
    assert "山田" not in house.client().get("/v1/山田").text


def test_a_character_is_a_code_point(house: House) -> None:
    shopper = house.shopper()
    assert shopper.act("messages", text="𠮷" * 4000).status_code == 201
    assert shopper.act("messages", text="𠮷" * 4001).status_code == 422


def test_odd_but_honest_text_is_taken_as_it_is(house: House) -> None:
    shopper = house.shopper()
    for text in (
        "ｿｳﾘｮｳ\u3000?",
        "مرحبا كم تكلفة الشحن",
        "e\u0301\u0302\u0303" * 50,
        "a\x07b\x1b[0m",
        "👨‍👩‍👧‍👦",
    ):
        seq = shopper.say(text)
        assert shopper.wait_for(lambda e, seq=seq: e["seq"] == seq)["body"] == {"text": text}


def test_more_than_64_kb_is_413_answered_before_all_is_read(house: House) -> None:
    shopper = house.shopper()
    path = f"/v1/conversations/{shopper.id}/messages"
    for size in (70_000, 1_000_000, 2_000_000):
        body = json.dumps({"client_id": "a", "text": "a" * size})
        answer = shopper.client.post(path, content=body, headers={"Content-Type": "application/json"})
        is_problem(answer, 413, "too_large")
        assert answer.headers["connection"] == "close"


def test_a_body_without_a_length_is_cut_at_64_kb_too(house: House) -> None:
    shopper = house.shopper()

    def chunks() -> Any:
        for _ in range(20):
            yield b"a" * 10_000

    answer = shopper.client.post(
        f"/v1/conversations/{shopper.id}/messages",
        content=chunks(),
        headers={"Content-Type": "application/json"},
    )
    is_problem(answer, 413, "too_large")


def test_413_comes_even_when_the_client_never_sends_the_rest(house: House) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(
            b"POST /v1/conversations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 900000\r\n\r\n{"
        )
        assert wire.recv(4096).startswith(b"HTTP/1.1 413")


def test_unknown_paths_are_404_and_other_methods_405_in_one_shape(house: House) -> None:
    client = house.client()
    for method, path in (
        ("GET", "/v1/nothing"),
        ("POST", "/v1/nothing"),
        ("GET", "/nothing.js"),
        ("PUT", "/x"),
    ):
        is_problem(client.request(method, path), 404, "not_found")
    for method, path in (("GET", "/v1/suggestions"), ("DELETE", "/health"), ("PATCH", "/v1/conversations")):
        answer = client.request(method, path)
        is_problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"]
    assert client.put("/v1/session").headers["allow"] == "DELETE, GET, POST"


def test_pages_go_on_from_a_seq_and_say_whether_more_is_there(house: House) -> None:
    shopper = house.shopper()
    seq = shopper.say("送料っていくら？")
    shopper.answered(seq)
    page = shopper.page()
    assert [e["seq"] for e in page["messages"]] == [1, 2, 3, 5]
    assert [e["prev"] for e in page["messages"]] == [0, 1, 2, 3]
    assert (page["seq"], page["more"]) == (5, False)
    assert shopper.page(5) == {"messages": [], "seq": 5, "more": False}
    assert shopper.page(99) == {"messages": [], "seq": 99, "more": False}
    assert [e["seq"] for e in shopper.page(2)["messages"]] == [3, 5]


def test_more_than_500_events_come_in_pages(house: House) -> None:
    shopper = house.shopper()
    log = house.parts.log
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: log.append(shopper.id, Rate(n % 5 + 1), SHOPPER), range(510)))
    first = shopper.page()
    assert (len(first["messages"]), first["more"]) == (500, True)
    rest = shopper.page(first["seq"])
    assert (len(rest["messages"]), rest["more"]) == (12, False)
    stream = Stream(shopper.client, f"/v1/conversations/{shopper.id}/events")
    assert [stream.next()["id"] for _ in range(512)] == [str(n) for n in range(1, 513)]


@pytest.mark.parametrize("after", ["abc", "-1", "1.5", "", "99999999999999999999", "1_0", " 1", "０"])
def test_an_after_that_is_no_number_is_422(house: House, after: str) -> None:
    shopper = house.shopper()
    for what in ("messages", "events"):
        answer = shopper.client.get(f"/v1/conversations/{shopper.id}/{what}", params={"after": after})
        is_problem(answer, 422, "invalid", "after")


def test_a_stream_without_cursor_starts_at_0_and_after_wins_over_last_event_id(house: House) -> None:
    shopper = house.shopper()
    path = f"/v1/conversations/{shopper.id}/events"
    assert Stream(shopper.client, path).next()["id"] == "1"
    assert Stream(shopper.client, path, headers={"Last-Event-ID": "1"}).next()["id"] == "2"
    assert Stream(shopper.client, f"{path}?after=0", headers={"Last-Event-ID": "1"}).next()["id"] == "1"
    answer = shopper.client.get(path, headers={"Last-Event-ID": "abc"})
    assert answer.status_code == 422


def test_a_repeated_opening_gives_its_first_result_whatever_happened_since(house: House) -> None:
    client_id = new_id()
    shopper = house.shopper(client_id=client_id)
    shopper.answered(shopper.say("送料っていくら？"))
    again = house.client().post("/v1/conversations", json={"client_id": client_id, "locale": "ja"})
    assert (again.status_code, again.json()) == (200, shopper.opened)
    other = house.client().post("/v1/conversations", json={"client_id": client_id, "locale": "en"})
    is_problem(other, 409, "client_id_reused")


def test_the_openings_client_id_is_in_no_event(house: House) -> None:
    client_id = new_id()
    shopper = house.shopper(client_id=client_id)
    from sqlalchemy import select

    from bot.tables import events

    with house.parts.store.read() as conn:
        rows = conn.execute(select(events).where(events.c.conversation == shopper.id)).all()
    assert rows and client_id not in str(rows)


def test_of_a_shops_page_only_origin_and_path_are_kept(house: House) -> None:
    shopper = house.shopper(page="https://user:pw@shop.example.jp:8443/cart?mail=a@b.jp#x")
    state = house.parts.log.state(shopper.id)
    assert state.page == "https://shop.example.jp:8443/cart"
    assert shopper.opened["messages"][0]["body"] == {}


def test_same_id_other_action_is_409_and_same_id_of_another_chat_is_not(house: House) -> None:
    one, two = house.shopper(), house.shopper()
    body = {"client_id": "same", "text": "こんにちは"}
    assert one.client.post(f"/v1/conversations/{one.id}/messages", json=body).status_code == 201
    assert two.client.post(f"/v1/conversations/{two.id}/messages", json=body).status_code == 201
    other = one.client.post(f"/v1/conversations/{one.id}/handover", json={"client_id": "same"})
    is_problem(other, 409, "client_id_reused")


def test_a_bare_handover_with_nobody_on_duty_is_answered_honestly(house: House) -> None:
    shopper = house.shopper()
    house.staff("sato@example.jp").available("away")
    done = shopper.act("handover")
    assert done.status_code == 200
    said = shopper.page(2)["messages"]
    assert [e["type"] for e in said] == ["message"]
    assert said[0]["from"] == "bot" and said[0]["body"]["form"] is True
    assert done.json()["seq"] == said[0]["seq"]
    contact = shopper.act("contact", email="hanako@example.jp", name="花子", text="折り返しお願いします")
    assert contact.status_code == 200
    left = shopper.wait_for(lambda e: e["type"] == "contact_left")
    assert left["body"] == {"email": "hanako@example.jp", "name": "花子", "text": "折り返しお願いします"}
    for email in ("x", "a@b", "a b@c.jp", ""):
        is_problem(shopper.act("contact", email=email, text="a"), 422, "invalid", "email")


def test_choosing_what_was_not_offered_is_422(house: House) -> None:
    shopper = house.shopper()
    is_problem(shopper.act("choose", seq=2, entry="ship-001"), 422, "not_offered", "seq")
    is_problem(shopper.act("choose", seq=77, entry="ship-001"), 422, "not_offered", "seq")
    is_problem(shopper.act("choose", seq="2", entry="ship-001"), 422, "invalid", "seq")


def test_an_offered_question_can_be_chosen_and_is_answered_without_search(house: House) -> None:
    shopper = house.shopper()
    offer = shopper.answered(shopper.say("返品はできますか？あと、支払方法は何がありますか？"))
    assert offer["body"].get("offers"), offer
    entry = offer["body"]["offers"][0]["entry"]
    done = shopper.act("choose", seq=offer["seq"], entry=entry)
    assert done.status_code == 200
    answer = shopper.answered(done.json()["seq"])
    assert answer["body"]["entry"] == entry
    assert answer["body"]["answers"] == done.json()["seq"]


def test_feedback_false_owes_a_turn_and_true_does_not(house: House) -> None:
    shopper = house.shopper()
    answer = shopper.answered(shopper.say("送料っていくら？"))
    seq = shopper.act("feedback", seq=answer["seq"], helpful=False).json()["seq"]
    assert shopper.answered(seq)["body"]["answers"] == seq
    bad = shopper.act("feedback", seq=answer["seq"], helpful="yes")
    is_problem(bad, 422, "invalid", "helpful")
    is_problem(shopper.act("feedback", seq=999, helpful=True), 422, "no_such_message", "seq")


@pytest.mark.parametrize("score", [0, 6, 1.5, "5", None, True])
def test_a_rating_is_1_to_5(house: House, score: Any) -> None:
    is_problem(house.shopper().act("rating", score=score), 422, "invalid", "score")


def test_rating_and_closing_do_not_reopen_and_a_message_does(house: House) -> None:
    shopper = house.shopper()
    closed = shopper.act("close")
    assert closed.json() == {"seq": 3}
    assert shopper.act("close").json() == {"seq": 3}  # no event: the last one that the shopper may see
    assert shopper.act("rating", score=4, comment="どうも").json() == {"seq": 4}
    assert shopper.say("まだあります") == 6
    assert [e["type"] for e in shopper.page(4)["messages"]][:2] == ["reopened", "message"]


def test_hidden_events_are_never_shown_to_the_shopper(house: House) -> None:
    shopper = house.shopper()
    shopper.answered(shopper.say("送料っていくら？"))
    assert "decided" not in {e["type"] for e in shopper.page()["messages"]}


def test_suggestions_while_typing(house: House) -> None:
    answer = house.client().post("/v1/suggestions", json={"text": "送料"})
    assert answer.status_code == 200
    questions = answer.json()["questions"]
    assert questions[0] == {"entry": "ship-001", "question": "送料はいくらですか"}
    assert len(questions) <= 5
    is_problem(house.client().post("/v1/suggestions", json={"text": " "}), 422, "invalid", "text")


@pytest.mark.parametrize(
    ("locale", "question"),
    [("zh-TW", "什麼時候退款？"), ("ko", "환불은 언제 되나요?"), ("fr", "返金はいつですか")],
)
def test_suggestions_are_in_the_pages_language(house: House, locale: str, question: str) -> None:
    answer = house.client().post("/v1/suggestions", json={"text": "返金はいつ", "locale": locale})
    assert {"entry": "return-002", "question": question} in answer.json()["questions"]


@pytest.mark.parametrize(
    ("locale", "spoken"), [("zh-Hant-TW", "zh"), ("ko-KR", "ko"), ("EN", "en"), ("ja", "ja"), ("fr", "ja")]
)
def test_the_greeting_and_the_word_that_nobody_is_there_follow_the_pages_language(
    house: House, locale: str, spoken: str
) -> None:
    shopper = house.shopper(locale=locale)
    assert shopper.opened["messages"][-1]["body"]["text"] == say("greeting", spoken)
    shopper.act("handover")
    away = shopper.wait_for(lambda e: e["from"] == "bot", after=2)
    assert away["body"]["text"] == say("handover_away", spoken)


def test_typing_is_204_and_reaches_the_agent_only(house: House) -> None:
    shopper, agent = house.shopper(), house.staff("sato@example.jp")
    agent.available()
    shopper.act("handover")
    assert agent.act(shopper.id, "claim").status_code == 200
    desk = Stream(agent.client, "/v1/desk/events")
    own = Stream(shopper.client, f"/v1/conversations/{shopper.id}/events?after=99")
    assert shopper.client.post(f"/v1/conversations/{shopper.id}/typing", json={}).status_code == 204
    frame = desk.next("typing")
    assert "id" not in frame
    assert frame["data"] == {
        "type": "typing",
        "from": "shopper",
        "at": frame["data"]["at"],
        "conversation": shopper.id,
    }
    assert agent.client.post(f"/v1/desk/conversations/{shopper.id}/typing", json={}).status_code == 204
    frame = own.next("typing")
    assert frame["data"] == {"type": "typing", "from": "agent", "at": frame["data"]["at"]}
    assert own.seen == [] and [f["data"]["from"] for f in own.passing] == ["agent"]
    agent.act(shopper.id, "close")


def vouch(key: str = CUSTOMER_KEY, **claims: Any) -> str:
    given = {"sub": "cust-1", "name": "花子", "aud": "toritsugi", "exp": int(time.time()) + 300}
    return jwt.encode({k: v for k, v in (given | claims).items() if v is not None}, key, algorithm="HS256")


def test_a_shop_vouches_for_its_customer(house: House) -> None:
    shopper = house.shopper(customer=vouch())
    assert house.parts.log.state(shopper.id).customer == "cust-1"


@pytest.mark.parametrize(
    "token",
    [
        "x",
        vouch(key="another-key-of-thirty-two-bytes!!!!"),
        vouch(exp=int(time.time()) - 60),
        vouch(exp=None),
        vouch(aud="other"),
        vouch(aud=None),
        vouch(sub=None),
        vouch(exp=int(time.time()) + 10 * 24 * 3600),
        jwt.encode({"sub": "a", "aud": "toritsugi", "exp": int(time.time()) + 60}, None, algorithm="none"),
    ],
    ids=["no token", "key", "expired", "no end", "audience", "no audience", "nobody", "too long", "unsigned"],
)
def test_a_customer_token_that_does_not_hold_is_refused(house: House, token: str) -> None:
    answer = house.client().post("/v1/conversations", json={"client_id": new_id(), "customer": token})
    is_problem(answer, 422, "customer_invalid", "customer")
