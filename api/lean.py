"""What a browser gets of a module of ours: the same code without its comments and indentation.

The sources in `web/` are what runs; there is no build step and no second copy. Half of their bytes explain
the other half to people, and shoppers on a slow line need not load that. Lines keep their numbers, so that
an error still points into the source.
"""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*$", re.DOTALL | re.MULTILINE)
_CAST = re.compile(r"/\*\* @type \{[^\n]*?\} \*/ ?")


def lean(source: str) -> str:
    """`source` without block comments on lines of their own, line comments on lines of their own, type
    casts and indentation. Text inside template literals loses its indentation too: HTML and CSS do not mind.
    """
    bare = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), source)
    lines = (line.strip() for line in _CAST.sub("", bare).split("\n"))
    return "\n".join("" if line.startswith("//") else line for line in lines)
