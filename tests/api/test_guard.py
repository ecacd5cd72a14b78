"""What every request passes: headers, origins, addresses, and one shape for what goes wrong."""

from __future__ import annotations

import ipaddress
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from api import logs
from api.guard import Address
from api.logs import fault_of
from tests.api.served import House, new_id, serving

SHOP = "https://shop.example.jp"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    given = {"origins": (SHOP,), "trusted_proxies": (ipaddress.ip_network("127.0.0.1"),)}
    with serving(tmp_path_factory.mktemp("guard"), demo=True, **given) as running:
        yield running


def test_every_answer_has_the_safety_headers_and_an_id(house: House) -> None:
    for path in ("/health", "/v1/desk", "/nothing", "/desk", "/widget.js"):
        headers = house.client().get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert len(headers["x-request-id"]) == 16
        assert "server" not in headers
    assert house.client().get("/v1/desk").headers["cache-control"] == "no-store"


def test_the_widget_is_used_from_a_listed_origin_and_from_no_other(house: House) -> None:
    ask = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    good = house.client().options("/v1/conversations", headers={"Origin": SHOP, **ask})
    assert good.status_code == 204
    assert good.headers["access-control-allow-origin"] == SHOP
    assert "authorization" in good.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in good.headers
    bad = house.client().options("/v1/conversations", headers={"Origin": "https://evil.example", **ask})
    assert (bad.status_code, bad.json()["code"]) == (403, "origin_not_allowed")
    opened = house.client().post("/v1/conversations", json={"client_id": new_id()}, headers={"Origin": SHOP})
    assert opened.headers["access-control-allow-origin"] == SHOP
    assert "Origin" in opened.headers["vary"]
    other = house.client().post("/v1/conversations", json={}, headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    refused = house.client().get("/v1/conversations/c_x/messages", headers={"Origin": SHOP})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, SHOP)
    large = house.client().post("/v1/conversations", content=b"a" * 70_000, headers={"Origin": SHOP})
    assert (large.status_code, large.headers["access-control-allow-origin"]) == (413, SHOP)


def test_staffs_endpoints_are_for_no_other_origin(house: House) -> None:
    for path in ("/v1/session", "/v1/desk", "/v1/entries"):
        answer = house.client().get(path, headers={"Origin": SHOP})
        assert "access-control-allow-origin" not in answer.headers


def test_the_widget_loads_from_any_origin_compressed_with_an_entity_tag(house: House) -> None:
    answer = house.client().get(
        "/widget.js", headers={"Accept-Encoding": "gzip", "Origin": "https://any.example"}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-encoding"] == "gzip"
    assert "max-age" in answer.headers["cache-control"]
    tag = {"If-None-Match": answer.headers["etag"], "Accept-Encoding": "gzip"}
    again = house.client().get("/widget.js", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    plain = house.client().get("/widget.js", headers={"Accept-Encoding": "identity"})
    assert plain.headers["etag"] != answer.headers["etag"] and "content-encoding" not in plain.headers


def test_pages_are_served_and_nothing_outside_web_is(house: House) -> None:
    client = house.client()
    for page in ("/", "/desk", "/docs"):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert (
            "<script>" not in answer.text and " style=" not in answer.text and " onclick" not in answer.text
        )
    for path in (
        "/../app.py",
        "/%2e%2e/app.py",
        "/web/../../app.py",
        "/web/%2e%2e/settings.py",
        "//etc/passwd",
        "/desk/",
    ):
        assert client.get(path).status_code in {404, 307}, path
    assert client.head("/desk").content == b""


def test_an_address_is_the_sockets_unless_a_proxy_is_named() -> None:
    def scope(peer: str, forwarded: str = "", proto: str = "") -> dict[str, Any]:
        headers = [(b"x-forwarded-for", forwarded.encode()), (b"x-forwarded-proto", proto.encode())]
        return {
            "type": "http",
            "scheme": "http",
            "client": (peer, 1),
            "headers": [h for h in headers if h[1]],
        }

    nobody = Address(())
    assert nobody.of(scope("192.0.2.1", "6.6.6.6")) == "192.0.2.1"
    assert not nobody.is_https(scope("192.0.2.1", "", "https"))
    proxied = Address([ipaddress.ip_network("10.0.0.0/8")])
    assert proxied.of(scope("10.0.0.1", "6.6.6.6, 192.0.2.7")) == "192.0.2.7"
    assert proxied.of(scope("10.0.0.1", "6.6.6.6, 192.0.2.7, 10.0.0.2")) == "192.0.2.7"
    assert proxied.of(scope("10.0.0.1")) == "10.0.0.1"
    assert proxied.of(scope("192.0.2.9", "6.6.6.6")) == "192.0.2.9"
    assert proxied.is_https(scope("10.0.0.1", "", "https"))


def test_behind_https_the_cookie_is_secure(house: House) -> None:
    credentials = {"email": "sato@example.jp", "password": "correct horse battery"}
    answer = house.client().post("/v1/session", json=credentials, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["set-cookie"]


def test_metrics_are_open_on_loopback_only(house: House) -> None:
    shopper = house.shopper()
    shopper.answered(shopper.say("送料っていくら？"))
    text = house.client().get("/metrics").text
    for name in (
        "toritsugi_request_seconds",
        "toritsugi_think_seconds",
        "toritsugi_turns_owed",
        "toritsugi_streams",
    ):
        assert name in text
    assert 'kind="answer"' in text and shopper.id not in text
    away = house.client().get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"})
    assert (away.status_code, away.json()["code"]) == (401, "not_signed_in")
    lead = house.staff("tanaka@example.jp").client
    assert lead.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 200


def test_a_fault_of_ours_is_500_in_the_one_shape_and_tells_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("山田太郎 typed this")

    monkeypatch.setattr(house.parts.log, "append", broken)
    with caplog.at_level(logging.INFO):
        answer = house.client().post("/v1/conversations", json={"client_id": new_id()})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "山田" not in answer.text and "山田" not in caplog.text


def test_logs_say_where_a_fault_was_and_not_what_was_typed(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    try:
        logs.configure()
        try:
            raise ValueError("山田太郎")
        except ValueError as error:
            assert "山田" not in fault_of(error) and "ValueError at" in fault_of(error)
            logging.getLogger("x").exception("it broke")
        line = json.loads(capsys.readouterr().err.splitlines()[-1])
        assert line["event"] == "it broke" and line["error"].startswith("ValueError at api/test_guard.py")
        assert "山田" not in str(line)
    finally:
        root.handlers[:], root.level = kept, level
