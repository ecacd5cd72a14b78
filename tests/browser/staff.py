"""Members of staff in a real browser, on a real server of their own: what the tests of both pages share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.api.served import House
from tests.browser.conftest import AXE

EXPECTED = "Failed to load resource"  # the browser's own line for any answer that is an error


@dataclass
class Staff:
    """One person's browser. `page` is signed in; further tabs share the session."""

    house: House
    context: BrowserContext
    page: Page
    faults: list[str]

    def tab(self, path: str) -> Page:
        page = self.context.new_page()
        _listen(page, self.faults)
        page.goto(self.house.url + path)
        return page

    def axe(self, page: Page | None = None) -> list[str]:
        """What axe calls serious or critical on the page as it is now."""
        page = page or self.page
        page.evaluate(AXE.read_text("utf-8"))
        found: list[dict[str, Any]] = page.evaluate(
            "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
        )
        return [
            f"{each['id']}: {[node['html'][:160] for node in each['nodes'][:4]]}"
            for each in found
            if each["impact"] in {"serious", "critical"}
        ]


def _listen(page: Page, faults: list[str]) -> None:
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: (
            faults.append(line.text)
            if line.type == "error" and EXPECTED not in line.text and "net::ERR" not in line.text
            else None
        ),
    )


@contextmanager
def at_work(browser: Browser, house: House, email: str, path: str, **how: Any) -> Iterator[Staff]:
    """`email` signed in at `path`; any script error on the way fails the test."""
    context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}, "locale": "ja-JP"} | how))
    context.set_default_timeout(8000)
    for name, value in house.staff(email).client.cookies.items():
        context.add_cookies([{"name": name, "value": value, "url": house.url, "httpOnly": True}])
    page = context.new_page()
    faults: list[str] = []
    _listen(page, faults)
    page.goto(house.url + path)
    expect(page.locator(".top")).to_be_visible()
    try:
        yield Staff(house, context, page, faults)
        assert not faults, faults
    finally:
        context.close()


def overflows(page: Page) -> bool:
    """Does anything stand out of the window sideways?"""
    return bool(
        page.evaluate(
            """() => document.documentElement.scrollWidth > innerWidth
              || [...document.querySelectorAll('.work, .log, .lists .scroll, .tab-body')]
                   .some((box) => box.scrollWidth > box.clientWidth)"""
        )
    )


COMPOSED_ENTER = """(field) => {
  const enter = {key: 'Enter', code: 'Enter', bubbles: true, cancelable: true};
  const key = (type, more) => field.dispatchEvent(new KeyboardEvent(type, {...enter, ...more}));
  const compose = (type) => field.dispatchEvent(new CompositionEvent(type, {bubbles: true}));
  compose('compositionstart');
  key('keydown', {isComposing: true, keyCode: 229});
  compose('compositionend');
  key('keyup', {});
  compose('compositionstart');
  compose('compositionend');
  key('keydown', {keyCode: 229});
  key('keyup', {});
  compose('compositionstart');
  compose('compositionend');
  key('keydown', {keyCode: 13});
}"""
"""The Enter that ends a conversion, as Chrome and Firefox, Safari, and some macOS input methods send it."""


def number(text: str | None) -> int:
    """The first whole number in a text."""
    found = re.search(r"\d+", text or "")
    assert found, text
    return int(found.group())
