"""What a browser gets of a module of ours: the same code without comments, indentation, empty lines.

The sources in `web/` are what runs; there is no build step and no second copy. Half of their bytes explain
the other half to people, and shoppers on a slow line need not load that.
"""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*$", re.DOTALL | re.MULTILINE)
_CSS = re.compile(r"(?<=\bcss`)[^`]*(?=`)")
_SPACE = re.compile(r"\s*([{};,])\s*|(?<=[\w-])(:)\s+")
_CAST = re.compile(r"/\*\* @type \{[^\n]*?\} \*/ ?")


def lean(source: str) -> str:
    """`source` without block comments on lines of their own, line comments on lines of their own, type
    casts and indentation. Text inside template literals loses its indentation too, which HTML does not
    mind; what is tagged css`…` loses the spaces around its punctuation as well.
    """
    bare = _CAST.sub("", _BLOCK.sub("", source))
    bare = _CSS.sub(lambda css: _SPACE.sub(r"\1\2", css[0]), bare)
    lines = (line.strip() for line in bare.split("\n"))
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))
