"""Several questions in one message: each gets its own search, and all become one offer."""

from __future__ import annotations

import re

MOST = 4
LONGEST = 600  # characters; beyond it a message is a story with a question in it
SHORTEST = 6
SENTENCE = re.compile(r"[^。．！!？?\n]+[。．！!？?\n]*")
ASKS = re.compile(
    r"[?？]|(です|ます|でしょう|ません|ない|でき|れる|いい|ある|いる|なる|する)か(ね|な)?[。\s]*$|(教えて|知りたい|聞きたい|伺いたい)"
    r"|(いつ|いくら|どこ|どう|何|なに|だれ|誰|どの|どれ|なぜ)[^。]{0,20}(か|の|は)?[。\s]*$"
)


def questions(text: str) -> tuple[str, ...]:
    """The questions of a message, at most four, each long enough to be searched by itself."""
    if len(text) > LONGEST:
        return ()
    asked = [
        s.strip() for s in SENTENCE.findall(text) if len(s.strip()) >= SHORTEST and ASKS.search(s.strip())
    ]
    return tuple(asked[:MOST])
