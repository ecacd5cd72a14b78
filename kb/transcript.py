"""Past conversations in the contract's form, read and checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from kb.entry import LARGEST_FILE, CorpusError, Problem
from kb.table import Undecodable, decode

Who = Literal["shopper", "bot", "agent", "system"]
_WHO = frozenset(get_args(Who))


@dataclass(frozen=True, slots=True)
class Message:
    who: Who
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """One conversation, oldest message first."""

    id: str
    messages: tuple[Message, ...]


def read_transcripts(path: Path) -> list[Transcript]:
    """The conversations of a JSON Lines file; raises `CorpusError` naming every bad line."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise CorpusError([Problem(str(path), 0, "", "the file is larger than 50 MB: split it")])
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError([Problem(str(path), 0, "", f"cannot be read: {error.strerror}")]) from error
    return parse_transcripts(data, str(path))


def parse_transcripts(data: bytes, name: str) -> list[Transcript]:
    """The conversations of a file's bytes; `name` stands in messages."""
    try:
        text = decode(data)
    except Undecodable as error:
        raise CorpusError([Problem(name, error.line, "", str(error))]) from error
    found: list[Transcript] = []
    problems: list[Problem] = []
    ids: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            transcript = transcript_of(json.loads(line))
        except json.JSONDecodeError as error:
            problems.append(Problem(name, number, "", f"not JSON at column {error.colno}: {error.msg}"))
        except BadTranscript as error:
            problems.append(Problem(name, number, error.field, error.message))
        except (ValueError, RecursionError) as error:
            problems.append(Problem(name, number, "", f"not usable JSON: {error}"))
        else:
            if transcript.id in ids:
                message = f"{transcript.id!r} is already the conversation of line {ids[transcript.id]}"
                problems.append(Problem(name, number, "id", message))
            ids.setdefault(transcript.id, number)
            found.append(transcript)
    if problems:
        raise CorpusError(problems)
    return found


class BadTranscript(ValueError):
    """A conversation that is not in the contract's form."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def transcript_of(fields: Any) -> Transcript:
    """A conversation from its JSON form; raises `BadTranscript`. Unknown fields are left unread."""
    if not isinstance(fields, Mapping):
        raise BadTranscript("", "one JSON object a line is needed")
    if not isinstance(fields.get("id"), str) or not fields["id"].strip():
        raise BadTranscript("id", "must be a text that is not empty")
    messages = fields.get("messages")
    if not isinstance(messages, list):
        raise BadTranscript("messages", "must be a list")
    return Transcript(fields["id"], tuple(_messages(messages)))


def _messages(rows: Iterable[Any]) -> Iterable[Message]:
    for i, row in enumerate(rows):
        where = f"messages[{i}]"
        if not isinstance(row, Mapping):
            raise BadTranscript(where, "must be an object")
        if row.get("from") not in _WHO:
            raise BadTranscript(f"{where}.from", "must be shopper, bot, agent or system")
        if not isinstance(row.get("text"), str):
            raise BadTranscript(f"{where}.text", "must be text")
        yield Message(row["from"], row["text"])
