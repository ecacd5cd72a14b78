"""Kana-only questions → the shop's own spelling, learnt from its entries.

「りょうしゅうしょがほしい」 has no token in common with 「領収書」, neither for the encoder nor for words. A
unigram model of what the entries are made of (reading → usual spelling, and how often) finds the most
likely spelling of a kana text (Viterbi). Sudachi's own cut of hiragana adds the everyday words that no
entry happens to hold.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from kb.entry import Entry
from kb.text import normalise
from kb.words import Morpheme, katakana, morphemes

Pieces = list[tuple[str, str, int]]

FILE, PIECES = "respell.json", "pieces.jsonl"
UNKNOWN = 7.0  # cost (−log probability) of a kana that no word explains
EVERYDAY = 6.5  # cost of a hiragana word that the dictionary knows and the entries do not
MOST_KANJI = 1  # with more, the writer's own spelling is trusted
LEAST_KANA = 0.6
LONGEST = 200  # characters; longer kana-only texts are left alone

_KANA = re.compile(r"[ぁ-ゖァ-ヺー]+")
_HIRAGANA = re.compile(r"[ぁ-ゖー]{2,6}")
_KANJI = re.compile(r"[一-龥々]")


class Respelling:
    """`spellings`: katakana reading → (spelling, cost)."""

    def __init__(self, counts: dict[str, tuple[str, int]]) -> None:
        total = sum(count for _, count in counts.values()) or 1
        self._counts = counts
        self._spellings = {r: (s, -math.log(c / total)) for r, (s, c) in counts.items()}
        self._longest = max(map(len, counts), default=1)

    @classmethod
    def learn(cls, entries: Iterable[Pieces]) -> Respelling:
        """From what the entries are made of. The most frequent spelling of a reading wins."""
        seen: dict[str, Counter[str]] = {}
        for pieces in entries:
            for reading, spelling, count in pieces:
                seen.setdefault(reading, Counter())[spelling] += count
        counts: dict[str, tuple[str, int]] = {}
        for reading in sorted(seen):
            spelling = min(seen[reading].items(), key=lambda item: (-item[1], item[0]))[0]
            counts[reading] = (spelling, seen[reading].total())
        return cls(counts)

    @classmethod
    def read(cls, folder: Path) -> Respelling:
        raw = json.loads((folder / FILE).read_text("utf-8"))
        return cls({reading: (spelling, count) for reading, (spelling, count) in raw.items()})

    def write(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(self._counts, ensure_ascii=False), "utf-8")

    def __call__(self, text: str) -> str | None:
        """The likely spelling of a normalised text that is (nearly) all kana, else None."""
        if not text or len(text) > LONGEST:
            return None
        kana = sum(map(len, _KANA.findall(text)))
        kanji = len(_KANJI.findall(text))
        if kanji > MOST_KANJI or kana < len(text) * LEAST_KANA:
            return None
        spelt = _KANA.sub(lambda run: self._spelt(run.group()), text)
        return spelt if spelt != text else None

    def _spelt(self, run: str) -> str:
        reading, size = katakana(run), len(run)
        everyday = {(m.begin, m.end) for m in morphemes(run) if _HIRAGANA.fullmatch(m.surface)}
        costs = [0.0] + [math.inf] * size
        back: list[tuple[int, str]] = [(0, "")] * (size + 1)
        for start in range(size):
            for end in range(start + 1, min(size, start + max(self._longest, 6)) + 1):
                spelling, cost = self._spellings.get(reading[start:end], (run[start:end], math.inf))
                if math.isinf(cost) and (start, end) in everyday:
                    cost = EVERYDAY
                if math.isinf(cost) and end == start + 1:
                    cost = UNKNOWN
                if costs[start] + cost < costs[end]:
                    costs[end], back[end] = costs[start] + cost, (start, spelling)
        pieces: list[str] = []
        at = size
        while at:
            at, spelling = back[at]
            pieces.append(spelling)
        return "".join(reversed(pieces))


def pieces_of(texts: Iterable[str]) -> Pieces:
    """What texts are made of: (reading, spelling, how often)."""
    found: Counter[tuple[str, str]] = Counter()
    for text in texts:
        for piece in morphemes(normalise(text).text):
            reading = _reading(piece)
            if reading:
                found[reading, piece.surface] += 1
    return [(reading, spelling, count) for (reading, spelling), count in found.items()]


def learn_entries(entries: Iterable[Entry], folder: Path, previous: Path | None) -> Respelling:
    """Learn from entries and write everything to `folder`; what the folder `previous` holds of unchanged
    entries is taken from there."""
    known: dict[str, Pieces] = {}
    if previous is not None:
        with (previous / PIECES).open(encoding="utf-8") as lines:
            known = dict(json.loads(line) for line in lines)
    learnt: list[Pieces] = []
    with (folder / PIECES).open("w", encoding="utf-8") as out:
        for entry in entries:
            pieces = known.get(entry.digest) or pieces_of((*entry.questions, entry.answer))
            out.write(json.dumps([entry.digest, pieces], ensure_ascii=False, separators=(",", ":")) + "\n")
            learnt.append(pieces)
    respelling = Respelling.learn(learnt)
    respelling.write(folder)
    return respelling


def _reading(piece: Morpheme) -> str | None:
    """Katakana, or None for what cannot be typed as kana; one kana never stands for a kanji."""
    if _KANA.fullmatch(piece.surface):
        return katakana(piece.surface)
    reading = katakana(piece.reading)
    return reading if len(reading) > 1 and _KANA.fullmatch(reading) else None
