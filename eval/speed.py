"""How long a turn takes with 10,000 entries, against a bare call of the encoder in the same run; start,
memory, indexing. The entries are generated; their vectors are drawn around real ones, because searching
takes as long whatever the vectors say and encoding 50,000 texts takes a quarter of an hour."""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bot.decision import Turn
from bot.policy import read_policy
from bot.think import think
from eval.report import Cell, Lines, Report, Section, Table
from kb.encoder import Encoder, Kind, Reading, open_encoder
from kb.entry import Entry
from kb.index import build, release_of
from kb.search import Knowledge
from kb.words import Words

ENTRIES, ASKED, LONGEST = 10_000, 300, 30
NOON = datetime(2026, 7, 1, 3, tzinfo=UTC)
TARGETS = {
    "think.p50_ms": -12.0,
    "think.p99_ms": -40.0,
    "think.p50_by_encode": -1.6,
    "ready_s": -5.0,
    "memory_mb": -650.0,
    "index.entries_per_s": 10.0,
    "reindex.1000_unchanged_s": -1.0,
}
SHOWN = [float(p) for p in range(0, 100, 3)]
THINGS = (
    "土鍋 急須 湯のみ 平皿 小鉢 茶碗 箸 箸置き 包丁 まな板 "
    "鉄瓶 やかん 弁当箱 水筒 手ぬぐい 布巾 のれん 座布団 花器 重箱"
).split()
MAKES = "白磁 粉引 織部 黒釉 青磁 漆塗り 竹 檜 桜 南部鉄 銅 真鍮 硝子 琺瑯 麻 木綿 絹 和紙 信楽 備前".split()
SIZES = "特大 大 中 小 豆 一人用 二人用 四人用 家族用 子ども用 来客用 旅行用 贈答用 業務用 左利き用".split()
ASKS = (
    "{}の送料はいくらですか",
    "{}は返品できますか",
    "{}の在庫はいつ入りますか",
    "{}を洗う方法を教えてください",
    "{}に名前を入れられますか",
    "{}は電子レンジで使えますか",
    "{}の保証期間は何年ですか",
    "{}を修理してもらえますか",
)
WAYS = ("{}なんだけど、どうすれば", "{} 教えて", "知りたいのは{}のこと")
PLAIN = "はい、{0}については{1}日以内にお知らせください。{2}円の手数料がかかりますが、{3}個以上なら無料です。"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--entries", type=int, default=ENTRIES, help=f"how many (default {ENTRIES})")
    parser.add_argument("--fresh", metavar="DIR", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> Report:
    if args.fresh:  # the child process that is timed and weighed
        print(json.dumps(_started(Path(args.fresh), args.data)))
        sys.exit(0)
    encoder = open_encoder(args.data)
    entries = generated(args.entries)
    home = _indexed(entries, encoder, args.data)
    knowledge = Knowledge.open(home, encoder)
    times = _timed(knowledge, encoder)
    figures = {f"{what}.p{p}_ms": float(np.percentile(ms, p)) for what, ms in times.items() for p in (50, 99)}
    figures["think.p50_by_encode"] = figures["think.p50_ms"] / figures["encode.p50_ms"]
    started = _child(home, args.data)
    figures |= {"ready_s": started["ready_s"], "memory_mb": started["memory_mb"]}
    figures |= _indexing(entries, encoder)
    facts = {
        "entries": f"{len(entries):,} generated, three variants each",
        "questions": f"{ASKED}, up to {LONGEST}",
    }
    shares = (10, 50, 90, 99)
    rows: list[list[Cell]] = [
        [what, *(float(np.percentile(ms, p)) for p in shares)] for what, ms in times.items()
    ]
    table = Table(["stage", *(f"p{p}" for p in shares)], rows)
    curves = {
        what: [(float(p), float(np.percentile(ms, p))) for p in range(0, 100, 3)]
        for what, ms in times.items()
    }
    plot = Lines("分布 / Percentiles", "percentile", "ms", curves)
    return Report(
        "speed",
        "速さの評価 / Speed",
        "質問一つにかかる時間（ミリ秒）。 / Milliseconds for one question, one at a time.",
        figures,
        facts,
        TARGETS,
        [Section("段階別 / By stage", "", [table, plot])],
    )


def generated(count: int) -> list[Entry]:
    """Entries that differ in the thing they are about; seeded."""
    picks = random.Random(20261122)
    names = [f"{make}の{thing}（{size}）" for make in MAKES for thing in THINGS for size in SIZES]
    picks.shuffle(names)
    made = []
    for number in range(count):
        name, ask = names[number % len(names)], ASKS[number // len(names) % len(ASKS)]
        numbers = (picks.randint(1, 30), picks.randint(1, 90) * 100, picks.randint(2, 20))
        answer = PLAIN.format(name, *numbers) + PLAIN.format(picks.choice(names), *numbers)
        question = ask.format(name)
        variants = tuple(way.format(question[:-1]) for way in WAYS)
        made.append(Entry(f"g-{number:05}", question, answer, variants))
    return made


class _Drawn:
    """The encoder's face with vectors drawn around real ones, for an index that is only timed."""

    def __init__(self, encoder: Encoder) -> None:
        self.id, self.dim, self.joint = encoder.id, encoder.dim, encoder.joint
        self.manifest = encoder.manifest
        self.typical = encoder.typical
        self._around = np.concatenate(encoder.typical)

    def read(self, text: str, kind: Kind) -> Reading:
        seed = int.from_bytes(hashlib.blake2b(f"{kind}{text}".encode(), digest_size=8).digest(), "big")
        draws = np.random.default_rng(seed)
        vector = self._around[draws.integers(len(self._around))] + draws.normal(size=self.dim) * 0.02
        tokens = draws.normal(size=(64, self.joint or 1)) / (self.joint or 1) ** 0.5
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        return Reading(unit, tokens.astype(np.float32) if self.joint else None)


def _indexed(entries: Sequence[Entry], encoder: Encoder, data: Path) -> Path:
    words = Words()
    home = data / "eval" / f"speed-{release_of(entries, encoder, words)}"
    if not home.exists():
        print(f"indexing {len(entries)} generated entries, once", file=sys.stderr)
        drawn: Any = _Drawn(encoder)
        build(entries, home, drawn, words=words)
    return home


def _timed(knowledge: Knowledge, encoder: Encoder) -> dict[str, list[float]]:
    """Bare encodes and whole turns in turn, so that both see the same machine; no text comes twice."""
    policy = read_policy(None)
    texts = _questions(2 * (ASKED + 10))
    times: dict[str, list[float]] = {"encode": [], "think": [], "text": [], "search": [], "find": []}
    for round_, (bare, whole) in enumerate(zip(texts[::2], texts[1::2], strict=True)):
        begun = time.perf_counter()
        encoder.encode([bare], "query")
        encoded = time.perf_counter()
        decision = think(Turn(whole, NOON), knowledge, policy)
        done = time.perf_counter()
        if round_ >= 10:
            times["encode"].append((encoded - begun) * 1e3)
            times["think"].append((done - encoded) * 1e3)
            times["text"].append(decision.ms.get("text", 0.0))
            times["search"].append(decision.ms.get("search", 0.0))
            begun = time.perf_counter()
            knowledge.find(whole)  # its vector is kept: this is everything but the encoder
            times["find"].append((time.perf_counter() - begun) * 1e3)
    return times


def _questions(count: int) -> list[str]:
    picks = random.Random(7)
    made: dict[str, None] = {}
    while len(made) < count:
        name = f"{picks.choice(MAKES)}の{picks.choice(THINGS)}"
        text = picks.choice(ASKS).format(name) + picks.choice(("", "？", "ね", "、急いでます"))
        made.setdefault(text[:LONGEST])
    return list(made)


def _child(home: Path, data: Path) -> dict[str, float]:
    """A fresh process from its start to its first decision, and its peak memory after many."""
    begun = time.time()
    command = [sys.executable, "-m", "eval", "speed", "--fresh", str(home), "--data", str(data)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return {"ready_s": found["ready_at"] - begun, "memory_mb": found["memory_mb"]}


def _started(home: Path, data: Path) -> dict[str, float]:
    knowledge = Knowledge.open(home, open_encoder(data))
    policy = read_policy(None)
    think(Turn("送料はいくらですか", NOON), knowledge, policy)
    ready = time.time()
    for text in _questions(100):
        think(Turn(text, NOON), knowledge, policy)
    return {"ready_at": ready, "memory_mb": _peak_mb()}


def _peak_mb() -> float:
    """This process's own peak; `ru_maxrss` would begin with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text("utf-8").partition("VmHWM:")[2].split()[0]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _indexing(entries: Sequence[Entry], encoder: Encoder) -> dict[str, float]:
    """Entries a second with the real encoder, and a thousand unchanged ones again."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        words = Words()
        real = build(entries[:60], home / "real", encoder, words=words)
        drawn: Any = _Drawn(encoder)
        build(entries[:1000], home / "once", drawn, words=words)
        again = build(entries[:1000], home / "again", drawn, words=words, previous=home / "once")
        shutil.rmtree(home / "once")
    return {"index.entries_per_s": 60 / real.seconds, "reindex.1000_unchanged_s": again.seconds}
