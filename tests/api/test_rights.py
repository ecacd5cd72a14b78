"""Who may what: every staff endpoint x every role, foreign ids, and that no endpoint is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from api.app import create_app
from api.settings import load_settings
from tests.api.served import House, new_id

ROLES = {
    "agent": "sato@example.jp",
    "supervisor": "tanaka@example.jp",
    "editor": "ito@example.jp",
    "admin": "admin@example.jp",
}
ALL = {"agent", "supervisor", "editor", "admin"}
DESK = {"agent", "supervisor", "admin"}
STUDIO = {"editor", "admin"}
LEAD = {"supervisor", "editor", "admin"}
C, E, R, P = "c_none", "none", "none", "none"

# (method, path): who may. What is not here is for shoppers or for everybody.
MATRIX: dict[tuple[str, str], set[str]] = {
    ("GET", "/v1/session"): ALL,
    ("DELETE", "/v1/session"): ALL,
    ("GET", "/v1/desk"): DESK,
    ("PUT", "/v1/desk/me"): DESK,
    ("GET", "/v1/desk/events"): DESK,
    ("GET", "/v1/desk/conversations/{c}"): DESK,
    **{
        ("POST", f"/v1/desk/conversations/{{c}}/{act}"): DESK
        for act in ("claim", "messages", "notes", "release", "return", "transfer", "hold", "close", "typing")
    },
    ("POST", "/v1/desk/conversations/{c}/erase"): {"admin"},
    ("GET", "/v1/entries"): ALL,
    ("POST", "/v1/entries/search"): ALL,
    ("GET", "/v1/entries/{id}"): ALL,
    ("POST", "/v1/entries"): STUDIO,
    ("PUT", "/v1/entries/{id}"): STUDIO,
    ("DELETE", "/v1/entries/{id}"): STUDIO,
    ("POST", "/v1/entries/try"): STUDIO,
    ("POST", "/v1/imports"): STUDIO,
    ("GET", "/v1/releases"): STUDIO,
    ("POST", "/v1/releases"): STUDIO,
    ("POST", "/v1/releases/{r}/rollback"): STUDIO,
    ("GET", "/v1/proposals"): STUDIO,
    ("POST", "/v1/proposals"): STUDIO,
    ("GET", "/v1/proposals/{p}/evidence"): STUDIO,
    ("POST", "/v1/proposals/{p}/accept"): STUDIO,
    ("POST", "/v1/proposals/{p}/reject"): STUDIO,
    ("GET", "/v1/statistics"): LEAD,
    ("GET", "/v1/export/transcripts"): {"supervisor", "admin"},
}
OPEN = {
    ("POST", "/v1/session"),
    ("POST", "/v1/conversations"),
    ("POST", "/v1/suggestions"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
}


def test_every_endpoint_is_in_the_matrix_or_meant_to_be_open(tmp_path: Any) -> None:
    schema = create_app(load_settings(environ={}, env_file=None, data=tmp_path)).openapi()
    found = {(method.upper(), path) for path, operations in schema["paths"].items() for method in operations}
    shopper = {key for key in found if key[1].startswith("/v1/conversations/{c}/")}
    assert found - shopper == MATRIX.keys() | (OPEN - {("GET", "/docs")})


@pytest.mark.parametrize(("method", "path"), sorted(MATRIX))
def test_each_role_gets_in_or_is_kept_out(house: House, method: str, path: str) -> None:
    url = path.format(c=C, id=E, r=R, p=P)
    anonymous = house.client().request(method, url, json={} if method != "GET" else None)
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "not_signed_in")
    for role, email in ROLES.items():
        if method == "DELETE" and path == "/v1/session":
            continue  # would end the session that other tests use; see test_desk
        staff = house.staff(email)
        if path == "/v1/desk/events" and role in MATRIX[method, path]:
            with staff.client.stream(method, url) as answer:
                assert answer.status_code == 200
            continue
        body = {"client_id": new_id()} if method in {"POST", "PUT"} else None
        answer = staff.client.request(method, url, json=body)
        if role in MATRIX[method, path]:
            assert answer.status_code not in {401, 403}, (role, answer.text)
            assert answer.status_code < 500
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), role


@pytest.mark.parametrize(
    "act", ["claim", "messages", "notes", "release", "return", "transfer", "hold", "close"]
)
def test_a_chat_that_does_not_exist_is_404_for_everybody_at_the_desk(house: House, act: str) -> None:
    for role in sorted(DESK):
        staff = house.staff(ROLES[role])
        answer = staff.act(C, act, text="a", to="supervisor")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), role


def test_foreign_ids_of_entries_releases_and_proposals_are_404(house: House) -> None:
    editor = house.staff(ROLES["editor"]).client
    entry = {"question": "a", "answer": "b", "revision": 1}
    for answer in (
        editor.get("/v1/entries/none"),
        editor.put("/v1/entries/none", json=entry),
        editor.delete("/v1/entries/none", params={"revision": 1}),
        editor.post("/v1/releases/none/rollback", json={}),
        editor.post("/v1/proposals/none/accept", json={}),
        editor.post("/v1/proposals/none/reject", json={"reason": "a"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), answer.request.url


def test_a_colleagues_chat_is_404_to_read_and_open_to_a_supervisor(house: House) -> None:
    sato = house.staff(ROLES["agent"])
    sato.available()
    shopper = house.shopper()
    shopper.act("handover")
    sato.act(shopper.id, "claim")
    path = f"/v1/desk/conversations/{shopper.id}"
    assert house.staff("suzuki@example.jp").client.get(path).status_code == 404
    assert house.staff(ROLES["supervisor"]).client.get(path).status_code == 200
    assert house.staff(ROLES["admin"]).client.get(path).status_code == 200
    sato.act(shopper.id, "close")
    sato.available("away")


def test_a_shoppers_token_opens_nothing_at_the_desk(house: House) -> None:
    shopper = house.shopper()
    for path in ("/v1/desk", f"/v1/desk/conversations/{shopper.id}", "/v1/entries", "/v1/statistics"):
        assert shopper.client.get(path).status_code == 401
