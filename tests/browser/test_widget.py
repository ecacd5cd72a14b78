"""The widget in a real browser, over a server that also misbehaves."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from api.lean import lean
from tests.browser.conftest import Shop, Visit, grave

WEB = Path(__file__).parents[2] / "api" / "web"
FIELD = ".composer textarea"


def open_chat(page: Page) -> None:
    page.click(".launcher")
    expect(page.locator(".turn.bot .bubble").first).to_be_visible()


def say(page: Page, text: str) -> None:
    page.fill(FIELD, text)
    page.press(FIELD, "Enter")


def wait_for_stream(page: Page, shop: Shop) -> None:
    """Until the server holds the page's stream, so that what it does next is seen live."""
    for _ in range(200):
        if shop.tell()["streams"]:
            return
        page.wait_for_timeout(20)
    raise AssertionError("no stream was opened")


@pytest.fixture
def chat(shop: Shop, visit: Visit) -> Page:
    page = visit(f"{shop.url}/plain")
    open_chat(page)
    wait_for_stream(page, shop)
    return page


# --- asking and being answered


def test_ask_and_be_answered(chat: Page) -> None:
    say(chat, "送料っていくら？")
    expect(chat.locator(".turn.shopper .bubble")).to_have_text("送料っていくら？")
    answer = chat.locator(".turn.bot .bubble").last
    expect(answer.locator("strong")).to_have_text("全国一律550円")
    expect(answer.locator("li")).to_have_count(2)
    expect(answer.locator("a")).to_have_attribute("href", "/guide/shipping")
    expect(chat.locator(FIELD)).to_have_value("")


def test_helpful_or_not(chat: Page, shop: Shop) -> None:
    say(chat, "送料っていくら？")
    chat.get_by_role("button", name="いいえ", exact=True).click()
    expect(chat.get_by_text("お役に立てず申し訳ございません")).to_be_visible()
    assert [e["body"]["helpful"] for e in shop.tell()["events"] if e["type"] == "feedback"] == [False]


def test_offered_questions_are_buttons(chat: Page, shop: Shop) -> None:
    say(chat, "返品したい")
    chat.get_by_role("button", name="名入れした品は返品できますか").click()
    expect(chat.locator(".turn.shopper .bubble").last).to_have_text("名入れした品は返品できますか")
    expect(chat.locator(".turn.bot .bubble").last).to_contain_text("返品はお受けしておりません")
    chosen = next(e for e in shop.tell()["events"] if e["type"] == "chosen")
    assert chosen["body"]["entry"] == "return-004"


def test_suggestions_while_typing_by_keyboard(chat: Page, shop: Shop) -> None:
    chat.locator(FIELD).press_sequentially("送料")
    expect(chat.locator(".suggestion")).to_have_count(2)
    chat.press(FIELD, "ArrowUp")
    chat.keyboard.press("ArrowUp")
    expect(chat.locator(".suggestion").first).to_be_focused()
    chat.keyboard.press("Enter")
    expect(chat.locator(".turn.shopper .bubble")).to_have_text("送料はいくらですか")
    expect(chat.locator(FIELD)).to_be_focused()
    expect(chat.locator(".suggestion")).to_have_count(0)


def test_the_shops_own_button_opens_the_chat(shop: Shop, visit: Visit) -> None:
    page = visit(shop.url)
    page.get_by_role("button", name="土鍋はIHで使えますか").click()
    expect(page.locator(FIELD)).to_have_value("土鍋はIHで使えますか")
    expect(page.locator(FIELD)).to_be_focused()


# --- a person


def test_a_person_from_the_first_screen_to_the_rating(chat: Page, shop: Shop) -> None:
    chat.get_by_role("button", name="担当者に相談する").click()
    card = chat.locator(".waiting")
    expect(card).to_contain_text("A-12")
    expect(card).to_contain_text("2番目")
    expect(card).to_contain_text(re.compile(r"(1〜)?3分"))
    expect(chat.locator(".person")).to_have_count(0)

    shop.tell(act="assign")
    expect(chat.locator(".standing")).to_have_text("佐藤がご案内しています")
    shop.tell(act="typing")
    expect(chat.get_by_text("佐藤が入力しています")).to_be_visible()
    shop.tell(act="say", text="佐藤です。**承ります**。")
    expect(chat.locator(".turn.agent .bubble")).to_have_text("佐藤です。**承ります**。")
    expect(chat.get_by_text("佐藤が入力しています")).to_have_count(0)
    say(chat, "沖縄でも同じですか")
    expect(chat.locator(".turn.shopper .bubble").last).to_have_text("沖縄でも同じですか")

    shop.tell(act="close")
    chat.get_by_role("radio", name="5: とても満足").check()
    chat.fill(".rating textarea", "助かりました")
    chat.get_by_role("button", name="評価を送る").click()
    expect(chat.get_by_text("ご評価をありがとうございました")).to_be_visible()
    rated = next(e for e in shop.tell()["events"] if e["type"] == "rated")
    assert rated["body"] == {"score": 5, "comment": "助かりました"}

    say(chat, "あと返品は？")
    expect(chat.get_by_text("会話を再開しました")).to_be_visible()


def test_a_released_chat_says_so_and_keeps_its_ticket(chat: Page, shop: Shop) -> None:
    chat.get_by_role("button", name="担当者に相談する").click()
    expect(chat.locator(".waiting")).to_be_visible()
    shop.tell(act="assign")
    expect(chat.locator(".waiting")).to_have_count(0)
    shop.tell(act="release")
    expect(chat.locator(".waiting")).to_contain_text("1番目")
    expect(chat.get_by_text("担当者が交代します")).to_be_visible()
    chat.get_by_role("button", name="自動応答に戻る").click()
    expect(chat.locator(".person")).to_be_visible()


def test_nobody_can_come_the_message_form(chat: Page, shop: Shop) -> None:
    shop.tell(desk="nobody")
    say(chat, "壊れて届きました")
    expect(chat.locator(".turn.bot .bubble")).to_have_count(2)
    chat.get_by_role("button", name="担当者に相談する").click()
    expect(chat.locator(".turn.bot .bubble").last).to_contain_text("ただいま担当者がおりません")
    chat.get_by_role("button", name="メールでの返信を希望する").click()
    expect(chat.locator("#f-text")).to_have_value("壊れて届きました")
    chat.fill("#f-email", "hana@")
    chat.get_by_role("button", name="メッセージを預ける").click()
    expect(chat.locator("#e-email")).to_contain_text("形をお確かめください")
    expect(chat.locator("#f-email")).to_be_focused()
    chat.fill("#f-email", "hana@example.jp")
    chat.get_by_role("button", name="メッセージを預ける").click()
    expect(chat.get_by_text("メッセージをお預かりしました")).to_be_visible()
    left = next(e for e in shop.tell()["events"] if e["type"] == "contact_left")
    assert left["body"]["text"] == "壊れて届きました"


def test_closing_and_beginning_anew(chat: Page, shop: Shop) -> None:
    say(chat, "送料っていくら？")
    expect(chat.locator(".turn.bot .bubble")).to_have_count(2)
    chat.get_by_role("button", name="メニュー").click()
    chat.get_by_role("button", name="会話を終了する").click()
    expect(chat.locator(".standing")).to_have_text("会話は終了しました")
    chat.get_by_role("button", name="今回は答えない").click()
    chat.get_by_role("button", name="メニュー").click()
    chat.get_by_role("button", name="新しい会話を始める").click()
    expect(chat.locator(".turn.shopper")).to_have_count(0)
    assert shop.tell()["conversations"] == 2


# --- nothing lost, nothing doubled


def test_a_lost_answer_neither_loses_nor_doubles(chat: Page, shop: Shop) -> None:
    shop.tell(faults=[{"path": "/messages", "lose": True}])
    say(chat, "送料っていくら？")
    expect(chat.locator(".turn.bot .bubble")).to_have_count(2)
    expect(chat.locator(".turn.shopper")).to_have_count(1)
    expect(chat.locator(".unsent")).to_have_count(0)
    assert shop.said() == ["送料っていくら？"]


def test_unsent_stays_in_sight_over_a_reload_and_is_sent_once(chat: Page, shop: Shop) -> None:
    shop.tell(faults=[{"path": "/messages", "status": 503, "times": 100, "retryAfter": 60}])
    say(chat, "途中で切れた言葉")
    expect(chat.get_by_text("未送信")).to_be_visible()
    chat.reload()
    expect(chat.locator(".unsent .bubble")).to_have_text("途中で切れた言葉")
    shop.tell(faults=[])
    chat.get_by_role("button", name="再送").click()
    expect(chat.locator(".unsent")).to_have_count(0)
    assert shop.said() == ["途中で切れた言葉"]


def test_offline_is_said_and_what_was_written_goes_out_later(chat: Page, shop: Shop) -> None:
    chat.context.set_offline(True)
    expect(chat.get_by_text("オフラインです")).to_be_visible()
    say(chat, "電車の中から")
    expect(chat.get_by_text("未送信")).to_be_visible()
    chat.context.set_offline(False)
    expect(chat.locator(".unsent")).to_have_count(0)
    expect(chat.locator(".banner")).to_have_count(0)
    assert shop.said() == ["電車の中から"]


@pytest.mark.parametrize("way", ["double", "hole"])
def test_a_stream_that_doubles_or_leaves_holes(chat: Page, shop: Shop, way: str) -> None:
    shop.tell(stream=way, act="assign")
    for number in range(5):
        shop.tell(act="say", text=f"その{number}")
    shop.tell(stream="good", act="say", text="以上")
    bubbles = chat.locator(".turn.agent .bubble")
    expect(bubbles).to_have_text([*(f"その{number}" for number in range(5)), "以上"])


def test_a_dropped_line_resumes(chat: Page, shop: Shop) -> None:
    shop.tell(stream="drop", act="assign")
    shop.tell(act="say", text="切れているあいだ")
    expect(chat.locator(".turn.agent .bubble")).to_have_text("切れているあいだ")


def test_a_server_that_is_away_at_first(shop: Shop, visit: Visit) -> None:
    shop.tell(faults=[{"path": "/conversations", "status": 503, "times": 2, "retryAfter": 1}])
    page = visit(f"{shop.url}/plain")
    page.click(".launcher")
    expect(page.get_by_text("ただいまつながりません")).to_be_visible()
    page.fill(FIELD, "まだ送れない")
    page.press(FIELD, "Enter")
    expect(page.get_by_text("未送信")).to_be_visible()
    expect(page.locator(".unsent")).to_have_count(0)
    assert shop.said() == ["まだ送れない"]
    assert shop.tell()["conversations"] == 1


def test_a_forgotten_conversation_begins_anew_and_keeps_the_words(chat: Page, shop: Shop) -> None:
    shop.tell(forget=True)
    say(chat, "まだいますか")
    expect(chat.locator(".turn.shopper .bubble")).to_have_text("まだいますか")
    expect(chat.locator(".unsent")).to_have_count(0)
    assert shop.said() == ["まだいますか"]


def test_refused_words_stay_and_can_be_thrown_away(chat: Page, shop: Shop) -> None:
    shop.tell(faults=[{"path": "/messages", "status": 422, "code": "invalid_text"}])
    say(chat, "受け付けられない")
    expect(chat.locator(".why")).to_contain_text("受け付けられませんでした")
    chat.get_by_role("button", name="取り消す").click()
    expect(chat.locator(".unsent")).to_have_count(0)
    assert shop.said() == []


# --- reload, tabs, drafts


def test_restored_after_a_reload_with_draft_and_without_stealing_the_focus(chat: Page) -> None:
    say(chat, "送料っていくら？")
    expect(chat.locator(".turn.bot .bubble")).to_have_count(2)
    chat.fill(FIELD, "書きかけ")
    chat.reload()
    expect(chat.locator(".turn.bot .bubble")).to_have_count(2)
    expect(chat.locator(FIELD)).to_have_value("書きかけ")
    expect(chat.locator(FIELD)).not_to_be_focused()


def test_two_tabs_one_conversation_one_stream(chat: Page, shop: Shop, visit: Visit) -> None:
    other = visit(f"{shop.url}/plain", context=chat.context)
    open_chat(other)
    say(other, "送料っていくら？")
    for page in (chat, other):
        expect(page.locator(".turn.shopper .bubble")).to_have_text("送料っていくら？")
        expect(page.locator(".turn.bot .bubble")).to_have_count(2)
    told = shop.tell()
    assert (told["conversations"], told["streams"]) == (1, 1)
    chat.close()
    shop.tell(act="assign")
    shop.tell(act="say", text="もう一つのタブへ")
    expect(other.locator(".turn.agent .bubble")).to_have_text("もう一つのタブへ")


def test_unread_is_counted_while_closed(chat: Page, shop: Shop) -> None:
    shop.tell(act="assign")
    chat.get_by_role("button", name="閉じる").click()
    shop.tell(act="say", text="お待たせしました")
    expect(chat.locator(".badge")).to_contain_text("1")
    expect(chat.locator(".launcher")).to_contain_text("佐藤と会話中")
    chat.click(".launcher")
    chat.get_by_role("button", name="閉じる").click()
    expect(chat.locator(".badge")).to_have_count(0)


# --- IME


def test_enter_while_composing_does_not_send(chat: Page, shop: Shop) -> None:
    """A real composition over the browser's own IME interface."""
    field = chat.locator(FIELD)
    field.click()
    ime = chat.context.new_cdp_session(chat)
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    ime.send("Input.imeSetComposition", {"text": "そうりょう", "selectionStart": 5, "selectionEnd": 5})
    ime.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    expect(field).to_have_value("そうりょう")
    ime.send("Input.insertText", {"text": "送料"})
    ime.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    expect(field).to_have_value("送料")
    assert shop.said() == []
    chat.keyboard.press("Enter")
    expect(chat.locator(".turn.shopper .bubble")).to_have_text("送料")


def test_an_enter_right_after_compositionend_does_not_send(chat: Page, shop: Shop) -> None:
    """Safari and some macOS input methods: compositionend first, then a keydown that looks plain."""
    chat.fill(FIELD, "沖縄")
    chat.locator(FIELD).evaluate(
        """field => {
          const far = {bubbles: true, cancelable: true, composed: true};
          const key = (more) => new KeyboardEvent('keydown', {key: 'Enter', ...far, ...more});
          field.dispatchEvent(new CompositionEvent('compositionstart', far));
          field.dispatchEvent(key({}));
          field.dispatchEvent(new CompositionEvent('compositionend', far));
          field.dispatchEvent(key({keyCode: 13}));
          field.dispatchEvent(key({keyCode: 229}));
        }"""
    )
    expect(chat.locator(FIELD)).to_have_value("沖縄")
    assert shop.said() == []
    chat.press(FIELD, "Shift+Enter")
    expect(chat.locator(FIELD)).to_have_value("沖縄\n")


def test_enter_while_composing_does_not_submit_the_form(chat: Page, shop: Shop) -> None:
    chat.get_by_role("button", name="メニュー").click()
    chat.get_by_role("button", name="メールでの返信を希望する").last.click()
    kept = chat.locator("#f-name").evaluate(
        """field => !field.dispatchEvent(new KeyboardEvent('keydown', {
          key: 'Enter', keyCode: 229, isComposing: true, bubbles: true, cancelable: true, composed: true}))"""
    )
    assert kept
    expect(chat.locator(".error")).to_have_count(0)


# --- looks, keys, ears


@pytest.mark.parametrize(("width", "dark"), [(375, False), (1440, True)])
def test_axe_finds_nothing_serious(shop: Shop, visit: Visit, width: int, dark: bool) -> None:
    page = visit(shop.url, width=width, dark=dark, bypass_csp=True)
    assert grave(page) == []
    open_chat(page)
    say(page, "返品したい")
    expect(page.locator(".offer")).to_have_count(2)
    assert grave(page) == []
    page.click(".person")
    expect(page.locator(".waiting")).to_be_visible()
    assert grave(page) == []
    page.get_by_role("button", name="メールでの返信を希望する").click()
    page.get_by_role("button", name="メッセージを預ける").click()
    expect(page.locator("#e-email")).to_be_visible()
    assert grave(page) == []
    page.get_by_role("button", name="やめる").click()
    shop.tell(act="close")
    expect(page.locator(".rating")).to_be_visible()
    assert grave(page) == []


def test_on_a_phone_the_sheet_fills_the_screen_and_keeps_the_focus(shop: Shop, visit: Visit) -> None:
    page = visit(f"{shop.url}/plain", width=375, height=700, touch=True)
    open_chat(page)
    box = page.locator(".panel").bounding_box()
    assert box is not None
    assert (box["x"], box["width"], round(box["height"])) == (0, 375, 700)
    say(page, "長い言葉")
    expect(page.locator(FIELD)).to_have_value("長い言葉\n")  # on a touch screen Enter breaks the line
    page.click(".send")
    expect(page.locator(".turn.bot .bubble").last).to_contain_text("折り返します")
    assert page.locator(".log").evaluate("log => log.scrollWidth <= log.clientWidth")
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.localName") == "toritsugi-chat"


def test_keyboard_alone(shop: Shop, visit: Visit) -> None:
    page = visit(f"{shop.url}/plain")
    page.locator(".launcher").focus()
    page.keyboard.press("Enter")
    expect(page.locator(FIELD)).to_be_focused()
    expect(page.locator(".turn.bot .bubble")).to_be_visible()
    page.get_by_role("button", name="メニュー").press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".launcher")).to_be_focused()


def test_answers_are_read_out_but_not_the_past(chat: Page) -> None:
    ears = chat.locator("[aria-live=polite]")
    expect(ears).to_have_text("")
    say(chat, "土鍋はIHで使えますか")
    expect(ears).to_contain_text("IHには対応しておりません")


def test_english_by_a_switch_and_by_the_page(shop: Shop, visit: Visit) -> None:
    page = visit(f"{shop.url}/plain")
    open_chat(page)
    page.get_by_role("button", name="メニュー").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Talk to a person")).to_be_visible()
    expect(page.locator(".turn.bot .bubble")).to_contain_text("Welcome")
    page.reload()
    expect(page.get_by_role("button", name="Talk to a person")).to_be_visible()


def test_typed_markup_is_text_and_links_are_safe(chat: Page, shop: Shop) -> None:
    say(chat, "<img src=x onerror=alert(1)> **a**")
    expect(chat.locator(".turn.shopper .bubble")).to_have_text("<img src=x onerror=alert(1)> **a**")
    expect(chat.locator(".turn.bot .bubble")).to_have_text([re.compile("ひより道具店"), re.compile("担当者")])
    shop.tell(act="bot", text="[押す](javascript:alert(1)) [外](https://example.jp/) <b>x</b>")
    last = chat.locator(".turn.bot .bubble").last
    expect(last).to_contain_text("[押す](javascript:alert(1))")
    expect(last.locator("a")).to_have_count(1)
    expect(last.locator("a")).to_have_attribute("rel", "noopener noreferrer nofollow")


# --- loading


def test_on_another_origin_under_a_strict_policy(shop: Shop, visit: Visit) -> None:
    """A page of `localhost` that names the widget of 127.0.0.1 and allows nothing but its own styles."""
    page = visit(shop.url.replace("127.0.0.1", "localhost") + "/elsewhere?token=secret")
    with page.expect_request("**/v1/conversations") as opening:
        page.get_by_role("button", name="Questions?").click()
    expect(page.locator(".turn.bot .bubble")).to_contain_text("Welcome")
    assert page.evaluate("document.cookie") == ""
    assert opening.value.post_data_json["page"].endswith("/elsewhere")


def test_a_module_that_does_not_load_is_said(shop: Shop, visit: Visit) -> None:
    page = visit("about:blank")
    page.route("**/session.js", lambda route: route.abort())
    page.goto(shop.url)
    expect(page.get_by_role("status")).to_contain_text("チャットを読み込めませんでした")
    expect(page.get_by_role("link", name="再読み込み")).to_be_visible()
    visit.errors.clear()  # type: ignore[attr-defined]


def test_a_widget_that_does_not_load_is_said_by_the_shop(shop: Shop, visit: Visit) -> None:
    page = visit("about:blank")
    page.route("**/widget.js", lambda route: route.abort())
    page.goto(shop.url)
    expect(page.get_by_text("ただいまチャットを読み込めません")).to_be_visible()


def test_everything_it_loads_is_under_30_kb_compressed(shop: Shop, visit: Visit) -> None:
    page = visit("about:blank")
    loaded: set[str] = set()
    page.on("request", lambda request: loaded.add(urlsplit(request.url).path))
    page.goto(shop.url)
    open_chat(page)
    say(page, "返品したい")
    expect(page.locator(".offer")).to_have_count(2)
    page.click(".person")
    expect(page.locator(".waiting")).to_be_visible()

    def size(path: str) -> int:
        source = (WEB / path.removeprefix("/").removeprefix("web/")).read_text("utf-8")
        return len(gzip.compress((source if "vendor" in path else lean(source)).encode(), 9, mtime=0))

    sizes = {path: size(path) for path in loaded if path.endswith(".js") and "/shop/" not in path}
    assert {"/widget.js", "/web/widget/element.js", "/web/widget/texts/ja.js"} <= set(sizes)
    assert sum(sizes.values()) < 30_000, sizes
