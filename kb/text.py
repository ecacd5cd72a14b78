"""What people type → one spelling, with every character's place in the original kept.

Two views: `normalise` for words and characters, `encoder_view` for the encoder, which was trained on
text as people write it and loses by more normalisation.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

LONGEST = 4000
"""The most characters that a message or an entry's text may have."""

_PASSES = 8
"""Two passes settle all text that people type; the bound is for text made to annoy."""


Kind = Literal["emoji", "kaomoji", "laugh"]


@dataclass(frozen=True, slots=True)
class Aside:
    """An emoji, kaomoji or written laugh taken out of the text.

    `start`, `end` are offsets into the original; `at` is the place in the normalised text where it
    stood.
    """

    kind: Kind
    text: str
    start: int
    end: int
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """`text` is the one spelling of `original`.

    `offsets[i]` is the index in `original` where `text[i]` comes from; one sentinel more than
    characters, the last being `len(original)`. `ends[i]` is where that source ends (a half-width kana
    with its mark is two characters of the original). Both never go down.
    """

    original: str
    text: str
    offsets: tuple[int, ...]
    ends: tuple[int, ...]
    asides: tuple[Aside, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original that `text[start:end]` stands for."""
        if start >= end:
            return self.offsets[start], self.offsets[start]
        return self.offsets[start], self.ends[end - 1]


class _Draft:
    """A text under way: characters with the range of the original that each came from."""

    __slots__ = ("chars", "ends", "starts")

    def __init__(self, text: str) -> None:
        self.chars = text
        self.starts = list(range(len(text)))
        self.ends = list(range(1, len(text) + 1))

    def sub(self, pattern: re.Pattern[str], by: Callable[[re.Match[str]], str]) -> None:
        """Replace each match; every character of a replacement stands for the whole match."""
        match = pattern.search(self.chars)
        if match is None:
            return
        chars: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        while match is not None:
            begin, end = match.span()
            chars.append(self.chars[done:begin])
            starts += self.starts[done:begin]
            ends += self.ends[done:begin]
            new = by(match)
            if new == match.group():
                chars.append(new)
                starts += self.starts[begin:end]
                ends += self.ends[begin:end]
            else:
                chars.append(new)
                starts += [self.starts[begin]] * len(new)
                ends += [self.ends[end - 1]] * len(new)
            done = end
            match = pattern.search(self.chars, max(end, begin + 1))
        chars.append(self.chars[done:])
        self.starts = starts + self.starts[done:]
        self.ends = ends + self.ends[done:]
        self.chars = "".join(chars)


_EMOJI = (
    "\U0001f000-\U0001f0ff\U0001f18e-\U0001f1ff\U0001f300-\U0001faff\u2600-\u2604\u2607-\u260f\u2613-\u2653"
    "\u265f-\u2775\u2794\u2795\u2797-\u27bf\u2b50\u2b55\u2934\u2935\u231a\u231b\u23e9-\u23f3\u3297\u3299"
)
_BASE = f"[{_EMOJI}](?:[\ufe0e\ufe0f\u20e3]|[\U0001f3fb-\U0001f3ff]|[\U000e0020-\U000e007f])*"
_EMOJI_RUN = re.compile(
    f"(?:{_BASE}(?:\u200d{_BASE})*|[0-9#*]\ufe0f?\u20e3|[\u00a9\u00ae\u2122\u2139\u2194-\u21aa]\ufe0f)+"
)
_FACE = (
    "^_;:'\"`´｀・･ωдДΔ∀▽◇ー─ˊˋ≧≦°゜ﾟﾞ。．.,*＊><＞＜＾＿；：TtQqOoUuXx×0vV@＠=＝-−~〜～"
    "|｜/／\\＼!！?？◎●○◯σ∇ε３3ｪェﾛロ口皿益艸#♯╥╯╰▼¯ಠﾉノヽシつっ"
)
_KAOMOJI = re.compile(
    rf"(?:[mｍ]\s?[(（][_＿.．・\s]{{2,5}}[)）]\s?[mｍ])"
    rf"|[ヽヾ＼\\٩┐┗ლ\u0669ლ]*[(（][{re.escape(_FACE)}汗泣涙笑\s]{{2,14}}[)）][;；ﾉノシヾゞ۶彡┛┘ﾟ]*"
    r"|[(（](?:笑+|泣+|汗+|涙|怒|苦笑|爆笑|爆|w+|ｗ+)[)）]"
    r"|(?<![A-Za-z0-9])(?:orz|OTL)(?![A-Za-z0-9])"
    r"|[(（]?(?:\^_\^|\^\^|＾＾|T_T|;_;|；_；|>_<|＞＜|ToT|TT)[;；]*(?![A-Za-z0-9])[)）]?"
)
_EYES = re.compile(r"[\^＾;；;´｀`'≧≦><＞＜TＴQ・･∀Д▽ω_＿°゜ﾟー@＠╥ಠ×-]")
_LAUGH = re.compile(r"(?<=[ぁ-んァ-ヶー一-龥々。、!?！？…])(?:[wｗWＷ]+|笑+)(?=$|[\s。、!?！？…)）」])")

_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_SPACE = re.compile(r"[\s\u0085\u2028\u2029\u2800]+")
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u3099\u309a"
_SAFE = "\n -@\\[-_a-}\u3001\u3002\u3005\u300c-\u300f\u3041-\u3096\u30a1-\u30fc\u4e00-\u9fff"
_PIECE = re.compile(f".[{_MARKS}\uff9e\uff9f\u309b\u309c]+|[^{_SAFE}]", re.DOTALL)
_LOOSE = re.compile(f"[{_MARKS}]+")
_VOICED = str.maketrans("\uff9e\uff9f\u309b\u309c", "\u3099\u309a\u3099\u309a")
_KEPT = str.maketrans(
    {
        **dict.fromkeys("~∼∿〰～", "〜"),
        **dict.fromkeys("‐‑‒–—―−﹘﹣－⁃➖─━", "-"),
        **dict.fromkeys("‥⋯", "…"),
        **dict.fromkeys("´｀¨¯¸˘˙˚˛˜˝`", " "),
        **dict.fromkeys("“”„‟〝〞〟", '"'),
        **dict.fromkeys("‘’‚‛", "'"),
        "｡": "。",
        "､": "、",
    }
)

_KANA = "ぁ-ゖァ-ヺ"
_STOP = r"$|[\s。、.,!?…)」』]"
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<=\d)ー+(?=\d)"), lambda _: "-"),
    (re.compile(rf"(?<=[{_KANA}ー])-+(?=[{_KANA}]|{_STOP})"), lambda _: "ー"),
    (re.compile(rf"(?<=[{_KANA}ー])〜+(?=[んっー])"), lambda _: "ー"),
    (re.compile(rf"(?<=[{_KANA}ー])〜+(?={_STOP})"), lambda _: ""),
    (re.compile(r"ー{2,}"), lambda _: "ー"),
    (re.compile(rf"(?<=[ぁ-ゖ])ー(?=[いん]|{_STOP})"), lambda _: ""),
    (re.compile(r"(?<=[あかがさざただなはばぱまやらわゃ])ぁ+"), lambda _: ""),
    (re.compile(r"(?<=[いきぎしじちにひびぴみり])ぃ+"), lambda _: ""),
    (re.compile(r"(?<=[うくぐすずつぬぶぷむゆるゅ])ぅ+"), lambda _: ""),
    (re.compile(r"(?<=[えけげせぜねへべぺめれ])ぇ+"), lambda _: ""),
    (re.compile(r"(?<=[おこごそぞとどのほぼぽもよろょ])ぉ+"), lambda _: ""),
    (re.compile(rf"([{_KANA}])\1{{2,}}"), lambda m: m.group(1)),
    (re.compile(r"([a-z])\1{3,}"), lambda m: m.group(1) * 2),
    (re.compile(r"[!?]{2,}"), lambda m: "?" if "?" in m.group() else "!"),
    (re.compile(r"[.・、。…]*(?:\.{2,}|・{2,}|、{2,}|…)[.・、。…]*"), lambda _: "…"),
    (re.compile(r"([^\w\s/])\1+"), lambda m: m.group(1)),
    (_SPACE, lambda m: "\n" if "\n" in m.group() else " "),
    (re.compile(r"\A\s+|\s+\Z"), lambda _: ""),
)


def _compose(match: re.Match[str]) -> str:
    piece = match.group().translate(_KEPT)
    if piece in {"…", "〜"}:
        return piece
    whole = unicodedata.normalize("NFKC", piece.translate(_VOICED)).translate(_KEPT)
    return _LOOSE.sub("", whole.lower())


def _pass(text: str) -> tuple[_Draft, list[Aside]]:
    draft = _Draft(text)
    asides: list[Aside] = []

    def away(kind: Kind) -> Callable[[re.Match[str]], str]:
        def take(match: re.Match[str]) -> str:
            if kind == "kaomoji" and not _is_face(match.group()):
                return match.group()
            begin, end = draft.starts[match.start()], draft.ends[match.end() - 1]
            asides.append(Aside(kind, match.group(), begin, end, 0))
            return " "

        return take

    draft.sub(_EMOJI_RUN, away("emoji"))
    draft.sub(_KAOMOJI, away("kaomoji"))
    draft.sub(_LAUGH, away("laugh"))
    draft.sub(_CONTROL, lambda _: "")
    draft.sub(_PIECE, _compose)
    for pattern, by in _RULES:
        draft.sub(pattern, by)
    return draft, asides


def _is_face(found: str) -> bool:
    inside = found.strip("()（）")
    marks = any(c in found for c in "笑泣汗涙怒爆wｗ")
    return found[-1] not in ")）" or marks or len(_EYES.findall(inside)) >= 2


def normalise(text: str) -> Text:
    """The one spelling of `text`. Normalising its result again changes nothing.

    NFKC with half-width kana composed, lower case, long vowels and repeated marks shortened, hyphens
    and waves told apart from long vowels by what stands beside them, control characters and stray
    accents dropped, emoji and kaomoji set aside. Time is linear in the length of `text`.
    """
    draft, asides = _pass(text)
    for _ in range(_PASSES):
        again, more = _pass(draft.chars)
        if again.chars == draft.chars:
            break
        starts, ends = draft.starts, draft.ends
        asides += [
            Aside(a.kind, text[starts[a.start] : ends[a.end - 1]], starts[a.start], ends[a.end - 1], 0)
            for a in more
        ]
        again.starts = [starts[i] for i in again.starts]
        again.ends = [ends[i - 1] for i in again.ends]
        draft = again
    offsets = (*draft.starts, len(text))
    placed = sorted(asides, key=lambda a: (a.start, a.end))
    return Text(
        text,
        draft.chars,
        offsets,
        (*draft.ends, len(text)),
        tuple(Aside(a.kind, a.text, a.start, a.end, bisect_left(offsets, a.start)) for a in placed),
    )


_HIDDEN = "[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]*"
_ENDING = f"{_HIDDEN}[>＞﹥]"
_SPECIAL = re.compile(
    f"[<＜﹤]{_HIDDEN}(?:[/／]{_HIDDEN})?(?:[sｓ]|[pｐ][aａ][dｄ]|[uｕ][nｎ][kｋ]|[mｍ][aａ][sｓ][kｋ]){_ENDING}",
    re.IGNORECASE,
)
_HALF_KANA = re.compile("[\uff61-\uff9f]+")
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")


def encoder_view(text: str) -> str:
    """`text` as the encoder should see it: as written, with half-width kana composed, and without
    control characters, lone surrogates and what its tokenizer would read as its own marks (`<s>`)."""
    plain = _UNREADABLE.sub(" ", text)
    plain = _HALF_KANA.sub(lambda m: unicodedata.normalize("NFKC", m.group()), plain)
    return _SPECIAL.sub(" ", plain).strip()
