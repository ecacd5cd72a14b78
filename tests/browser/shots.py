"""The README's screenshots, of the real product: `python -m tests.browser.shots DIR` (or `make shots`).

A throw-away demo is started; a shopper asks twice and wants a person, an agent takes the chat, and the studio
tries a question. Widths 1440 and 375, light and dark.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS

FIELD = ".composer textarea"
START_S = 300


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """A fresh demo's URL and its accounts' password."""
    command = [str(Path(sys.executable).with_name("toritsugi")), "serve", "--demo", "--port", "0"]
    with tempfile.TemporaryDirectory() as data, (Path(data) / "server.log").open("w+") as log:
        process = subprocess.Popen([*command, "--data", data], stdout=log, stderr=log)
        try:
            yield _told(process, Path(log.name))
        finally:
            process.terminate()
            process.wait(30)


def _told(process: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    """URL and password, once the demo has printed them."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        said = log.read_text("utf-8")
        url = re.search(r"toritsugi: (http://127\.0\.0\.1:\d+)", said)
        password = re.search(r"password.*?:\s*(\S+)", said)
        if url and password:
            return url.group(1), password.group(1)
        time.sleep(0.2)
    raise RuntimeError(f"the demo did not start: {log.read_text('utf-8')[-1000:]}")


def page_of(browser: Browser, url: str, width: int, dark: bool) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900 if width > 500 else 740},
        color_scheme="dark" if dark else "light",
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
        reduced_motion="reduce",
        device_scale_factor=1,
    )
    page = context.new_page()
    page.goto(url)
    return page


def ask(page: Page, text: str, answer: str) -> None:
    page.fill(FIELD, text)
    page.press(FIELD, "Enter")
    expect(page.locator(".turn.bot .bubble", has_text=answer).last).to_be_visible(timeout=15_000)


def sign_in(page: Page, password: str, email: str) -> None:
    page.get_by_label("メールアドレス").fill(email)
    page.get_by_label("パスワード").fill(password)
    page.get_by_role("button", name="ログイン").click()
    expect(page.locator(".top")).to_be_visible()


def shoot(url: str, password: str, browser: Browser, out: Path, width: int, dark: bool) -> None:
    name = f"{'-narrow' if width < 500 else ''}{'-dark' if dark else ''}.png"
    desk = page_of(browser, f"{url}/desk", width, dark)
    sign_in(desk, password, "sato@example.jp")
    state = desk.get_by_role("button", name="対応可")
    if state.count():
        state.first.click()
    shop = page_of(browser, url, width, dark)
    shop.click(".launcher")
    expect(shop.locator(".turn.bot").first).to_be_visible()
    ask(shop, "送料っていくら？", "全国一律550円")
    ask(shop, "沖縄でも？", "差額の770円になり")
    shop.screenshot(path=out / f"widget{name}")
    shop.get_by_role("button", name="担当者に相談する").click()
    expect(shop.locator(".waiting")).to_be_visible()
    shop.screenshot(path=out / f"waiting{name}")
    desk.locator(".row-btn.queue").first.click()
    desk.get_by_role("button", name="担当する").first.click()
    expect(desk.locator(".log").get_by_text("沖縄でも？").first).to_be_visible()
    desk.screenshot(path=out / f"desk{name}")
    studio = page_of(browser, f"{url}/studio", width, dark)
    sign_in(studio, password, "ito@example.jp")
    studio.get_by_label("FAQを検索").fill("送料")
    expect(studio.locator(".entries").get_by_text("送料はいくらですか").first).to_be_visible()
    studio.screenshot(path=out / f"studio{name}")


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/shots")
    out.mkdir(parents=True, exist_ok=True)
    with demo() as (url, password), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for width, dark in ((1440, False), (375, False), (1440, True), (375, True)):
            shoot(url, password, browser, out, width, dark)
        browser.close()
    sys.stdout.write(f"{len(list(out.glob('*.png')))} pictures in {out}\n")


if __name__ == "__main__":
    main()
