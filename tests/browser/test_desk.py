"""The console, driven as agents drive it, against the real server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.api.served import House, Shopper, serving
from tests.browser.staff import COMPOSED_ENTER, Staff, at_work, overflows

ASKS = "送料っていくら？"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(autouse=True)
def tidy(house: House) -> Iterator[None]:
    """Every test finds an empty desk with 佐藤 there."""
    house.staff("sato@example.jp").available()
    house.staff("suzuki@example.jp").available("away")
    house.staff("tanaka@example.jp").available("away")
    yield
    lead = house.staff("tanaka@example.jp")
    desk = lead.client.get("/v1/desk").json()
    for card in [*desk["queue"], *desk["conversations"], *desk.get("others", [])]:
        if card["owner"]["kind"] == "queue":
            lead.act(card["conversation"], "claim")
        lead.act(card["conversation"], "close")


@pytest.fixture
def sato(browser: Browser, house: House) -> Iterator[Staff]:
    with at_work(browser, house, "sato@example.jp", "/desk") as staff:
        expect(staff.page.get_by_role("button", name="対応可")).to_have_attribute("aria-pressed", "true")
        yield staff


def waiting(house: House, text: str = ASKS) -> Shopper:
    """A shopper who asked, was answered by the bot, and asked for a person."""
    shopper = house.shopper(page="https://shop.example.jp/items/donabe?from=mail")
    shopper.answered(shopper.say(text))
    assert shopper.act("handover").status_code == 200
    return shopper


def claimed(page: Page, shopper: Shopper) -> None:
    """The chat taken with one key, and its reply field ready."""
    page.locator(f"#row-{shopper.id}").click()
    page.keyboard.press("c")
    expect(page.locator("#reply")).to_be_focused()


def said_by_agents(shopper: Shopper) -> list[str]:
    events = shopper.page()["messages"]
    return [e["body"]["text"] for e in events if e["type"] == "message" and e["from"] == "agent"]


def test_from_the_queue_to_the_end_with_the_keyboard_alone(house: House, sato: Staff) -> None:
    page = sato.page
    expect(page.get_by_text("待っているお客様はいません").first).to_be_visible()
    shopper = waiting(house)
    row = page.locator(f"#row-{shopper.id}")
    expect(row).to_contain_text("担当者を希望")
    expect(row.locator("since-time")).to_have_text(re.compile(r"^0:\d\d$"))
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    assert "data:image/svg" in (page.locator('link[rel="icon"]').get_attribute("href") or "")

    page.keyboard.press("c")
    expect(page.locator("#reply")).to_be_focused()
    expect(page).to_have_title(re.compile(r"^デスク"))
    page.keyboard.type("佐藤です。承ります。")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("少々お待ちください。")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.agent:not(.pending)")).to_contain_text("承ります")
    shopper.wait_for(lambda e: e["from"] == "agent" and e["type"] == "message")
    assert said_by_agents(shopper) == ["佐藤です。承ります。\n少々お待ちください。"]

    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.type("離島は要確認")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.note")).to_contain_text("離島は要確認")
    assert all(e["type"] != "note" for e in shopper.page()["messages"])

    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.get_by_label("解決した", exact=True).press("Enter")
    expect(page.get_by_text("この会話は終了しています。")).to_be_visible()
    shopper.wait_for(lambda e: e["type"] == "closed")


def test_what_the_bot_understood_stands_there_in_words(house: House, sato: Staff) -> None:
    shopper = waiting(house)
    page = sato.page
    page.locator(f"#row-{shopper.id}").click()
    panel = page.locator(".panel")
    expect(panel).to_contain_text("「送料はいくらですか」のご質問と判断し")
    expect(panel).to_contain_text(ASKS)
    expect(panel.get_by_role("img", name=re.compile("見込み"))).to_be_visible()
    expect(panel).to_contain_text("平静")
    expect(panel.get_by_role("heading", name="案内ずみのFAQ")).to_be_visible()
    page.locator(".decided summary").first.click()
    expect(page.locator(".decided").first).to_contain_text("確信度")
    expect(page.locator(".log")).to_contain_text("受付番号")
    page.get_by_role("tab", name="お客様").click()
    expect(panel).to_contain_text("https://shop.example.jp/items/donabe")
    expect(panel).not_to_contain_text("from=mail")


def test_one_key_puts_an_approved_answer_into_the_reply(house: House, sato: Staff) -> None:
    shopper = waiting(house)
    page = sato.page
    claimed(page, shopper)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    hits = page.locator("#faq-hits > li")
    expect(hits.first).to_contain_text("送料はいくらですか")
    expect(page.get_by_label("FAQを検索")).to_have_value(ASKS)
    page.get_by_label("FAQを検索").fill("返品")
    expect(hits.first).to_contain_text("返品はできますか")
    page.keyboard.press("Alt+1")
    expect(page.locator("#reply")).to_have_value("到着後8日以内、未使用のものに限り返品できます。")
    page.keyboard.press("Enter")
    answer = shopper.wait_for(lambda e: e["from"] == "agent" and e["type"] == "message")
    assert answer["body"]["text"] == "到着後8日以内、未使用のものに限り返品できます。"
    expect(page.locator(".msg.agent .under")).to_contain_text("返品はできますか")


def test_an_enter_that_ends_a_conversion_never_sends(house: House, sato: Staff) -> None:
    shopper = waiting(house)
    page = sato.page
    claimed(page, shopper)
    page.keyboard.type("へんかん")
    page.locator("#reply").evaluate(COMPOSED_ENTER)
    expect(page.locator("#reply")).to_have_value("へんかん")
    expect(page.locator(".msg.agent")).to_have_count(0)
    page.locator("#reply").dispatch_event("keyup", {"key": "Enter"})
    page.keyboard.press("Enter")
    expect(page.locator(".msg.agent:not(.pending)")).to_have_count(1)
    assert said_by_agents(shopper) == ["へんかん"]


def test_ctrl_enter_as_the_send_key(house: House, sato: Staff) -> None:
    shopper = waiting(house)
    page = sato.page
    page.get_by_role("button", name="アカウントと設定").click()
    page.get_by_role("button", name="Ctrl + Enter").click()
    page.keyboard.press("Escape")
    claimed(page, shopper)
    page.keyboard.type("一行目")
    page.keyboard.press("Enter")
    page.keyboard.type("二行目")
    expect(page.locator("#reply")).to_have_value("一行目\n二行目")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".msg.agent:not(.pending)")).to_have_count(1)
    assert said_by_agents(shopper) == ["一行目\n二行目"]


def test_a_lost_race_is_said_kindly(house: House, sato: Staff) -> None:
    page = sato.page
    first, second = waiting(house), waiting(house)
    expect(page.locator(f"#row-{first.id}")).to_be_visible()
    expect(page.locator(f"#row-{second.id}")).to_be_visible()
    page.locator(f"#row-{first.id}").click()
    expect(page.locator(".log")).to_contain_text(ASKS)

    def overtaken(route: object) -> None:
        assert house.staff("suzuki@example.jp").act(first.id, "claim").status_code == 200
        route.continue_()  # type: ignore[attr-defined]

    page.route(re.compile(r"/claim$"), overtaken, times=1)
    page.get_by_role("button", name=re.compile("^担当する")).click()
    expect(page.locator(".toast")).to_contain_text("一足先に")
    page.locator(".toast").get_by_role("button", name="次のお客様へ").click()
    expect(page.locator(f"#row-{second.id}")).to_have_attribute("aria-current", "true")
    expect(page.locator(f"#row-{first.id}")).to_have_count(0)


def test_typing_is_seen_both_ways(house: House, sato: Staff) -> None:
    shopper = waiting(house)
    page = sato.page
    claimed(page, shopper)
    assert shopper.client.post(f"/v1/conversations/{shopper.id}/typing", json={}).status_code == 204
    expect(page.locator(".msg.typing")).to_be_visible()
    with page.expect_response(lambda r: r.url.endswith(f"{shopper.id}/typing")) as told:
        page.keyboard.type("は")
    assert told.value.status == 204


def test_a_reply_written_offline_goes_out_once_with_its_own_id(house: House, sato: Staff) -> None:
    shopper = waiting(house)
    page = sato.page
    claimed(page, shopper)
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/messages"):
            sent.append(json.loads(request.post_data or "{}")["client_id"])

    page.on("request", note)
    lost = "route lost"
    page.route(re.compile(r"/messages$"), lambda route: (route.fetch(), route.abort())[1], times=1)
    page.keyboard.type("届きましたか")
    page.keyboard.press("Enter")
    expect(page.locator(".msg.pending")).to_contain_text("届きましたか")
    expect(page.locator(".msg.pending")).to_have_count(0)
    expect(page.locator(".msg.agent")).to_have_count(1)
    shopper.wait_for(lambda e: e["from"] == "agent" and e["type"] == "message")
    page.wait_for_function("() => Object.keys(sessionStorage).every((key) => !key.includes(':out:'))")
    assert len(set(sent)) == 1, lost
    assert said_by_agents(shopper) == ["届きましたか"]


def test_a_reload_keeps_session_chat_and_what_was_being_written(house: House, sato: Staff) -> None:
    shopper = waiting(house)
    page = sato.page
    claimed(page, shopper)
    page.keyboard.type("書きかけの返信")
    page.reload()
    expect(page.locator("#reply")).to_have_value("書きかけの返信")
    expect(page.locator(f"#row-{shopper.id}")).to_have_attribute("aria-current", "true")


def test_two_tabs_share_one_stream_and_both_hear(house: House, sato: Staff) -> None:
    streams: list[str] = []
    sato.context.on("request", lambda r: streams.append(r.url) if "/desk/events" in r.url else None)
    second = sato.tab("/desk")
    expect(second.locator(".mystate")).to_be_visible()
    shopper = waiting(house)
    expect(second.locator(f"#row-{shopper.id}")).to_be_visible()
    expect(sato.page.locator(f"#row-{shopper.id}")).to_be_visible()
    assert len(streams) <= 1
    with second.expect_request(re.compile("/desk/events")):
        sato.page.close()
    later = waiting(house)
    expect(second.locator(f"#row-{later.id}")).to_be_visible()


def test_hold_release_transfer_and_back_to_the_bot(house: House, sato: Staff) -> None:
    page = sato.page
    shopper = waiting(house)
    claimed(page, shopper)
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    expect(page.locator(".head")).to_contain_text("保留中")
    page.keyboard.press("h")
    expect(page.locator(".head")).not_to_contain_text("保留中")

    page.keyboard.press("l")
    page.get_by_label("理由").fill("在庫の確認を引き継ぎ")
    page.get_by_role("dialog").get_by_role("button", name="待ちに戻す").click()
    expect(page.locator(f"#row-{shopper.id}")).to_contain_text("優先")

    claimed(page, shopper)
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.get_by_role("dialog").get_by_role("button", name="botに戻す").click()
    shopper.wait_for(lambda e: e["type"] == "returned")
    expect(page.locator(".lists")).not_to_contain_text("A-")

    other = waiting(house)
    claimed(page, other)
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.get_by_label(re.compile("鈴木")).check()
    page.get_by_label(re.compile("申し送り")).fill("写真は確認済み")
    page.get_by_role("dialog").get_by_role("button", name="転送").click()
    expect(page.locator(".toast", has_text="鈴木へ転送しました")).to_be_visible()
    suzuki = house.staff("suzuki@example.jp").client.get(f"/v1/desk/conversations/{other.id}").json()
    assert [e["body"]["text"] for e in suzuki["events"] if e["type"] == "note"] == ["写真は確認済み"]
    expect(page.locator(f"#row-{other.id}")).to_have_count(0)


def test_a_supervisor_sees_all_and_steps_in(browser: Browser, house: House) -> None:
    agent = house.staff("sato@example.jp")
    shopper = waiting(house)
    assert agent.act(shopper.id, "claim").status_code == 200
    asking = house.shopper()
    asking.answered(asking.say(ASKS))
    with at_work(browser, house, "tanaka@example.jp", "/desk") as tanaka:
        page = tanaka.page
        expect(page.locator(f"#row-{shopper.id}")).to_contain_text("佐藤")
        page.get_by_role("button", name=re.compile("botが対応中")).click()
        page.locator(f"#row-{asking.id}").click()
        page.get_by_role("button", name="会話に入る").click()
        expect(page.locator("#reply")).to_be_focused()
        asking.wait_for(lambda e: e["type"] == "assigned" and e["name"] == "田中")


def test_my_state_and_its_reason(house: House, sato: Staff) -> None:
    page = sato.page
    page.get_by_role("button", name="離席").click()
    with page.expect_response(lambda r: r.url.endswith("/desk/me") and "食事" in (r.request.post_data or "")):
        page.get_by_role("button", name="食事").click()
    expect(page.get_by_role("button", name="食事")).to_have_attribute("aria-pressed", "true")
    me = house.staff("sato@example.jp").client.get("/v1/desk").json()["me"]
    assert (me["state"], me["reason"]) == ("away", "食事")


def test_a_wrong_password_and_an_ended_session(browser: Browser, house: House, sato: Staff) -> None:
    page = sato.page
    shopper = waiting(house)
    claimed(page, shopper)
    page.keyboard.type("消えない文")
    sato.context.clear_cookies()
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    expect(page.get_by_text("ログインの有効期限が切れました")).to_be_visible()
    page.get_by_label("メールアドレス").fill("sato@example.jp")
    page.get_by_label("パスワード").fill("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("違います")
    page.get_by_label("パスワード").fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.locator("#reply")).to_have_value("消えない文")


def test_single_keys_can_be_switched_off(house: House, sato: Staff) -> None:
    page = sato.page
    shopper = waiting(house)
    page.locator(f"#row-{shopper.id}").click()
    page.keyboard.press("?")
    page.get_by_label("1文字のショートカットを使う").uncheck()
    page.get_by_role("dialog").get_by_role("button", name="閉じる").click()
    page.keyboard.press("c")
    expect(page.get_by_role("button", name=re.compile("^担当する"))).to_be_visible()
    assert page.locator("#reply").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, house: House, scheme: str) -> None:
    first, second = waiting(house), waiting(house, "返品したい")
    with at_work(
        browser, house, "sato@example.jp", "/desk", color_scheme=scheme, reduced_motion="reduce"
    ) as staff:
        page = staff.page
        expect(page.locator(f"#row-{second.id}")).to_be_visible()
        assert staff.axe() == []
        claimed(page, first)
        page.keyboard.type("下書き")
        assert staff.axe() == []
        page.get_by_role("tab", name="FAQ").click()
        expect(page.locator("#faq-hits > li").first).to_be_visible()
        assert staff.axe() == []
        page.locator(".log").click()
        page.keyboard.press("t")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert staff.axe() == []


def test_on_a_telephone_one_column_at_a_time_and_in_english(browser: Browser, house: House) -> None:
    shopper = waiting(house, "送料を教えて")
    with at_work(browser, house, "sato@example.jp", "/desk", viewport={"width": 375, "height": 720}) as staff:
        page = staff.page
        assert not overflows(page)
        page.locator(f"#row-{shopper.id}").click()
        page.get_by_role("button", name=re.compile("^担当する")).click()
        expect(page.locator("#reply")).to_be_visible()
        assert not overflows(page)
        page.get_by_role("button", name="手がかりを").click()
        expect(page.get_by_role("tab", name="FAQ")).to_be_visible()
        assert not overflows(page)
        page.get_by_role("button", name="閉じる").click()
        page.get_by_role("button", name="一覧へ").click()
        page.get_by_role("button", name="アカウントと設定").click()
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_role("heading", name=re.compile("^Mine"))).to_be_attached()
        assert staff.axe() == []


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (lambda route: route.fulfill(status=503, json={"code": "busy"}), "混み合っています"),
        (lambda route: route.abort(), "接続できませんでした"),
    ],
    ids=["busy", "away"],
)
def test_a_desk_that_cannot_be_read_says_so_and_recovers(
    browser: Browser, house: House, fault: Callable[..., None], text: str
) -> None:
    with at_work(browser, house, "sato@example.jp", "/desk") as staff:
        page = staff.page
        page.route(re.compile(r"/v1/desk$"), fault)
        page.reload()
        expect(page.locator(".lists")).to_contain_text(text)
        page.unroute(re.compile(r"/v1/desk$"))
        page.get_by_role("button", name="もう一度試す").click()
        expect(page.locator(".mystate")).to_be_visible()
