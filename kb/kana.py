"""Kana as it sounds: folded readings, n-grams, and words found in text that is written in kana only.

Sudachi cuts 「そうりょうはいくら」 into そう・りょう・…; the words that the entries use tell better where
to cut.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.words import katakana

_SMALL = str.maketrans("ァィゥェォッャュョヮヵヶヂヅヲヴ", "アイウエオツヤユヨワカケジズオブ")
_VOWELS = {
    "ア": "アカガサザタダナハバパマヤラワ",
    "イ": "イキギシジチニヒビピミリ",
    "ウ": "ウクグスズツヌフブプムユル",
    "エ": "エケゲセゼテデネヘベペメレ",
    "オ": "オコゴソゾトドノホボポモヨロ",
}
_VOWEL_OF = {kana: vowel for vowel, row in _VOWELS.items() for kana in row}
_LENGTHENED = {("オ", "ウ"): "オ", ("エ", "イ"): "エ"}
_SOUNDS = re.compile(r"[^ァ-ヺー0-9a-z]+")
_KANA_TEXT = re.compile(r"[ぁ-ゖァ-ヺー、。・!?…\s]+")


def fold(text: str) -> str:
    """A text in kana as it sounds: small kana large, long vowels written out one way, marks dropped."""
    out: list[str] = []
    for char in _SOUNDS.sub("", katakana(text).translate(_SMALL)):
        before = _VOWEL_OF.get(out[-1], "") if out else ""
        out.append(before or "ア" if char == "ー" else _LENGTHENED.get((before, char), char))
    return "".join(out)


def ngrams(text: str, shortest: int, longest: int) -> list[str]:
    """All n-grams of these lengths; a text shorter than `shortest` is its own."""
    if len(text) < shortest:
        return [text] if text else []
    return [text[i : i + n] for n in range(shortest, longest + 1) for i in range(len(text) - n + 1)]


def is_kana(text: str) -> bool:
    """Is a normalised text written in kana only (marks and spaces aside)?"""
    return _KANA_TEXT.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Heard:
    """A word found in kana: the entries' form of it, and where it stands in the text."""

    form: str
    start: int
    end: int


_FUNCTION = (
    "は が を に で と も の か や へ ね よ な から まで より って とか など "
    "だけ しか でも ても ので のに けど です ます でした ました ですか ますか "
    "でしょうか ません ないです たい たいです したい したいです ください してください "
    "できますか できる できます します した して する ある あります ありますか いい "
    "いいですか ほしい ほしいです もらえますか もらえる くれますか いただけますか そう "
    "これ それ あの この その どう どうやって どうしたら いつ どこ なに なん いくら "
    "ない なんですが んですが んですけど ちょっと すみません おしえて おしえてください "
    "おねがいします たら ば なら ている てる てます なりますか なる いる いますか お "
    "ご こと もの とき ところ ばあい ん"
)


class Speller:
    """Finds the entries' words in kana text.

    `words` are (reading, form) pairs as they occur; of several forms with one reading the most frequent
    wins.
    """

    def __init__(self, words: Iterable[tuple[str, str]]) -> None:
        counts: dict[str, Counter[str]] = {}
        for reading, form in words:
            sound = fold(reading)
            if len(sound) >= 2 and not sound.isascii():
                counts.setdefault(sound, Counter())[form] += 1
        self.forms = {sound: max(forms, key=lambda f: (forms[f], f)) for sound, forms in counts.items()}
        self._costs: dict[str, float] = dict.fromkeys(map(fold, _FUNCTION.split()), 0.6)
        for sound in self.forms:
            self._costs[sound] = min(self._costs.get(sound, 9.0), 1.0 if len(sound) > 2 else 1.5)
        self._longest = max(map(len, self._costs))

    def hear(self, text: str) -> list[Heard]:
        """The words in a kana text, by the cheapest cut: few words, few leftovers."""
        found: list[Heard] = []
        for match in re.finditer(r"[ぁ-ゖァ-ヺー]+", text):
            sound = fold(match.group())
            if len(sound) == len(match.group()):
                found += [
                    Heard(form, match.start() + a, match.start() + b) for form, a, b in self._cut(sound)
                ]
        return found

    def _cut(self, sound: str) -> Iterator[tuple[str, int, int]]:
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(sound) + 1):
            ways = [(best[end - 1][0] + 1.7, end - 1)]
            for start in range(max(0, end - self._longest), end):
                cost = self._costs.get(sound[start:end])
                if cost is not None:
                    ways.append((best[start][0] + cost, start))
            best.append(min(ways))
        cuts: list[tuple[int, int]] = []
        end = len(sound)
        while end > 0:
            cuts.append((best[end][1], end))
            end = best[end][1]
        for start, stop in reversed(cuts):
            form = self.forms.get(sound[start:stop])
            if form is not None:
                yield form, start, stop

    def save(self, path: Path) -> None:
        rows: Sequence[str] = [f"{sound}\t{form}\n" for sound, form in sorted(self.forms.items())]
        path.write_text("".join(rows), encoding="utf-8")

    @classmethod
    def open(cls, path: Path) -> Speller:
        rows = (line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line)
        return cls((sound, form) for sound, form in rows)
