from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.mask import MARKS, mask
from kb.numbers import luhn, my_number

MARKED = """\
はじめまして、⟦name|長谷川萌々香⟧と申します。
⟦name|渡邉 翔太⟧です。先月買ったフライパンの件で
私、⟦name|大久保⟧と言いますが、⟦name|木下⟧様はいらっしゃいますか
受取人：⟦name|中島 優⟧ 電話：⟦phone|080-1234-5678⟧
My name is ⟦name|Emily Carter⟧. Please call me.
住所は⟦address|埼玉県さいたま市浦和区高砂3丁目15番1号⟧です。
⟦address|大阪市北区梅田1-2-3 グランフロント北館12F⟧に送って
⟦postal|〒530-0001⟧ ⟦address|大阪府大阪市北区梅田３−１−３ノースゲートビル5階⟧ ⟦name|松田聡⟧ 宛
京都の住所です：⟦address|京都市中京区寺町通御池上る上本能寺前町488番地⟧
⟦address|蔵前2-10-5⟧に引っ越しました
携帯は⟦phone|070 1234 5678⟧、自宅は⟦phone|(03)1234-5678⟧
⟦phone|+81 90-1234-5678⟧ に連絡ください
電話口で⟦name|いとう⟧と言ってください、⟦phone|〇九〇ー五五五五ー〇一二三⟧です
アドレスは⟦email|ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏ．ｊｐ⟧です
カードは⟦card|5555-5555-5555-4444⟧ 期限12/27
ｶｰﾄﾞ番号⟦card|４０１２８８８８８８８８１８８１⟧
マイナンバーは⟦mynumber|123456789018⟧
振込先は⟦bank|みずほ銀行 浅草支店 普通 1234567⟧ 名義 ⟦name|スズキ ハナコ⟧
⟦bank|楽天銀行第一営業支店（普通）7654321⟧ ⟦name|ｻﾄｳ ｼﾞﾛｳ⟧
⟦bank|ゆうちょ　記号 10120 番号 12345671⟧ ⟦name|タナカ ミキ⟧
返金は⟦bank|巣鴨信用金庫 本店 普通預金 0123456⟧でお願いします
生年月日：⟦birth|1985/04/03⟧
⟦birth|昭和60年4月3日⟧生まれの父の還暦祝い
⟦name|井上 真由美⟧ ⟦birth|1979年12月1日⟧ ⟦postal|231-0023⟧ ⟦address|横浜市中区山下町1⟧
担当：⟦name|小川⟧が対応いたします
友人の⟦name|加藤さおり⟧に送りたい
⟦name|高木まどか⟧（⟦name|たかぎ まどか⟧）"""

CLEAN = """\
京都にいますが2-3日で届きますか
三重県まで何日ですか
2026年11月3日に届けてください
管理番号 1234-5678-9012 が見つかりません
お問い合わせ番号 4567-8901-2345 を追跡したい
型番 090-1234-56 のフタが欲しい
注文番号1234567890123456で合ってますか
JAN 4901234567894 の商品ありますか
価格は 12,345,678円ですか
さくらさんの湯呑みありますか
山本山の海苔と比べてどうですか
株式会社山本製作所あてに領収書をお願いします
佐川急便とヤマトどちらですか
柳宗理のやかんはありますか
三徳包丁 165mm を2本と 210mm を1本
誕生日に3月3日までに届きますか
お客様、店長さんにお礼を伝えてください
千葉県船橋市に1-3日で届きますか
平成30年に買った鍋です
みずほ銀行からの振り込みは手数料かかりますか
2丁目の角にあるお店って本店ですか
秋田杉のまな板"""


def parse(marked: str) -> tuple[str, list[tuple[int, int, str]]]:
    text, spans = "", []
    done = 0
    for match in re.finditer(r"⟦(\w+)\|(.*?)⟧", marked):
        text += marked[done : match.start()]
        spans.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        done = match.end()
    return text + marked[done:], spans


@pytest.mark.parametrize("marked", MARKED.split("\n"))
def test_personal_data_is_found_to_the_character(marked: str) -> None:
    text, wanted = parse(marked)
    assert [(s.start, s.end, s.type) for s in mask(text).spans] == wanted


@pytest.mark.parametrize("text", CLEAN.split("\n"))
def test_look_alikes_stay(text: str) -> None:
    assert mask(text).text == text


def test_marks_take_the_place_of_what_they_hide() -> None:
    assert mask("山田太郎様、09012345678まで").text == "〔氏名〕様、〔電話番号〕まで"


def test_check_digits() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert my_number("123456789018")
    assert not my_number("123456789012")


def test_a_card_that_fails_its_check_is_hidden_when_the_words_say_card() -> None:
    assert mask("カード番号 4111 1111 1111 1112").spans[0].type == "card"
    assert mask("4111 1111 1111 1112").spans == ()


WORDS = """山田太郎 様 です 〒 111-0051 東京都台東区蔵前 2-10-5 090 -1234-5678 みずほ銀行 普通 1234567 昭和
60年4月3日 4111111111111111 a@b.co （ やまだ ） 、 😭 は 〔氏名〕"""
PIECES = st.sampled_from([*WORDS.split(), " ", "\n", "\ud800"])


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_spans_are_in_order_and_masking_again_changes_nothing(text: str) -> None:
    found = mask(text)
    ends = [0, *(s.end for s in found.spans)]
    assert all(end <= s.start < s.end <= len(text) for end, s in zip(ends, found.spans, strict=False))
    rebuilt, done = "", 0
    for span in found.spans:
        rebuilt += text[done : span.start] + MARKS[span.type]
        done = span.end
    assert rebuilt + text[done:] == found.text
