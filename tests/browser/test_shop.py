"""The demo shop and its widget over the real server, with a member of staff on the other side."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.api.served import House, Staff, serving
from tests.browser.conftest import Visit, grave

FIELD = ".composer textarea"
ANSWER = "全国一律550円です。8,800円以上のお買い上げで無料になります。"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving(tmp_path_factory.mktemp("shop"), demo=True) as running:
        yield running


@pytest.fixture
def sato(house: House) -> Iterator[Staff]:
    staff = house.staff("sato@example.jp")
    staff.available()
    yield staff
    staff.available("away")


@pytest.fixture
def page(house: House, visit: Visit) -> Page:
    opened = visit(house.url)
    opened.click(".launcher")
    expect(opened.locator(".turn.bot .bubble").first).to_be_visible()
    return opened


def ask(page: Page, text: str = "送料っていくら？") -> None:
    page.fill(FIELD, text)
    page.press(FIELD, "Enter")


def held(page: Page) -> str:
    """The conversation that this browser keeps."""
    found = page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find((each) => each.endsWith(':open'));
          return JSON.parse(localStorage.getItem(key)).conversation;
        }"""
    )
    assert isinstance(found, str)
    return found


def test_the_session_of_the_contract_as_a_shopper_sees_it(page: Page, sato: Staff) -> None:
    ask(page)
    expect(page.locator(".turn.bot .bubble").last).to_have_text(ANSWER)
    page.get_by_role("button", name="はい", exact=True).click()
    expect(page.get_by_text("ありがとうございます", exact=True)).to_be_visible()

    page.get_by_role("button", name="担当者に相談する").click()
    card = page.locator(".waiting")
    expect(card).to_contain_text(re.compile(r"受付番号\s*\S+-\d+"))
    expect(card).to_contain_text("1番目")

    conversation = held(page)
    assert sato.act(conversation, "claim").status_code == 200
    expect(page.locator(".standing")).to_have_text("佐藤がご案内しています")
    assert sato.act(conversation, "messages", text="佐藤です。承ります。").status_code == 201
    expect(page.locator(".turn.agent .bubble")).to_have_text("佐藤です。承ります。")
    ask(page, "沖縄でも同じですか")
    expect(page.locator(".turn.shopper .bubble").last).to_have_text("沖縄でも同じですか")
    expect(page.locator(".unsent")).to_have_count(0)
    assert sato.act(conversation, "notes", text="離島は要確認").status_code == 200
    assert sato.act(conversation, "close", disposition="solved").status_code == 200

    page.get_by_role("radio", name="5: とても満足").check()
    page.get_by_role("button", name="評価を送る").click()
    expect(page.get_by_text("ご評価をありがとうございました")).to_be_visible()
    expect(page.get_by_text("離島は要確認")).to_have_count(0)
    bots = page.locator(".turn.bot .bubble").count()
    ask(page, "返品はできますか")
    expect(page.get_by_text("会話を再開しました")).to_be_visible()
    expect(page.locator(".turn.bot:not(.typing) .bubble")).to_have_count(bots + 1)


def test_restored_after_a_reload_and_shared_with_a_second_tab(page: Page, house: House, visit: Visit) -> None:
    ask(page)
    expect(page.locator(".turn.bot .bubble").last).to_have_text(ANSWER)
    page.reload()
    expect(page.locator(".turn.bot .bubble").last).to_have_text(ANSWER)
    other = visit(house.url, context=page.context)
    other.click(".launcher")
    ask(other, "返品はできますか")
    for tab in (page, other):
        expect(tab.locator(".turn.shopper .bubble")).to_have_text(["送料っていくら？", "返品はできますか"])
    assert held(page) == held(other)


def test_nobody_on_duty_leaves_the_form(page: Page, house: House) -> None:
    house.staff("sato@example.jp").available("away")
    page.get_by_role("button", name="担当者に相談する").click()
    page.get_by_role("button", name="メールでの返信を希望する").click()
    page.fill("#f-email", "hana@example.jp")
    page.fill("#f-text", "壊れて届きました")
    page.get_by_role("button", name="メッセージを預ける").click()
    expect(page.get_by_text("メッセージをお預かりしました").first).to_be_visible()
    expect(page.locator("form.form")).to_have_count(0)


def test_an_offered_question_is_answered(page: Page) -> None:
    ask(page, "送料はいくらですか？返品はできますか？")
    page.locator(".offer", has_text="返品はできますか").click()
    expect(page.locator(".turn.shopper .bubble").last).to_have_text("返品はできますか")
    expect(page.locator(".turn.bot:not(.typing) .bubble").last).to_contain_text("未使用のものに限り")
    expect(page.locator(".offer[aria-pressed=true]")).to_have_text("返品はできますか")


def test_enter_while_composing_does_not_send(page: Page, house: House) -> None:
    page.locator(FIELD).click()
    ime = page.context.new_cdp_session(page)
    ime.send("Input.imeSetComposition", {"text": "そうりょう", "selectionStart": 5, "selectionEnd": 5})
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    ime.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    ime.send("Input.insertText", {"text": "送料"})
    ime.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    expect(page.locator(FIELD)).to_have_value("送料")
    expect(page.locator(".turn.shopper")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator(".turn.shopper .bubble")).to_have_text("送料")


def test_what_goes_over_the_wire_is_under_30_kb(house: House, visit: Visit) -> None:
    page = visit("about:blank")
    sizes: dict[str, int] = {}
    page.on(
        "requestfinished",
        lambda request: (
            sizes.update({request.url: int(request.response().headers["content-length"])})
            if request.url.endswith(".js") and "/shop/" not in request.url
            else None
        ),
    )
    page.goto(house.url)
    page.click(".launcher")
    expect(page.locator(".turn.bot .bubble")).to_be_visible()
    assert len(sizes) > 10
    assert sum(sizes.values()) < 30_000, sizes


@pytest.mark.parametrize(("width", "dark"), [(375, True), (1440, False)])
def test_the_shop_page_fits_and_reads(house: House, visit: Visit, width: int, dark: bool) -> None:
    page = visit(house.url, width=width, dark=dark, bypass_csp=True)
    expect(page.locator(".launcher")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("[...document.images].every(image => image.alt !== null)")
    for name, path in (("担当者の画面", "/desk"), ("FAQの編集室", "/studio")):
        link = page.get_by_role("link", name=name)
        assert link.evaluate("link => new URL(link.href).pathname") == path
    assert grave(page) == []


def test_a_link_of_an_answer_leads_to_a_page_that_keeps_the_chat(page: Page, house: House) -> None:
    ask(page)
    expect(page.locator(".turn.bot .bubble").last).to_have_text(ANSWER)
    reply = page.goto(f"{house.url}/guide/shipping")
    assert reply is not None
    assert reply.status == 404
    expect(page.get_by_role("heading", name="このページは実演にありません")).to_be_visible()
    expect(page.locator(".turn.bot .bubble").last).to_have_text(ANSWER)
