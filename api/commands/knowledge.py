"""index, ask, mask, harvest: the knowledge base from the shell, without a server."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from api.commands import Refusal, encoder_for, lines, progress, put, settings_for, tell
from api.settings import Settings
from bot.decision import Decision, Said, Turn
from kb.tongue import primary

HISTORY = 20
WHO = {"shopper", "bot", "agent"}


def index(data: Path | None, corpus: Path, out: Path, *, as_json: bool) -> None:
    """Build a release directory; prints what was built."""
    from kb.entry import read_corpus
    from kb.index import build

    settings = settings_for(data)
    read = read_corpus(corpus)
    for warning in read.warnings:
        tell(f"note: {warning}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refusal(f"{out}: exists and is not an empty directory; name a new or empty one with --out")
    encoder = encoder_for(settings)
    with progress("索引を作っています / indexing") as step:
        built = build(read.entries, out, encoder, progress=step)
    facts = {
        "release": built.release,
        "entries": built.entries,
        "vectors": built.vectors,
        "encoded": built.encoded,
        "seconds": round(built.seconds, 2),
    }
    if as_json:
        put(facts)
    else:
        print(f"{out}: {built.entries} entries, {built.vectors} vectors in {built.seconds:.1f} s")  # noqa: T201


def ask(
    data: Path | None,
    text: str | None,
    index: Path | None,
    corpus: Path | None,
    batch: str | None,
    *,
    as_json: bool,
) -> None:
    """Print a decision, or one for each line of the batch, in order."""
    from bot.policy import read_policy
    from bot.think import think

    settings = settings_for(data)
    policy = read_policy(settings.policy)
    knowledge = knowledge_for(settings, index, corpus)
    if batch is None:
        assert text is not None
        _show({"id": None}, think(_turn({"text": text}, "TEXT"), knowledge, policy), as_json)
        return
    with _opened(batch) as source:
        for number, line in lines(source, batch):
            where = f"{batch}:{number}"
            turn = _turn(line, where)
            _show({"id": line.get("id")}, think(turn, knowledge, policy), as_json)


def _opened(name: str) -> Any:
    if name == "-":
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape")  # type: ignore[union-attr]
        return nullcontext(sys.stdin)
    return Path(name).open(encoding="utf-8-sig", errors="surrogateescape")


def _show(head: dict[str, Any], decision: Decision, as_json: bool) -> None:
    if as_json:
        put(head | decision.as_json())
        return
    label = f"{head['id']}\t" if head["id"] is not None else ""
    print(f"{label}[{decision.kind} {decision.confidence:.2f}] {decision.text}")  # noqa: T201
    for offer in decision.offers:
        print(f"{label}  - {offer.question} ({offer.entry})")  # noqa: T201
    for reason in decision.reasons:
        tell(f"  {reason.code}: {reason.text}")


def _turn(line: Mapping[str, Any], where: str) -> Turn:
    """A batch line as a turn. Raises Refusal naming the place and the field."""
    text = line.get("text")
    if not isinstance(text, str):
        raise Refusal(f"{where}: text: must be a text")
    history = line.get("history") or []
    if not isinstance(history, list):
        raise Refusal(f"{where}: history: must be a list of {{from, text}}")
    said = [_said(item, f"{where}: history[{place}]") for place, item in enumerate(history)]
    locale = primary(str(line.get("locale"))) or "ja"
    return Turn(text, datetime.now(UTC), locale, tuple(said[-HISTORY:]), on_duty=True)


def _said(item: Any, where: str) -> Said:
    if not isinstance(item, dict) or item.get("from") not in WHO or not isinstance(item.get("text"), str):
        raise Refusal(f"{where}: must be {{from: shopper|bot|agent, text}}")
    return Said(item["from"], item["text"])


def knowledge_for(settings: Settings, index: Path | None, corpus: Path | None) -> Any:
    """The given release directory, the index of the given corpus (kept under the data), or what is live."""
    from kb.search import Knowledge

    encoder = encoder_for(settings)
    if index is not None:
        return Knowledge.open(index, encoder)
    if corpus is not None:
        return Knowledge.open(_indexed(settings, corpus, encoder), encoder)
    from kb.release import Releases
    from kb.store import Store

    with closing(Store.open(settings.store_url)) as store:
        live = Releases(store, settings.data, encoder).live()
    if live is None:
        raise Refusal("no release is live; give --corpus FILE or --index DIR, or run `toritsugi publish`")
    return Knowledge.open(live, encoder)


def _indexed(settings: Settings, corpus: Path, encoder: Any) -> Path:
    """The corpus's index, built once for its content and encoder; kept under the data directory."""
    from kb.entry import read_corpus
    from kb.index import IndexRefused, build
    from kb.search import Knowledge

    read = read_corpus(corpus)
    parts = [encoder.id if encoder else "none", *(entry.id + entry.digest for entry in read.entries)]
    name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
    home = settings.data / "asked" / name
    if home.exists():
        try:
            Knowledge.open(home, encoder)
            return home
        except IndexRefused:
            import shutil

            shutil.rmtree(home)
    home.parent.mkdir(parents=True, exist_ok=True)
    with progress("索引を作っています / indexing") as step:
        build(read.entries, home, encoder, progress=step)
    return home


def mask_lines(data: Path | None, *, as_json: bool) -> None:
    """Lines `{"id","text"}` on stdin → masked, in order."""
    from kb.mask import mask

    settings_for(data)
    with _opened("-") as source:
        for line_id, text in _texts(source):
            masked = mask(text)
            if as_json:
                spans = [{"start": s.start, "end": s.end, "type": s.type} for s in masked.spans]
                put({"id": line_id, "masked": masked.text, "spans": spans})
            else:
                print(masked.text)  # noqa: T201


def _texts(source: TextIO) -> Iterator[tuple[Any, str]]:
    for number, line in lines(source, "stdin"):
        if not isinstance(line.get("text"), str):
            raise Refusal(f"stdin:{number}: text: must be a text")
        yield line.get("id"), line["text"]


def harvest(data: Path | None, transcripts: Path, corpus: Path, *, retire: bool, as_json: bool) -> None:
    """Print proposals, one a line."""
    from kb.harvest import harvest as propose
    from kb.harvest import read_transcripts

    settings = settings_for(data)
    read = read_transcripts(transcripts)
    knowledge = knowledge_for(settings, None, corpus)
    proposals = propose(read, knowledge, retire=retire)
    for proposal in proposals:
        if as_json:
            put(proposal.as_json())
        else:
            print(f"[{proposal.kind}] {proposal.question}\n  {proposal.answer}")  # noqa: T201
    tell(f"{len(proposals)} proposals")
