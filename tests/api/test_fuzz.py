"""The document /openapi.json promises what the server does: a bounded fuzz of every operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from api.settings import load_settings
from tests.api.served import House, serving

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
STREAMS = {"/v1/desk/events", "/v1/conversations/{c}/events"}
HOUSE: dict[str, House] = {}
SCHEMA = schemathesis.openapi.from_dict(create_app(load_settings(environ={}, env_file=None)).openapi())


@pytest.fixture(scope="module", autouse=True)
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving(tmp_path_factory.mktemp("fuzz")) as running:
        HOUSE["it"] = running
        yield running


@SCHEMA.parametrize()
@hypothesis.settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.generate],
)
def test_no_request_breaks_the_server_or_surprises_the_document(case: Any) -> None:
    if case.operation.path in STREAMS:
        return  # they do not end; see test_streams
    house = HOUSE["it"]
    admin = house.staff("admin@example.jp").client
    headers = {
        "X-CSRF-Token": admin.headers["X-CSRF-Token"],
        "Cookie": "; ".join(f"{k}={v}" for k, v in admin.cookies.items()),
    }
    if case.operation.path.startswith("/v1/conversations/{c}"):
        shopper = house.shopper()
        case.path_parameters["c"] = shopper.id
        headers["Authorization"] = shopper.client.headers["Authorization"]
    elif case.operation.path == "/v1/session" and case.operation.method.upper() == "DELETE":
        headers.pop("Cookie")
    case.call_and_validate(base_url=house.url, headers=headers, checks=CHECKS)
