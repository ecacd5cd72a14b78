"""`session.md`, one conversation as it goes over the wire, line by line over real HTTP."""

from __future__ import annotations

from tests.api.served import PASSWORD, House, Stream, new_id

AT = 24  # 2026-07-01T09:00:00.000Z


def test_one_conversation_as_it_goes_over_the_wire(house: House) -> None:
    shopper = house.client()
    opening = {"client_id": new_id(), "locale": "ja"}
    answer = shopper.post("/v1/conversations", json=opening)
    assert answer.status_code == 201
    opened = answer.json()
    assert set(opened) == {"conversation", "token", "seq", "messages"}
    assert opened["seq"] == 2
    first, greeting = opened["messages"]
    assert first == {
        "seq": 1,
        "prev": 0,
        "type": "opened",
        "at": first["at"],
        "from": "system",
        "name": None,
        "body": {},
    }
    assert first["at"].endswith("Z") and len(first["at"]) == AT
    assert (greeting["seq"], greeting["prev"], greeting["type"]) == (2, 1, "message")
    assert greeting["from"] == "bot" and greeting["name"]
    assert greeting["body"]["text"]

    c, token = opened["conversation"], opened["token"]
    assert c.startswith("c_") and token.startswith("t_")
    shopper.headers["Authorization"] = f"Bearer {token}"
    chat = f"/v1/conversations/{c}"
    stream = Stream(shopper, f"{chat}/events?after=2")
    assert stream.status == 200
    assert stream.answer is not None and stream.answer.headers["content-type"].startswith("text/event-stream")

    said = shopper.post(f"{chat}/messages", json={"client_id": "a1", "text": "送料っていくら？"})
    assert said.status_code == 201
    assert said.json() == {"seq": 3, "at": said.json()["at"]}

    frame = stream.next()
    assert (frame["id"], frame["event"]) == ("3", "message")
    assert frame["data"] == {
        "seq": 3,
        "prev": 2,
        "type": "message",
        "at": said.json()["at"],
        "from": "shopper",
        "name": None,
        "body": {"text": "送料っていくら？"},
    }
    frame = stream.next()
    assert (frame["id"], frame["event"]) == ("5", "message")
    bot = frame["data"]
    assert (bot["seq"], bot["prev"], bot["from"]) == (5, 3, "bot")
    assert bot["body"]["entry"] == "ship-001" and bot["body"]["answers"] == 3
    assert "全国一律550円です。" in bot["body"]["text"]

    again = shopper.post(f"{chat}/messages", json={"client_id": "a1", "text": "送料っていくら？"})
    assert (again.status_code, again.json()) == (200, said.json())
    other = shopper.post(f"{chat}/messages", json={"client_id": "a1", "text": "別の文"})
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert other.json()["code"] == "client_id_reused"
    assert other.json()["status"] == 409
    assert other.json()["title"] and other.json()["detail"]

    helpful = shopper.post(f"{chat}/feedback", json={"client_id": "a2", "seq": 5, "helpful": True})
    assert (helpful.status_code, helpful.json()) == (200, {"seq": 6})

    agent = house.client()
    signed_in = agent.post("/v1/session", json={"email": "sato@example.jp", "password": PASSWORD})
    assert signed_in.status_code == 200
    user = signed_in.json()["user"]
    assert set(signed_in.json()) == {"user", "csrf"}
    assert (user["name"], user["role"]) == ("佐藤", "agent")
    agent.headers["X-CSRF-Token"] = signed_in.json()["csrf"]
    me = agent.put("/v1/desk/me", json={"state": "available"})
    assert me.status_code == 200
    assert me.json()["me"]["state"] == "available"

    handover = shopper.post(f"{chat}/handover", json={"client_id": "a3"})
    assert (handover.status_code, handover.json()) == (200, {"seq": 8})
    stream.next("feedback")
    frame = stream.next()
    assert (frame["id"], frame["event"]) == ("7", "escalated")
    assert frame["data"]["from"] == "system" and frame["data"]["body"] == {"reason": "asked"}
    frame = stream.next()
    assert (frame["id"], frame["event"]) == ("8", "queued")
    assert frame["data"]["from"] == "system"
    queued = frame["data"]["body"]
    assert queued["ticket"] and queued["position"] == 1
    assert 0 <= queued["wait"]["low"] <= queued["wait"]["high"]

    desk = agent.get("/v1/desk")
    assert desk.status_code == 200
    shown = desk.json()
    assert {"me", "queue", "conversations", "agents", "position"} <= set(shown)
    assert shown["queue"][0]["conversation"] == c
    assert shown["queue"][0]["ticket"] == queued["ticket"]
    assert shown["conversations"] == []
    assert user["id"] in {each["id"] for each in shown["agents"]}

    claim = agent.post(f"/v1/desk/conversations/{c}/claim", json={"client_id": "b1"})
    assert (claim.status_code, claim.json()) == (200, {"seq": 9})
    colleague = house.staff("suzuki@example.jp")
    late = colleague.act(c, "claim")
    assert (late.status_code, late.json()["code"]) == (409, "already_owned")
    frame = stream.next()
    assert (frame["id"], frame["event"]) == ("9", "assigned")
    assert (frame["data"]["from"], frame["data"]["name"], frame["data"]["body"]) == ("agent", "佐藤", {})

    reply = {"client_id": "b2", "text": "佐藤です。承ります。"}
    replied = agent.post(f"/v1/desk/conversations/{c}/messages", json=reply)
    assert replied.status_code == 201
    assert replied.json() == {"seq": 10, "at": replied.json()["at"]}
    said = shopper.post(f"{chat}/messages", json={"client_id": "a4", "text": "沖縄でも同じですか"})
    assert (said.status_code, said.json()["seq"]) == (201, 11)
    note = agent.post(f"/v1/desk/conversations/{c}/notes", json={"client_id": "b3", "text": "離島は要確認"})
    assert (note.status_code, note.json()) == (200, {"seq": 12})
    closed = agent.post(
        f"/v1/desk/conversations/{c}/close", json={"client_id": "b4", "disposition": "solved"}
    )
    assert (closed.status_code, closed.json()) == (200, {"seq": 13})
    assert [stream.next()["id"] for _ in range(3)] == ["10", "11", "13"]
    last = stream.seen[-1]
    assert last["event"] == "closed"
    assert (last["data"]["seq"], last["data"]["prev"]) == (13, 11)

    rating = shopper.post(f"{chat}/rating", json={"client_id": "a5", "score": 5})
    assert (rating.status_code, rating.json()) == (200, {"seq": 14})
    said = shopper.post(f"{chat}/messages", json={"client_id": "a6", "text": "ありがとう、あと返品は？"})
    assert (said.status_code, said.json()["seq"]) == (201, 16)
    assert [stream.next()["event"] for _ in range(3)] == ["rated", "reopened", "message"]
    answer = stream.next("message")
    assert answer["data"]["from"] == "bot" and answer["data"]["body"]["answers"] == 16

    repeated = house.client().post("/v1/conversations", json=opening)
    assert (repeated.status_code, repeated.json()) == (200, opened)
