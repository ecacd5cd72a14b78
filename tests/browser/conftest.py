"""A real Chromium for the page tests, and the misbehaving mock shop (tests/web/mock.mjs) to show it.

Tests take `visit` (a page in a fresh browser profile) and `shop` (the mock server). What a page writes to its
console as an error, or throws, fails the test that did not expect it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
EXPECTED = "Failed to load resource"  # the browser's own line for any answer that is an error


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")  # Playwright keeps an event loop running in the thread while it is open
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@dataclass(frozen=True, slots=True)
class Shop:
    """The mock server; `tell` sets what it does next (see the head of mock.mjs) and says how things stand."""

    url: str

    def tell(self, **what: Any) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/__mock", json.dumps(what).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def said(self) -> list[str]:
        """What shoppers wrote in the latest conversation, as the server has it."""
        events = self.tell()["events"]
        return [e["body"]["text"] for e in events if e["type"] == "message" and e["from"] == "shopper"]


@pytest.fixture(scope="session")
def mock_server() -> Iterator[Shop]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("the mock shop needs node 20 or later")
    process = subprocess.Popen(
        [node, str(ROOT / "tests" / "web" / "mock.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    yield Shop(f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}")
    process.kill()
    process.wait(5)


@pytest.fixture
def shop(mock_server: Shop) -> Shop:
    mock_server.tell(faults=[], stream="good", desk="open", think=20, forget=True)
    return mock_server


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """`visit(url, width=…, dark=…, touch=…, locale=…)` → a page; `context=` another's makes a second tab."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def note(line: ConsoleMessage) -> None:
        if EXPECTED not in line.text:
            errors.append(line.text)

    def visit(url: str, **how: Any) -> Page:
        context = how.get("context")
        if context is None:
            context = browser.new_context(
                viewport={"width": how.get("width", 1280), "height": how.get("height", 800)},
                color_scheme="dark" if how.get("dark") else "light",
                locale=how.get("locale", "ja-JP"),
                has_touch=how.get("touch", False),
                is_mobile=how.get("touch", False),
                reduced_motion="reduce",
                bypass_csp=how.get("bypass_csp", False),
            )
            context.set_default_timeout(8_000)
            contexts.append(context)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: note(line) if line.type == "error" else None)
        page.goto(url)
        return page

    visit.errors = errors  # type: ignore[attr-defined]
    yield visit
    for context in contexts:
        context.close()
    assert errors == [], "the page reported errors"


def grave(page: Page) -> list[str]:
    """What axe finds serious or critical on a page that was opened with bypass_csp."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]
