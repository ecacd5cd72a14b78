"""Rules of the house that a reader may rely on: one error shape, documented settings, one direction."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from api import errors, settings
from api.app import create_app
from api.settings import load_settings
from bot.conversation import HIDDEN, LIFE
from bot.state import _CHANGES

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("kb", "bot", "api", "eval")
EVENTS = {
    "opened", "message", "chosen", "decided", "escalated", "queued", "assigned", "released", "transferred",
    "returned", "held", "note", "feedback", "rated", "contact_left", "closed", "reopened", "erased",
}  # fmt: skip
CONTRACT_CODES = {
    "bad_credentials", "csrf_failed", "client_id_reused", "already_owned", "not_owner", "closed",
    "edit_conflict",
}  # fmt: skip


def sources(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_imports_go_one_way() -> None:
    for place, room in enumerate(ROOMS):
        above = set(ROOMS[place + 1 :])
        for path, tree in sources(room):
            assert not above & set(imports(tree)), f"{path} reaches up"


def test_heavy_libraries_are_imported_on_use() -> None:
    """At the top of no module that serving loads: they cost seconds, and most installations lack some."""
    heavy = {"langchain", "langchain_core", "openpyxl", "torch", "sentence_transformers", "sklearn", "scipy"}
    for path, tree in sources("bot", "api"):
        top = ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], [])
        assert not heavy & set(imports(top)), path


def test_every_setting_is_documented() -> None:
    documented = set(
        re.findall(r"`(TORITSUGI_[A-Z_]+)`", (ROOT / "docs" / "operating.md").read_text("utf-8"))
    )
    known = {settings.PREFIX + name.upper() for name in settings.Settings.model_fields}
    assert known <= documented, f"add to docs/operating.md: {sorted(known - documented)}"
    assert documented <= known, f"no such setting: {sorted(documented - known)}"


def test_only_settings_reads_the_environment() -> None:
    for path, tree in sources("kb", "bot", "api"):
        if path.name == "settings.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
                raise AssertionError(f"{path}:{node.lineno} reads the environment; add a setting instead")


def test_every_refusal_has_one_shape_and_a_stable_code() -> None:
    assert errors.CODES.keys() >= CONTRACT_CODES
    for code, (status, title) in errors.CODES.items():
        assert re.fullmatch(r"[a-z][a-z_]*", code) and 400 <= status < 600 and title
        problem = errors.Problem(code)
        assert problem.as_json().keys() == {"type", "title", "status", "detail", "code"}
        assert problem.response().media_type == "application/problem+json"


def test_every_code_that_a_conversation_refuses_with_is_known_at_the_edge() -> None:
    refused = {
        node.args[0].value
        for _, tree in sources("bot")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in {"Refused", "_refused"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert refused - {"lease_lost"} <= errors.CODES.keys()  # a lost lease is told to nobody


def test_every_code_that_is_raised_is_in_the_table() -> None:
    for path, tree in sources("api"):
        for node in ast.walk(tree):
            is_problem = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem"
            if is_problem and node.args and isinstance(node.args[0], ast.Constant):
                assert node.args[0].value in errors.CODES, f"{path}:{node.lineno}"


def test_every_documented_refusal_is_a_problem(tmp_path: Path) -> None:
    schema = create_app(load_settings(environ={}, env_file=None, data=tmp_path)).openapi()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            for status, response in operation["responses"].items():
                if status.startswith("4"):
                    assert list(response["content"]) == ["application/problem+json"], (method, path, status)


def test_the_events_are_those_of_the_contract() -> None:
    assert set(_CHANGES) <= EVENTS
    assert {"decided", "held", "note"} == HIDDEN
    assert LIFE.keys() >= {"shopper_message", "handover", "assigned", "agent_message", "returned", "closed"}
    written = {
        node.args[0].value
        for _, tree in sources("bot")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "add"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and len(node.args) >= 2
    }
    assert written <= EVENTS and len(written) > 10
