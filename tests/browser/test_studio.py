"""The studio, driven as content staff drive it, against the real server; the circle closes here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.drafts import Drafts
from tests.api.served import House, serving
from tests.browser.staff import COMPOSED_ENTER, Staff, at_work, number, overflows

KNIVES = "古い包丁は本店の店頭で、無料でお引き取りします。1回3本までです。"
PLACES = {
    "entries": ".entries li",
    "entries/ship-001": ".editor",
    "entries/+": ".editor",
    "try/送料いくら": ".both",
    "proposals": ".split",
    "releases": ".releases li",
    "import": ".dropper",
    "statistics": ".heading",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving(tmp_path_factory.mktemp("studio")) as running:
        yield running


@pytest.fixture
def ito(browser: Browser, house: House) -> Iterator[Staff]:
    with at_work(browser, house, "ito@example.jp", "/studio") as staff:
        expect(staff.page.locator(".entries li").first).to_be_visible()
        yield staff


def chat_about_knives(house: House) -> str:
    """A closed chat in which an agent answered what the FAQ does not."""
    sato = house.staff("sato@example.jp")
    sato.available()
    shopper = house.shopper()
    shopper.say("山田太郎と申します。古い包丁の捨て方に困っています")
    shopper.act("handover")
    sato.act(shopper.id, "claim")
    assert sato.act(shopper.id, "messages", text=KNIVES).status_code == 201
    sato.act(shopper.id, "close")
    return shopper.id


def propose(house: House, question: str, answer: str = KNIVES, chat: str = "gone", **more: str) -> None:
    proposal = {
        "kind": "new",
        "entry": None,
        "question": question,
        "answer": answer,
        "evidence": [chat, "another"],
        "conversations": 2,
        "reasons": [{"code": "asked_again", "text": "2件の会話で、担当者が同じ案内をした"}],
    }
    assert Drafts(house.parts.store).propose([proposal | more]) == 1


def at(page: Page, place: str) -> None:
    page.evaluate("place => { location.hash = '#/' + place; }", place)


def publish(page: Page, note: str = "") -> None:
    """Publishes by the page, and waits until it says that it is done."""
    at(page, "releases")
    page.locator(".heading").get_by_role("button", name="公開する").click()
    page.get_by_label("メモ").fill(note)
    page.get_by_role("dialog").get_by_role("button", name="公開する").click()
    expect(page.locator(".toast", has_text="公開しました")).to_be_visible(timeout=20_000)


def test_an_edited_answer_is_tried_published_and_said(house: House, ito: Staff) -> None:
    page = ito.page
    page.get_by_role("link", name=re.compile("^送料はいくらですか")).click()
    page.get_by_label("回答", exact=True).fill("全国一律**600円**です。")
    expect(page.locator(".talk .said.bot strong")).to_have_text("600円")
    page.get_by_label("変更の理由").fill("10月の改定")
    page.keyboard.press("Control+s")
    expect(page.locator(".heading")).to_contain_text("変更あり")
    expect(page.get_by_role("button", name="下書きを保存")).to_be_disabled()
    page.get_by_role("button", name="履歴").click()
    expect(page.locator(".past")).to_contain_text("10月の改定")
    expect(page.locator(".past ins").first).to_contain_text("600")

    at(page, "try/送料っていくら？")
    expect(page.locator(".both section").first).to_contain_text("600円")
    expect(page.locator(".both section").last).to_contain_text("550円")
    expect(page.get_by_text("答えが変わります")).to_be_visible()
    expect(page.locator(".parts").first).to_contain_text("質問の語")

    publish(page, "送料の改定")
    expect(page.locator(".releases .live")).to_contain_text("送料の改定")
    expect(page.locator(".releases .live")).to_contain_text("問が正答")
    shopper = house.shopper()
    assert "600円" in shopper.answered(shopper.say("送料っていくら？"))["body"]["text"]

    page.locator(".releases .superseded").first.get_by_role("button", name="この状態に戻す").click()
    page.get_by_role("dialog").get_by_role("button", name="この状態に戻す").click()
    expect(page.locator(".toast", has_text="戻しました")).to_be_visible()
    again = house.shopper()
    assert "550円" in again.answered(again.say("送料っていくら？"))["body"]["text"]


def test_a_proposal_accepted_and_published_is_answered(house: House, ito: Staff) -> None:
    propose(house, "古い包丁を引き取ってもらえますか", chat=chat_about_knives(house))
    page = ito.page
    at(page, "proposals")
    one = page.locator(".one")
    expect(one).to_contain_text("2件の会話で、担当者が同じ案内をした")
    expect(one.locator(".masked").first).to_have_text("〔氏名〕")
    expect(one.locator(".evidence")).to_contain_text("捨て方に困っています")
    expect(one.locator(".evidence")).to_contain_text("本店の店頭で")
    expect(one).not_to_contain_text("山田")
    one.get_by_label("回答").fill(KNIVES + "刃を厚紙で包んでください。")
    page.locator(".heading h1").click()
    page.keyboard.press("a")
    expect(page.locator(".toast", has_text="採用しました")).to_be_visible()
    expect(page.get_by_text("確認する提案はありません")).to_be_visible()
    publish(page)
    shopper = house.shopper()
    answer = shopper.answered(shopper.say("古い包丁を引き取ってもらえますか"))
    assert "厚紙" in answer["body"]["text"]


def test_a_correction_is_a_difference_and_a_no_needs_a_reason(house: House, ito: Staff) -> None:
    fourteen = "到着後14日以内、未使用のものに限り返品できます。"
    propose(house, "返品はできますか", fourteen, kind="correction", entry="return-001")
    propose(house, "返せますか", "", kind="variant", entry="return-001")
    page = ito.page
    at(page, "proposals")
    expect(page.locator(".items li")).to_have_count(2)
    page.locator(".items li", has_text="返品はできますか").click()
    expect(page.locator(".one .diff ins")).to_have_text("14")
    expect(page.locator(".one .diff del")).to_have_text("8")
    page.locator(".heading h1").click()
    page.keyboard.press("r")
    page.get_by_label("内容が正しくない").check()
    page.get_by_role("dialog").get_by_role("button", name="見送る").click()
    expect(page.locator(".items li")).to_have_count(1)
    expect(page.locator(".one")).to_contain_text("このFAQの言い換えに加える")
    page.get_by_role("button", name="採用して下書きへ").click()
    page.locator(".tools").get_by_role("button", name="見送り").click()
    expect(page.locator(".one")).to_contain_text("内容が正しくない")
    at(page, "entries/return-001")
    expect(page.locator(".chip", has_text="返せますか")).to_be_visible()


def test_two_people_editing_meet_in_a_difference(house: House, ito: Staff) -> None:
    page = ito.page
    at(page, "entries/pay-001")
    page.get_by_label("回答", exact=True).fill("カード、銀行振込、代金引換、後払いをご利用いただけます。")
    editor = house.staff("admin@example.jp").client
    entry = editor.get("/v1/entries/pay-001").json()
    theirs = {
        "question": "お支払いの方法を教えてください",
        "answer": entry["answer"],
        "category": "支払",
        "revision": entry["revision"],
    }
    assert editor.put("/v1/entries/pay-001", json=theirs).status_code == 200
    page.get_by_role("button", name="下書きを保存").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("ほかの人が先に保存しました")
    expect(dialog.locator("ins").filter(has_text="後払い")).to_be_visible()
    dialog.get_by_role("button", name="この内容で保存").click()
    expect(page.locator(".toast", has_text="保存しました")).to_be_visible()
    saved = editor.get("/v1/entries/pay-001").json()
    assert saved["question"] == "お支払いの方法を教えてください"
    assert "後払い" in saved["answer"]


def test_a_new_entry_with_chips_dates_and_english_survives_a_reload(house: House, ito: Staff) -> None:
    page = ito.page
    page.keyboard.press("n")
    page.get_by_role("button", name="下書きを保存").is_disabled()
    page.get_by_label("質問", exact=True).fill("年末年始の出荷はいつからですか")
    page.get_by_role("button", name="下書きを保存").click()
    expect(page.get_by_role("alert")).to_have_text("回答を入力してください。")
    page.get_by_label("回答", exact=True).fill("1月5日から出荷します。")
    variants = page.get_by_label("言い換え")
    variants.fill("ねんまつ")
    variants.evaluate(COMPOSED_ENTER)
    expect(page.locator(".chip")).to_have_count(0)
    variants.dispatch_event("keyup", {"key": "Enter"})
    variants.press("Enter")
    variants.fill("正月の発送")
    variants.press("Enter")
    expect(page.locator(".chip")).to_have_count(2)
    page.get_by_label("公開を始める日").fill("2026-12-20")
    page.get_by_label("公開を終える日").fill("2026-12-01")
    page.get_by_role("button", name="下書きを保存").click()
    expect(page.get_by_role("alert")).to_contain_text("始める日より後")
    page.get_by_label("公開を終える日").fill("2027-01-10")
    page.reload()
    expect(page.get_by_text("書きかけの変更を復元しました")).to_be_visible()
    expect(page.locator(".chip")).to_have_count(2)
    page.get_by_text("英語版").click()
    page.get_by_label("質問（英語）").fill("When do you ship after New Year?")
    page.get_by_label("回答（英語）").fill("From 5 January.")
    page.get_by_role("button", name="下書きを保存").click()
    expect(page.locator(".heading")).to_contain_text("第1版")
    made = page.evaluate("decodeURIComponent(location.hash.split('/')[2])")
    saved = house.staff("ito@example.jp").client.get(f"/v1/entries/{made}").json()
    assert saved["variants"] == ["ねんまつ", "正月の発送"]
    assert (saved["valid_from"], saved["valid_until"]) == ("2026-12-20", "2027-01-10")
    assert saved["translations"]["en"]["answer"] == "From 5 January."

    page.get_by_role("button", name="このFAQを削除").click()
    page.get_by_role("dialog").get_by_role("button", name="このFAQを削除").click()
    expect(page.locator(".entries li").first).to_be_visible()
    expect(page.locator(".entries")).not_to_contain_text("年末年始")


def test_entries_are_found_by_words_and_by_meaning(ito: Staff) -> None:
    page = ito.page
    page.keyboard.press("/")
    page.keyboard.type("代金引換")
    expect(page.locator(".entries li")).to_have_count(1)
    expect(page.locator(".entries mark").first).to_be_visible()
    page.get_by_label("FAQを検索").fill("ありえない言葉")
    expect(page.get_by_text("見つかりませんでした")).to_be_visible()
    page.get_by_role("button", name="意味").click()
    page.get_by_label("FAQを検索").fill("送料を知りたい")
    expect(page.locator(".entries li").first).to_contain_text("送料はいくらですか")
    page.get_by_role("button", name="言葉", exact=True).click()
    page.get_by_label("FAQを検索").fill("")
    page.get_by_label("分類").select_option("返品")
    expect(page.locator(".entries li")).to_have_count(2)


def test_an_import_names_every_wrong_row_and_takes_a_right_file(ito: Staff, tmp_path: Path) -> None:
    page = ito.page
    at(page, "import")
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("id,question,answer\nx-1,質問だけ,\nx-2,,回答だけ\n", "utf-8")
    page.locator("input[type=file]").set_input_files(wrong)
    page.get_by_role("button", name="取り込む").click()
    expect(page.get_by_role("alert")).to_contain_text("何も取り込んでいません")
    rows = page.locator(".table tbody tr")
    assert rows.count() >= 2
    assert [number(row.locator("td").first.text_content()) for row in rows.all()][:2] == [2, 3]
    right = tmp_path / "right.csv"
    right.write_bytes(
        "id,question,answer,category\nx-1,ラッピングはできますか,無料で承ります。,ギフト\n".encode("cp932")
    )
    page.locator("input[type=file]").set_input_files(right)
    page.get_by_role("button", name="取り込む").click()
    expect(page.get_by_text("追加 1件")).to_be_visible()
    at(page, "entries/x-1")
    expect(page.get_by_label("回答", exact=True)).to_have_value("無料で承ります。")


def test_figures_and_roles(browser: Browser, house: House) -> None:
    with at_work(browser, house, "tanaka@example.jp", "/studio") as tanaka:
        page = tanaka.page
        expect(page.locator(".places a")).to_have_count(2)
        page.get_by_role("link", name=re.compile("^送料はいくらですか")).click()
        expect(page.get_by_label("回答", exact=True)).to_be_disabled()
        assert page.get_by_role("button", name="下書きを保存").count() == 0
        house.shopper()
        page.get_by_role("link", name="集計").click()
        expect(page.locator(".tile").first).to_contain_text("会話")
    with at_work(browser, house, "sato@example.jp", "/desk") as sato:
        page = sato.tab("/studio")
        expect(page.get_by_text("この画面を使う権限がありません")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 375)])
def test_axe_finds_nothing_serious_and_nothing_overflows(
    browser: Browser, house: House, scheme: str, width: int
) -> None:
    client = house.staff("ito@example.jp").client
    if not client.get("/v1/proposals").json()["proposals"]:
        propose(house, f"見本の提案 {scheme} {width}")
    window = {"width": width, "height": 800}
    with at_work(browser, house, "ito@example.jp", "/studio", color_scheme=scheme, viewport=window) as staff:
        for place, sign in PLACES.items():
            at(staff.page, place)
            expect(staff.page.locator(sign).first).to_be_visible()
            assert staff.axe() == [], place
            assert not overflows(staff.page), place
