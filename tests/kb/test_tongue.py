"""The language of a text: script, function words, and what decides nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.tongue import TONGUES, primary, tongue, tongues

JAPANESE = """送料|返品方法|使用方法|受付終了|販売終了？|請求書発行|我慢|怪我|什器|几帳面|現在地|返還可
|輸出貨物|航空運費用|佐賀県多久市|写真人数|個人情報|一個|二個口|買取|目的地変更|具体的方法|髙島屋|醬油|鷗外|没収|不可|可否
|iPhone 15 Pro ケース|Mサイズ 防水|cancelしたい|deliveryっていつ|The North Face のバッグありますか
|「Happy Birthday」と入れられますか
|「사랑해」とプレートに書いてもらえますか|プレートに 사랑해 と書いて|「请」は何と読みますか
|你好って書いてほしい|souryou wa ikura desu ka|arigatou|ｿｳﾘｮｳ|買った"""
CHINESE = """运费|退货|怎么退款|可以退货吗|请问多久能到货|你好|谢谢|好的|我想取消订单
|有没有XL的|机械表几年需要保养一次?|坏了|運費怎麼算|有實體店嗎|什麼時候出貨|請問可以寄到台灣嗎|訂單編號|地址寫錯|忘記密碼|商品壞掉了|缺貨|再見
|请问抹茶あんみつ还有吗|日本の零食可以寄吗|这个T恤有L码吗"""
KOREAN = "배송비|반품하고 싶어요|네|ㅋㅋ|ㅠㅠ|あんみつ 있어요?|iPhone 케이스 있나요|상담원 연결"
ENGLISH = """how much is shipping|return policy|gift wrapping|order status|not working|where is my parcel
|Do you have あんみつ?|Do you ship to 沖縄?|can I use 支付宝|Cuánto cuesta el envío a México"""


def split(lines: str) -> list[str]:
    return lines.replace("\n", "").split("|")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (text, wanted)
        for lines, wanted in ((JAPANESE, "ja"), (CHINESE, "zh"), (KOREAN, "ko"), (ENGLISH, "en"))
        for text in split(lines)
    ],
)
def test_a_text_alone(text: str, wanted: str) -> None:
    assert tongue(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "👍", "12345", "？", "(´Д`)", "XL", "OK", "Apple Pay", "https://a.example/how-do-you"]
)
def test_what_says_nothing_is_read_as_the_conversation_was_else_by_locale_else_japanese(text: str) -> None:
    assert tongue(text) == "ja"
    for wanted, said in (
        ("zh", "怎么退货"),
        ("ko", "반품하고 싶어요"),
        ("en", "how do I return it"),
        ("ja", "返品は？"),
    ):
        assert tongue(text, ["送料はいくら", said, "😀"]) == wanted
    assert tongue(text, (), "en-US") == "en"
    assert tongue(text, ["送料はいくら"], "en") == "ja"


def test_characters_of_both_follow_a_chinese_conversation_and_no_other() -> None:
    assert tongues("使用方法") == ("ja", "zh")
    assert tongue("使用方法", ["你好，请问"]) == "zh"
    assert tongue("使用方法", (), "zh-TW") == "zh"
    assert tongue("使用方法", ["how do I use it"], "en") == "ja"
    assert tongue("販売価格", ["你好，请问"]) == "ja"  # 売 and 価 are written in Japan alone


def test_a_lone_courtesy_follows_the_conversation_and_is_english_without_one() -> None:
    assert tongue("Thanks!") == "en"
    assert tongue("Thanks!", ["返品したいです"]) == "ja"


def test_other_scripts_are_answered_in_english() -> None:
    assert tongue("Можно вернуть товар?") == "en"
    assert tongue("Можно вернуть товар?", ["반품하고 싶어요"]) == "ko"


def test_a_locale_has_a_language() -> None:
    assert [primary(each) for each in ("zh-Hant-TW", "EN_us", "ko", "fr", "")] == [
        "zh",
        "en",
        "ko",
        None,
        None,
    ]


@given(
    st.text(max_size=80),
    st.lists(st.text(max_size=20), max_size=3),
    st.sampled_from(["ja", "zh-CN", "fr", ""]),
)
def test_any_text_has_a_language_that_it_may_be_in(text: str, before: list[str], locale: str) -> None:
    assert set(tongues(text)) <= set(TONGUES)
    assert tongue(text, before, locale) in tongues(text)


@given(st.text(alphabet="가나다라마바사한국어 😀12?", min_size=1, max_size=30))
def test_hangul_without_kana_is_korean(text: str) -> None:
    assert tongues(text) == (("ko",) if any(c.isalpha() for c in text) else TONGUES)


@given(
    st.text(alphabet="送料返品交換配送方法変更時間 、。1", max_size=30),
    st.sampled_from(["ですか", "を", "について", "はいつ"]),
)
def test_kanji_with_a_particle_is_japanese_after_anything(text: str, ending: str) -> None:
    assert tongue(f"{text}{ending}", ["请问怎么退货", "how do I return it"], "ko") == "ja"
