"""Numbers that belong to a person: telephone, card, my number, bank account, postal code, birth date, e-mail.

Each finder takes the plain view of a text (`plain`): as long as the original, digits and marks in ASCII.
A number is judged by its plan or check digit and by the words before it; order, tracking and product
numbers are nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Found = tuple[int, int, str]
"""Start, end, type."""

_WIDE = {0xFF01 + i: 0x21 + i for i in range(94)} | {ord(c): "-" for c in "‐‑‒–—―−﹘﹣─━⁃"}
_WIDE |= {ord("　"): " ", ord("\u00a0"): " ", ord("〜"): "~", ord("～"): "~", ord("．"): "."}
_WIDE |= dict(zip(map(ord, "髙﨑濵邊邉齋齊德槗𠮷廣澤國"), "高崎浜辺辺斎斉徳橋吉広沢国", strict=True))
_CIRCLED = re.compile(r"[⓪①-⑨](?:[-ー]?[⓪①-⑨])+")
_CIRCLED_DIGITS = str.maketrans("⓪①②③④⑤⑥⑦⑧⑨ー", "0123456789-")
_KANJI_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_HALVES = re.compile("[\ud800-\udfff]")
_BAR = re.compile(r"(?<=\d)[ーｰ](?=\d)")
_KANJI_NUMBER = re.compile(
    r"[〇零一二三四五六七八九](?:[〇零一二三四五六七八九ーｰ\-~の()]*[〇零一二三四五六七八九]){6,}"
)
_KANJI_BAR = re.compile(r"(?<=[〇零一二三四五六七八九])[ーｰの](?=[〇零一二三四五六七八九])")


def plain(text: str) -> str:
    """The text with full-width digits, letters and marks in ASCII; every character keeps its place."""
    view = _HALVES.sub("\ufffd", text.translate(_WIDE))
    view = _KANJI_NUMBER.sub(lambda m: _KANJI_BAR.sub("-", m.group()).translate(_KANJI_DIGITS), view)
    view = _CIRCLED.sub(lambda m: m.group().translate(_CIRCLED_DIGITS), view)
    return _BAR.sub("-", view)


_THINGS = (
    "注文|受注|受付|追跡|伝票|送り状|問い?合わ?せ|商品|製品|会員|管理|製造|予約|整理|シリアル|ロット|確認|承認|納品"
    "|領収|見積|荷物|請求"
)
_NOT_PERSONAL = re.compile(
    rf"(?:{_THINGS})(?:書)?(?:の)?(?:番号|ナンバー|コード|no\.?|id)|品番|型番|jan|isbn|コード|クーポン"
    r"|order\s*(?:no\.?|number|id|#)|tracking|シリアル|no\.|#",
    re.IGNORECASE,
)
_GLUE = re.compile(r"[\sは:：がを「『(（,、でのっ#.-]*(?:です)?[\s「(（]*")


def _before(view: str, start: int, cue: re.Pattern[str], reach: int = 16) -> bool:
    """Does a cue stand right before `start`, with nothing but glue between?"""
    head = view[max(0, start - reach) : start]
    ends = [match.end() for match in cue.finditer(head)]
    return bool(ends) and _GLUE.fullmatch(head, ends[-1]) is not None


def _near(view: str, match: re.Match[str], cue: re.Pattern[str], back: int, ahead: int) -> bool:
    """Does a cue stand within `back` characters before the match, or `ahead` after it?"""
    start, end = match.span()
    return cue.search(view[max(0, start - back) : start]) is not None or (
        cue.search(view[end : end + ahead]) is not None
    )


_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,63})\s?(?:@|\(at\)|\[at\]|アットマーク|あっとまーく)\s?"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.|ドット))+[A-Za-z]{2,24}(?![A-Za-z0-9])"
)


def emails(view: str) -> Iterator[Found]:
    for match in _EMAIL.finditer(view):
        yield match.start(), match.end(), "email"


_PHONE_CUE = re.compile(
    "電話|でんわ|ﾃﾞﾝﾜ|デンワ|tel|phone|携帯|ケータイ|けいたい|連絡先|番号は|fax|ファックス|call", re.IGNORECASE
)
_PHONE = re.compile(
    r"(?<![\d#])(?<!\d[-.])(?<![A-Za-z]-)(?:\+81[-. ]?\(?0?\)?[-. ]?|\(0\d{1,4}\)[-. ]?|0)\d"
    r"(?:[-. ()]{0,3}\d){6,10}(?!\d)(?!-\d)"
)
_NUMBER_OF = re.compile("番号")
_LOCAL_PHONE = re.compile(r"(?<![\d-])\d{2,4}-\d{4}(?![\d-])")


def _is_phone(digits: str) -> bool:
    """The Japanese numbering plan, by prefix and length."""
    if digits.startswith(("090", "080", "070", "050", "020")):
        return len(digits) == 11
    if digits.startswith(("0800",)):
        return len(digits) == 11
    return len(digits) == 10 and digits[1] != "0"


def phones(view: str) -> Iterator[Found]:
    for match in _PHONE.finditer(view):
        whole = match.group()
        digits = re.sub(r"\D", "", whole)
        if whole.startswith("+81"):
            digits = "0" + digits[2:].lstrip("0")
        if not _is_phone(digits) or _before(view, match.start(), _NOT_PERSONAL):
            continue
        written = len(digits) == 11 or re.search(r"[-. ()+]", whole) is not None
        if written or _near(view, match, _PHONE_CUE, 14, 8) or not _before(view, match.start(), _NUMBER_OF):
            yield match.start(), match.end(), "phone"
    for match in _LOCAL_PHONE.finditer(view):
        if _before(view, match.start(), _PHONE_CUE) and not _before(view, match.start(), _NOT_PERSONAL):
            yield match.start(), match.end(), "phone"


_CARD_CUE = re.compile(
    r"カード|クレカ|card|ｶｰﾄﾞ|visa|jcb|master|amex|アメックス|ダイナース|デビット", re.IGNORECASE
)
_CARD = re.compile(r"(?<![\d-])\d(?:[- .]?\d){12,18}(?![\d])(?!-\d)")


def luhn(digits: str) -> bool:
    """The payment industry's check digit (ISO/IEC 7812-1)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_card(digits: str) -> bool:
    """Length and leading digits of the brands accepted in Japan."""
    two, four = int(digits[:2]), int(digits[:4])
    if len(digits) == 16:
        mastercard = 51 <= two <= 55 or 2221 <= four <= 2720
        return (
            digits[0] == "4" or mastercard or 3528 <= four <= 3589 or four == 6011 or two in {62, 64, 65, 81}
        )
    if len(digits) == 15:
        return two in {34, 37}
    if len(digits) == 14:
        return two in {30, 36, 38, 39}
    return len(digits) == 19 and (two == 62 or digits[0] == "4")


def cards(view: str) -> Iterator[Found]:
    for match in _CARD.finditer(view):
        digits = re.sub(r"\D", "", match.group())
        if _before(view, match.start(), _NOT_PERSONAL):
            continue
        cued = _near(view, match, _CARD_CUE, 20, 12)
        if (luhn(digits) and _is_card(digits)) or (cued and 14 <= len(digits) <= 16):
            yield match.start(), match.end(), "card"


_MY_CUE = re.compile(
    r"マイナ(?:ンバー)?|ﾏｲﾅﾝﾊﾞｰ|まいなんばー|個人番号|my\s?number|年末調整|扶養|源泉|確定申告|住民票",
    re.IGNORECASE,
)
_MY_NUMBER = re.compile(r"(?<![\d-])\d{4}[- ]?\d{4}[- ]?\d{4}(?![\d])(?![- ]\d)")


def my_number(digits: str) -> bool:
    """The check digit of the individual number (総務省令第85号, 2014, article 5)."""
    total = sum(int(d) * (n + 1 if n <= 6 else n - 5) for n, d in enumerate(reversed(digits[:11]), 1))
    rest = total % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def my_numbers(view: str) -> Iterator[Found]:
    for match in _MY_NUMBER.finditer(view):
        digits = re.sub(r"\D", "", match.group())
        if _before(view, match.start(), _NOT_PERSONAL):
            continue
        cued = _near(view, match, _MY_CUE, 24, 14)
        if cued or (my_number(digits) and not _near(view, match, _PARCEL, 24, 14)):
            yield match.start(), match.end(), "mynumber"


_PARCEL = re.compile(
    "追跡|伝票|送り状|荷物|配送|配達|届|注文|受付|ヤマト|佐川|ゆうパック|番号で|order|tracking|クーポン|型番|品番",
    re.IGNORECASE,
)

_POSTAL = re.compile(r"〒\s?\d{3}(?:\s?-\s?|\s)?\d{4}(?!\d)|(?<![\d-])(?<![A-Za-z])\d{3}-\d{4}(?![\d-])")
_BARE_POSTAL = re.compile(r"(?<![\d-])\d{7}(?![\d-])")
_POSTAL_CUE = re.compile(
    r"郵便番号|〒|〠|ゆうびん番号|zip(?:\s?code)?|postal(?:\s?code)?|post\s?code", re.IGNORECASE
)


def postals(view: str, is_address: Callable[[int], bool], personal: bool) -> Iterator[Found]:
    """`is_address(end)`: does a place follow there? `personal`: do other personal details stand near?"""
    for match in _POSTAL.finditer(view):
        start, end = match.span()
        marked = match.group().startswith("〒") or _before(view, start, _POSTAL_CUE)
        told = is_address(end) or personal
        if marked or (
            told and not _before(view, start, _NOT_PERSONAL) and not _before(view, start, _PHONE_CUE)
        ):
            yield start, end, "postal"
    for match in _BARE_POSTAL.finditer(view):
        if _before(view, match.start(), _POSTAL_CUE):
            yield match.start(), match.end(), "postal"


_KNOWN_BANKS = (
    "三菱UFJ|三菱東京UFJ|みずほ|三井住友(?:信託)?|りそな|埼玉りそな|ゆうちょ|楽天|住信SBIネット|PayPay|ソニー|イオン"
    "|セブン|auじぶん|GMOあおぞら(?:ネット)?"
)
_BANK_NAME = (
    rf"(?:{_KNOWN_BANKS}|[一-龥々ァ-ヶーA-Za-z]{{1,9}}?)"
    rf"(?:銀行|信用金庫|信金|信用組合|信組|労働金庫|労金|バンク)|(?:{_KNOWN_BANKS})(?=\s*(?:\w{{1,10}}支店|普通|当座))"
    r"|(?:JA|農協)[一-龥ぁ-んァ-ヶー]{0,8}|UFJ|SMBC"
)
_LINK = r"[\s、,・:：/／]*(?:の)?[\s、,・:：/／]*"
_BRANCH_NUMBER = "(?:店番|支店コード|支店番号|店番号)"
_BRANCH = (
    r"[^\s、。,:：\d「」()]{1,12}(?:支店|本店|営業部|出張所|支所|店)"
    rf"(?:\s?[(]?\s?{_BRANCH_NUMBER}?\s?:?\s?\d{{3}}[)]?)?|{_BRANCH_NUMBER}\s?:?\s?\d{{3}}"
)
_ACCOUNT = r"(?:総合口座|(?:普通|当座|貯蓄)(?:預金)?(?:口座)?|[(](?:普通?|当座?|貯蓄?)(?:預金)?[)]|普)"
_NUMBER_WORD = r"(?:(?:の)?(?:口座)?(?:番号|No\.?|ナンバー))"
_BANK = re.compile(
    rf"(?:(?P<name>{_BANK_NAME}){_LINK})?(?:(?:{_BRANCH}){_LINK})?(?:{_ACCOUNT}{_LINK})?"
    rf"(?:{_NUMBER_WORD}(?:は|が)?{_LINK})?(?<!\d)\d{{6,8}}(?!\d)(?!-\d)"
)
_YUCHO = re.compile(
    rf"(?:(?P<name>ゆうちょ|{_BANK_NAME}){_LINK})?(?:総合口座{_LINK})?記号(?:は|が)?{_LINK}\d{{5}}(?:-\d)?{_LINK}"
    rf"(?:-|と)?{_LINK}番号(?:は|が)?{_LINK}\d{{6,8}}(?!\d)"
    rf"|(?:(?P<name2>ゆうちょ(?:銀行)?){_LINK})\d{{5}}-\d?-?\d{{6,8}}(?!\d)"
)
_ACCOUNT_WORD = re.compile(rf"{_ACCOUNT}|口座")
_NOT_A_BANK = re.compile(
    "^(?:お?振込先?|お?振り込み先?|返金先?|入金先?|口座|登録|取引|指定|利用|先|元|当方|私|銀行|メイン|の|は|が)+"
)


def banks(view: str) -> Iterator[Found]:
    taken: list[tuple[int, int]] = []
    for pattern in (_YUCHO, _BANK):
        for match in pattern.finditer(view):
            start, end = match.span()
            name = match.groupdict().get("name") or match.groupdict().get("name2")
            if any(a < end and start < b for a, b in taken):
                continue
            if name is None and pattern is _BANK and not _ACCOUNT_WORD.search(match.group()):
                continue
            if name is not None:
                prefix = _NOT_A_BANK.match(name)
                if prefix is not None and prefix.end() < len(name) - 2:
                    start += prefix.end()
            start += len(view[start:end]) - len(view[start:end].lstrip())
            taken.append((start, end))
            yield start, end, "bank"


_N = r"(?:\d{1,2}|元|[一二三四五六七八九十]{1,3})"
_DATE = re.compile(
    rf"(?P<era>(?:明治|大正|昭和|平成|令和)\s?|(?<![A-Za-z])[MTSHRmtshr]\.?\s?){_N}\s?(?:年|[./-])\s?"
    rf"{_N}\s?(?:月|[./-])\s?{_N}(?:\s?日)?(?!\d)"
    r"|(?<!\d)(?P<year>(?:18|19|20)\d\d)\s?(?:年|[./-])\s?\d{1,2}\s?(?:月|[./-])\s?\d{1,2}(?:\s?日)?(?!\d)"
    r"|(?<!\d)(?P<packed>(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)"
    r"|(?<![\d/.-])(?P<short>\d\d[./-]\d{1,2}[./-]\d{1,2})(?![\d/.-])"
    rf"|(?<![\d年/.-])(?P<day>{_N}\s?(?:月|/)\s?{_N}(?:\s?日)?)(?![\d/])"
)
_BIRTH_BEFORE = re.compile(
    r"(?:生年月日|誕生日|たんじょうび|バースデー|birth\s?day|date of birth|d\.?o\.?b\.?|birth|うまれ|生まれ)"
    r"\s?(?:は|が|:|=|の日付は|を|\(|「|\s|、|,|→)*(?:私の?|今年の|毎年)?\s?(?:は|\()?$",
    re.IGNORECASE,
)
_WHOSE = "(?:私|わたし|僕|母|父|娘|息子|妻|夫|主人|子供|本人)の"
_BIRTH_AFTER = re.compile(
    r"\s?[)」]?\s?(?:の|に)?(?:生まれ|うまれ|生れ|出生|生(?![産地活放花])"
    rf"|(?:が|は|です、?|=)?\s?(?:{_WHOSE})?\s?(?:お)?(?:誕生日|生年月日)(?!プレゼント))"
)
_EVENT_AFTER = re.compile(
    r"\s?(?:\([月火水木金土日]\))?\s?(?:まで|に(?:届|着|到着|購入|注文|買|発送|配|間に合)|着|指定|以降|頃|ごろ"
    "|発送|出荷|購入|注文|から|の?(?:午前|午後|夕方|便|指定|配達|お届け))"
)
_EVENT_BEFORE = re.compile(
    r"(?:注文日?|購入日?|届け日?|配達日?|発送日?|期限|予約|指定|日時|発売日?|入荷)[\sは:：がを]*$"
)


def births(view: str, personal: bool) -> Iterator[Found]:
    """`personal`: do other personal details stand in the text?"""
    for match in _DATE.finditer(view):
        start, end = match.span()
        cued = _BIRTH_BEFORE.search(view[max(0, start - 24) : start]) or _BIRTH_AFTER.match(view, end)
        told = cued and not (match["day"] and _EVENT_AFTER.match(view, end))
        if told or (personal and _long_ago(match) and not _is_event(view, start, end)):
            yield start, end, "birth"


def _is_event(view: str, start: int, end: int) -> bool:
    before = view[max(0, start - 10) : start]
    return _EVENT_AFTER.match(view, end) is not None or _EVENT_BEFORE.search(before) is not None


def _long_ago(match: re.Match[str]) -> bool:
    if match["era"]:
        return match["era"].strip(" .").upper() in {"明治", "大正", "昭和", "平成", "M", "T", "S", "H"}
    year = match["year"] or (match["packed"] or "")[:4]
    return bool(year) and int(year) <= 2012
