"""Names of persons: what the dictionary knows as one, and what a cue beside it says is one."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from kb.numbers import Found
from kb.words import Morpheme, morphemes

_HONORIFIC = re.compile(r"\s?(?:様|さん|さま|殿|氏(?!名)|ちゃん|くん|君|先生|ｻﾏ|サマ|ｻﾝ|サン(?![ァ-ヶ]))")
_NAME_CHARS = r"一-龥々〆ヶァ-ヺーｦ-ﾟぁ-ゖ"
_KANA_NAME = re.compile(
    r"[ァ-ヺーｦ-ﾟ]{2,8}(?:[ 　・][ァ-ヺーｦ-ﾟ]{2,8})?|[ぁ-ゖー]{2,8}(?:[ 　][ぁ-ゖー]{2,8})?"
)
_BRACKETED_KANA = re.compile(rf"\s?[(（]\s?({_KANA_NAME.pattern})\s?(?:様|さま)?[)）]")
_INTRODUCES = re.compile(
    r"\s?(?:と(?:申|もう)し|と(?:言|い)(?:い|っ|う(?:者|もの|名前で(?!すか)))|と名乗|って(?:言|い)い(?:ます|う者)"
    r"|という(?:者|もの)(?:です|が)|でございます|[がはも](?:承|うけたまわ|担当|対応|ご案内|伺)"
    r"|より(?:ご?連絡|お?電話|折り返|ご?案内)|から(?:ご?連絡|お?電話|依頼|伝言|折り返|聞)|名義(?:の|で)"
    r"|宛(?:に|て|の|先)|あて(?:に|の)|の(?:妻|夫|母|父|代理|家族|娘|息子)(?:です|の|で|が)|と(?:言|い)って)"
)
_SAYS = re.compile(
    r"\s?(?:です|と申|でございます|だけど|ですが|ですけど|ともうし|といい|と言い|っていい|より(?:$|[。！!\n])|拝$)"
)
_START = re.compile(
    r"(?:^|[。！？!?\n、,…]|ます|です|ました"
    r"|こんにちは|はじめまして|すみません|私|わたし|こちら|は|を)[\s　:：]*$"
)
_PARTICLE = re.compile("[がはのをにへもと]|まで|宛")
_STAFF = re.compile("(?:店長|社長|部長|課長|主任|責任者|担当者?|係)の$")
_EDGE = re.compile(r"^$|[\s　。！？!?\n、,」』)）(（〒/／・:：]")
_TOLD = (
    r"my name(?: is|'s)|i am|i'm|this is|on behalf of|(?:name|recipient|ship to|attn)\s?:|m(?:rs?|s)\.?|dr\.?"
)
_WESTERN = re.compile(rf"(?i:\b(?:{_TOLD}))\s+([A-Z][a-z]+(?:[ -][A-Z](?:[a-z']+|\.)){{0,2}})")
_ROMAJI = re.compile(r"\b[A-Z][a-z]{2,} [A-Z][a-z]{2,}\b")
_DOTTED = re.compile(
    r"(?<![ァ-ヺー・])([ァ-ヺー]{2,8}(?:・[ァ-ヺー]{2,10}){1,2})(?=です|でござい|と(?:申|言|い)|様|さま|さん)"
)
_SINGLE = re.compile(
    r"(?<![一-龥々ァ-ヺ])([森林関原堀辻谷南北西東星泉菅岡丘滝牧畑境榊柏桂轟乾伴李金朴張黄呉劉楊周])"
    r"(?=様|さん(?!家)|さま|氏(?!名)|ｻﾏ)"
)


@lru_cache(maxsize=1)
def _lists() -> Any:
    return json.loads((Path(__file__).parent / "names.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    labels = "|".join(_lists()["labels"])
    relations = "|".join(sorted(_lists()["relations"], key=len, reverse=True))
    label = re.compile(
        rf"(?:{labels})(?:\s?[(（][^()（）]{{0,6}}[)）])?\s?(?:は|が|:|：|=|＝|「|『|\s|　|、)+\s?「?$",
        re.IGNORECASE,
    )
    relation = re.compile(rf"(?:{relations})(?:の|は|が|：|:|（|\(|、|\s|　|\s?/\s?){{0,2}}$")
    return label, relation


def names(view: str, pieces: Sequence[Morpheme], personal: bool) -> Iterator[Found]:
    """All names in the plain view. `personal`: do other personal details stand in the text?"""
    done = 0
    for at, piece in enumerate(pieces):
        if piece.begin < done:
            continue
        size = _candidate(view, pieces, at)
        if size == 0:
            continue
        start, end = piece.begin, pieces[at + size - 1].end
        if _accepted(view, pieces, at, size, personal):
            end = _trimmed(view, start, end)
            yield start, end, "name"
            done = end
            reading = _BRACKETED_KANA.match(view, end) or _BRACKETED_KANA.match(
                view, _after_honorific(view, end)
            )
            if reading is not None:
                yield reading.start(1), reading.end(1), "name"
                done = reading.end(1)
    yield from _labelled(view)
    yield from _kana_before_honorific(view)
    yield from _kana_introduced(view)
    for pattern in (_WESTERN, _DOTTED, _SINGLE):
        for match in pattern.finditer(view):
            yield match.start(1), match.end(1), "name"
    for match in _ROMAJI.finditer(view):
        if any(_person(piece) for piece in morphemes(match.group())):
            yield match.start(), match.end(), "name"


def _after_honorific(view: str, end: int) -> int:
    match = _HONORIFIC.match(view, end)
    return match.end() if match else end


def _person(piece: Morpheme) -> str:
    """姓, 名 or 一般 for a person's name in the dictionary, else nothing."""
    return piece.pos[3] if piece.pos[1] == "固有名詞" and piece.pos[2] == "人名" else ""


def _hiragana(text: str) -> bool:
    return re.fullmatch(r"[ぁ-ゖー]+", text) is not None


def _candidate(view: str, pieces: Sequence[Morpheme], at: int) -> int:
    """How many pieces from `at` look like one name; 0 if none does."""
    piece = pieces[at]
    if piece.surface.isascii():
        return 0
    family = _person(piece) in {"姓", "一般"} or (_surname_place(piece))
    if not (family or _person(piece) == "名" or _loose_kana(piece)):
        return 0
    size = 1
    space = at + 1 < len(pieces) and pieces[at + 1].pos[0] == "空白" and len(pieces[at + 1].surface) == 1
    after = at + 1 + space
    if after < len(pieces) and "\n" not in pieces[at + 1].surface:
        following = pieces[after]
        if _given(view, piece, following, bool(space)):
            size = after + 1 - at
            while at + size < len(pieces) and _more_of_name(view, pieces, at + size, space):
                size += 1
    return size


def _surname_place(piece: Morpheme) -> bool:
    """Many surnames (吉岡, 松本) stand in the dictionary as places, some (松下, 平野) as other nouns."""
    return piece.surface in _lists()["place_surnames"] or (
        piece.pos[2] == "地名" and re.fullmatch(r"[一-龥々]{2,3}", piece.surface) is not None
    )


def _loose_kana(piece: Morpheme) -> bool:
    return not piece.known and re.fullmatch(r"[ァ-ヺーｦ-ﾟ]{2,7}", piece.surface) is not None


def _given(view: str, first: Morpheme, second: Morpheme, spaced: bool) -> bool:
    """Is `second` the given name to the family name `first`?"""
    if (
        second.pos[0] not in {"名詞", "形容詞", "動詞", "副詞", "形状詞", "接尾辞"}
        or second.surface in _lists()["company_after"]
    ):
        return False
    if _person(second) == "名":
        return True
    if spaced and _person(second) and _same_script(first.surface, second.surface):
        return True
    if spaced and _same_script(first.surface, second.surface):
        if _is_kana(first.surface):
            return _person(first) != "" or _person(second) != ""
        run = re.match(r"[一-龥々]+|[ぁ-ゖ]+|[ァ-ヺー]+", view[second.begin :])
        bounded = (
            run is not None and len(run.group()) <= 3 and _bounded(view, second.begin + len(run.group()))
        )
        return bounded and _person(first) != ""
    if not spaced and _person(first) == "姓" and re.fullmatch(r"[一-龥々]{1,3}", second.surface):
        return (
            not second.known
            or _HONORIFIC.match(view, second.end) is not None
            or _INTRODUCES.match(view, second.end) is not None
        )
    return False


def _more_of_name(view: str, pieces: Sequence[Morpheme], at: int, spaced: bool) -> bool:
    """Pieces that Sudachi cut off a given name (萌々|香, みわ|こ)."""
    piece, before = pieces[at], pieces[at - 1]
    if piece.begin != before.end or piece.pos[0] not in {
        "名詞",
        "接尾辞",
        "動詞",
        "形容詞",
        "助詞",
        "助動詞",
        "感動詞",
    }:
        return False
    if not _same_script(before.surface, piece.surface) or len(piece.surface) > 2:
        return False
    if _HONORIFIC.match(view, piece.begin) or piece.surface in {
        "は",
        "が",
        "の",
        "を",
        "に",
        "で",
        "と",
        "も",
        "へ",
        "です",
        "より",
        "から",
    }:
        return False
    if _person(before) and not _person(piece) and not spaced:
        return False
    return _bounded(view, piece.end) or _person(piece) != ""


def _is_kana(text: str) -> bool:
    return re.fullmatch(r"[ぁ-ゖァ-ヺーｦ-ﾟ]+", text) is not None


def _same_script(one: str, other: str) -> bool:
    def script(text: str) -> str:
        if re.fullmatch(r"[ァ-ヺーｦ-ﾟ]+", text):
            return "katakana"
        return "hiragana" if _hiragana(text) else "kanji"

    return script(one) == script(other) or (script(one) == "kanji" and script(other) == "hiragana")


def _bounded(view: str, end: int) -> bool:
    after = view[end : end + 1]
    return (
        bool(_EDGE.match(after))
        or bool(_HONORIFIC.match(view, end))
        or bool(_INTRODUCES.match(view, end))
        or bool(_SAYS.match(view, end))
    )


def _trimmed(view: str, start: int, end: int) -> int:
    return start + len(view[start:end].rstrip())


def _is_company(view: str, start: int, end: int) -> bool:
    after = view[end : end + 6]
    before = view[max(0, start - 6) : start].rstrip()
    lists = _lists()
    return any(after.startswith(word) for word in lists["company_after"]) or any(
        before.endswith(word) for word in lists["company_before"]
    )


def _accepted(view: str, pieces: Sequence[Morpheme], at: int, size: int, personal: bool) -> bool:
    start, end = pieces[at].begin, pieces[at + size - 1].end
    surface = view[start:end]
    lists = _lists()
    if (
        _is_company(view, start, end)
        or surface in lists["not_persons"]
        or re.fullmatch(r".+[屋店社堂園庵窯]", surface)
    ):
        return surface in {"土屋", "古屋", "守屋", "関屋"} and not _is_company(view, start, end)
    label, relation = _patterns()
    before = view[:start]
    honorific = _HONORIFIC.match(view, end) is not None
    cued = _INTRODUCES.match(view, end) is not None or label.search(before[-24:]) is not None
    if size > 1:
        return _full(view, pieces, at, size, honorific or cued or personal)
    if surface in lists["not_names"]:
        return (cued and (_person(pieces[at]) == "姓")) or (
            honorific and _person(pieces[at]) == "姓" and len(surface) == 1
        )
    if honorific:
        return not _loose_kana(pieces[at]) or personal
    if cued and not _loose_kana(pieces[at]):
        return True
    person = _person(pieces[at]) or ("姓" if surface in lists["place_surnames"] else "")
    related = relation.search(before[-8:]) if person else _surname_place(pieces[at]) and _STAFF.search(before)
    if related and not _hiragana(surface):
        return _bounded(view, end) or _SAYS.match(view, end) is not None or bool(_PARTICLE.match(view, end))
    if person == "姓" and _SAYS.match(view, end) and _START.search(before[-12:]):
        return not _hiragana(surface) or len(surface) >= 3 or not before.strip()
    alone = _EDGE.match(view[end : end + 1]) is not None and (not before or before[-1] in " 　\n。！!？?、,")
    if _person(pieces[at]) == "姓" and alone and not _hiragana(surface):
        last = not view[end:].strip(" 　\n。")
        return personal or last
    return False


def _full(view: str, pieces: Sequence[Morpheme], at: int, size: int, cued: bool) -> bool:
    """A family and a given name: a name unless it could be ordinary words."""
    start, end = pieces[at].begin, pieces[at + size - 1].end
    surface = view[start:end]
    if surface in _lists()["not_names"]:
        return False
    persons = [_person(p) for p in pieces[at : at + size] if p.pos[0] != "空白"]
    if _is_kana(re.sub(r"\s", "", surface)):
        katakana = re.fullmatch(r"[ァ-ヺーｦ-ﾟ\s　]+", surface) is not None
        return (
            cued
            or (all(persons) and (katakana or "姓" in persons))
            or (katakana and any(persons) and " " in surface.replace("　", " "))
        )
    if persons[0] in {"姓", "一般"} or any(persons):
        return persons[0] != "名" or cued or len(surface) >= 3
    return cued


_CLOSE = r"(?=様|さん|さま|殿|ｻﾏ|サマ|です|でござい|と(?:申|い|言)|[\s　。、,)）」』(（/／]|$)"
_RUN = re.compile(
    rf"(?:[一-龥々]{{1,5}}[ 　]?[一-龥々ぁ-ゖァ-ヺ]{{0,4}}|[ァ-ヺーｦ-ﾟ]{{2,8}}(?:[ 　・][ァ-ヺーｦ-ﾟ]{{2,8}})?"
    rf"|[ぁ-ゖー]{{2,6}}[ 　][ぁ-ゖー]{{2,6}}){_CLOSE}"
)
_ORDINARY = re.compile(
    "無し|なし|変更|同じ|不明|以下|上記|下記|別|未定|空欄|任意|必要|不要|必須|入力|記載|記入|旧姓|新姓|家族|会社|法人"
    "|個人|注文|本人|お客|漢字|英字|英語|平仮名|片仮名|カタカナ|ローマ字|イニシャル|ニックネーム|フルネーム|連名"
    "|代理|何|誰|どう|違|間違"
)


def _labelled(view: str) -> Iterator[Found]:
    """What follows 名前：, 口座名義は and their like, even when no dictionary knows it."""
    label, _ = _patterns()
    for match in re.finditer(r"[:：はが「=＝\s　]+「?(?=[一-龥々ァ-ヺぁ-ゖｦ-ﾟ])", view):
        if label.search(view[max(0, match.end() - 24) : match.end()]) is None:
            continue
        run = _RUN.match(view, match.end())
        if run is None or _ORDINARY.match(run.group()) or not _plausible(run.group()):
            continue
        yield run.start(), run.start() + len(run.group().rstrip()), "name"


def _plausible(text: str) -> bool:
    """Are the pieces names or unknown, not ordinary words?"""
    found = [p for p in morphemes(unicodedata.normalize("NFKC", text)) if p.pos[0] != "空白"]
    return any(_person(p) or _surname_place(p) for p in found) or all(not p.known for p in found)


_KATAKANA = "[ァ-ヺーｦ-ﾟ]"
_KANA_HONORIFIC = re.compile(
    rf"(?<!{_KATAKANA})({_KATAKANA}{{2,8}}?(?:[ 　]{_KATAKANA}{{2,8}}?)?)(?=[ 　]?(?:ｻﾏ|サマ|様|さま|さん))"
)


def _kana_before_honorific(view: str) -> Iterator[Found]:
    for match in _KANA_HONORIFIC.finditer(view):
        parts = morphemes(unicodedata.normalize("NFKC", match.group(1)))
        if (
            match.group(1) not in _lists()["not_persons"]
            and parts
            and all(_person(p) for p in parts if p.pos[0] != "空白")
        ):
            yield match.start(1), match.end(1), "name"


_KANA_INTRODUCED = re.compile(r"[ぁ-ゖ]{2,10}(?=と(?:申し|もうし|言い|いいます|言って|いって))")


def _kana_introduced(view: str) -> Iterator[Found]:
    """「電話口でいとうと言って」: the dictionary cuts a surname in hiragana off only when it stands alone."""
    for match in _KANA_INTRODUCED.finditer(view):
        for start in range(match.start(), match.end() - 1):
            pieces = morphemes(view[start : match.end()])
            if len(pieces) == 1 and _person(pieces[0]) == "姓":
                yield start, match.end(), "name"
                break
