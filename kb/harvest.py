"""Past conversations → proposals: what agents had to answer more than once becomes a diff to the entries.

Masked first (`talk`), grouped by meaning (`groups`), one-offs and private cases left out, agents' facts kept
word for word (`wording`). A group whose words an entry holds already is a wording that the bot missed
(variant); one that contradicts what the bot said is a correction; the rest is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kb.entry import Entry
from kb.groups import Likeness, Weights, by_meaning, grouped, likenesses
from kb.search import Knowledge
from kb.talk import PRIVATE_FROM, Talk, lists, masked, private, read
from kb.transcript import Transcript, parse_transcripts, read_transcripts, transcript_of
from kb.wording import answer_of, corrected, question_of, stale_in

__all__ = ["Proposal", "Reason", "harvest", "parse_transcripts", "read_transcripts"]

Kind = Literal["new", "variant", "correction", "retirement"]
COVERED = 0.6
"""An entry that holds this share of what agents repeat says it already (demo: variants .74, new to .42)."""
UNASKED_FROM = 50
UNASKED_MOST = 10
"""To call an entry unasked takes this many conversations, and so many are proposed at once."""


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A diff to the knowledge base. `entry` is None for a new one. `evidence` are conversations' ids."""

    kind: Kind
    entry: str | None
    question: str
    answer: str
    evidence: tuple[str, ...]
    reasons: tuple[Reason, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "entry": self.entry,
            "question": self.question,
            "answer": self.answer,
            "evidence": list(self.evidence),
            "conversations": len(self.evidence),
            "reasons": [{"code": reason.code, "text": reason.text} for reason in self.reasons],
        }


def harvest(
    transcripts: Iterable[Transcript | Mapping[str, Any]],
    knowledge: Knowledge,
    *,
    retire: bool = False,
    likeness: Likeness | None = None,
) -> list[Proposal]:
    """Proposals from past conversations (or their JSON form), those with most evidence first.

    `likeness` compares texts by meaning (default: the knowledge's encoder; words alone without one).
    `retire` also proposes to retire entries that agents call ended, or that nobody asked for.
    """
    whole = [t if isinstance(t, Transcript) else transcript_of(t) for t in transcripts]
    talks = [talk for transcript in whole if (talk := read(transcript)) is not None]
    talks = list({talk.id: talk for talk in talks}.values())
    words = Weights(knowledge)
    alike = likeness or (by_meaning(knowledge) if knowledge.has_vectors else None)
    found = []
    for members in grouped(likenesses(talks, words, alike)):
        group = [talks[i] for i in members]
        proposal = _proposal(group, knowledge, words, retire) if len(group) > 1 else None
        if proposal is not None:
            found.append(proposal)
    if retire:
        found += _unasked(whole, knowledge, {p.entry for p in found})
    return sorted(found, key=lambda p: (p.kind == "retirement", -len(p.evidence), p.evidence))


def _supported(group: Sequence[Talk], words: Weights) -> dict[str, float]:
    """What agents said in at least two of the conversations, by weight."""
    counts = Counter(form for talk in group for form in words.of("".join(talk.told)))
    weights = {form: weight for talk in group for form, weight in words.of("".join(talk.told)).items()}
    return {form: weights[form] for form, count in counts.items() if count >= 2}


def _proposal(group: Sequence[Talk], knowledge: Knowledge, words: Weights, retire: bool) -> Proposal | None:
    supported = _supported(group, words)
    hidden = frozenset().union(*(talk.hidden for talk in group))
    question = question_of(group, supported, words, hidden)
    told = answer_of(group, supported, words, hidden)
    if not supported or not told or not question:
        return None
    evidence = tuple(talk.id for talk in group)
    reasons = [Reason("asked_again", f"{len(group)}件の会話で、担当者が同じことを答えています")]
    entry, share = _nearest(group, supported, knowledge, words)
    if entry is None:
        return Proposal("new", None, question, "".join(told), evidence, tuple(reasons))
    said = sum(_said_it(talk, entry, words) for talk in group)
    stale = stale_in(entry, supported, words)
    outdated = sum(any(lists().outdated.search(text) for text in talk.told) for talk in group)
    ended = sum(any(lists().ended.search(text) for text in talk.told) for talk in group)
    known = share >= COVERED or 2 * said >= len(group)
    if retire and known and 2 * ended >= len(group):
        reasons.append(Reason("ended", "担当者が、終わったこととして答えています"))
        return Proposal("retirement", entry.id, entry.question, "".join(told), evidence, tuple(reasons))
    if stale and known and (2 * outdated >= len(group) or 2 * said > len(group)):
        reasons.append(Reason("contradicts", f"今の答え「{stale.sentence}」と違います：{stale.change}"))
        answer = corrected(entry, group, stale, supported, words, hidden)
        return Proposal("correction", entry.id, entry.question, answer, evidence, tuple(reasons))
    if share >= COVERED:
        reasons.append(Reason("wording_missed", f"答えは「{entry.question}」にあります。聞き方が足りません"))
        return Proposal("variant", entry.id, question, "".join(told), evidence, tuple(reasons))
    reasons.append(Reason("no_entry", f"今の答えの中で近い「{entry.question}」も、{share:.0%}しか含みません"))
    return Proposal("new", None, question, "".join(told), evidence, tuple(reasons))


def _nearest(
    group: Sequence[Talk], supported: Mapping[str, float], knowledge: Knowledge, words: Weights
) -> tuple[Entry | None, float]:
    """The entry that says most of what agents repeat, and the share that it says; of those that search
    finds for the questions and answers, the bot's own words counting half."""
    candidates: dict[str, Entry] = {}
    for talk in group:
        for text in ("".join(talk.asked), "".join(talk.told[: talk.first])):
            candidates |= {hit.entry.id: hit.entry for hit in knowledge.find(text, 5).hits}
    total = sum(supported.values()) or 1.0
    ranked = []
    for entry in candidates.values():
        have = words.of("\n".join((*entry.questions, entry.answer)))
        share = sum(weight for form, weight in supported.items() if form in have) / total
        said = sum(_said_it(talk, entry, words) for talk in group) / len(group)
        ranked.append((share + said / 2, entry.id, share))
    if not ranked:
        return None, 0.0
    _, best, share = max(ranked)
    return candidates[best], share


def _said_it(talk: Talk, entry: Entry, words: Weights) -> bool:
    """Had the bot said this entry's answer, or a part of it?"""
    have = words.of(entry.answer)
    for text in talk.bot:
        asked = words.of(text)
        if len(asked) >= 2 and sum(form in have for form in asked) >= 0.75 * len(asked):
            return True
    return False


def _unasked(
    transcripts: Sequence[Transcript], knowledge: Knowledge, taken: set[str | None]
) -> list[Proposal]:
    """The entries that were farthest from all that shoppers asked, if there was enough to judge by."""
    general = {t.id: lines for t in transcripts if private(lines := masked(t)) < PRIVATE_FROM}
    if len(general) < UNASKED_FROM:
        return []
    near: set[str] = set()
    for lines in general.values():
        for message in lines:
            if message.who == "shopper":
                near |= {hit.entry.id for hit in knowledge.find(message.text, 10).hits}
    evidence = tuple(general)
    reason = Reason("never_asked", f"{len(evidence)}件の会話で、一度も候補に上がりませんでした")
    idle = [entry for entry in knowledge.entries if entry.id not in near and entry.id not in taken]
    return [
        Proposal("retirement", entry.id, entry.question, entry.answer, evidence, (reason,))
        for entry in idle[:UNASKED_MOST]
    ]
