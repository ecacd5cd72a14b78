"""The list of erased conversations. It lies beside the database and outside every backup, so that a
restore can erase them again."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

FILE = "erased.jsonl"


def remember(data: Path, conversation: str) -> None:
    """Append, and wait until it is on the disk."""
    line = json.dumps({"conversation": conversation, "at": datetime.now(UTC).isoformat(timespec="seconds")})
    with (data / FILE).open("a", encoding="utf-8") as out:
        out.write(line + "\n")
        out.flush()
        os.fsync(out.fileno())


def erased_ids(data: Path) -> list[str]:
    path = data / FILE
    if not path.exists():
        return []
    return [json.loads(line)["conversation"] for line in path.read_text("utf-8").splitlines() if line.strip()]
