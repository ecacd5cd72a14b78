"""What a text shows: each module reads a text (and the history) into a small value with evidence.

`cues` is the engine (weighted patterns with guards, kept as data in `*.json`); `mood`, `wish`,
`topic` and `social` say what the shopper feels, wants and talks about, `foreign` adds Chinese and Korean
cues to theirs; `follow` finds turns that need what came before; `features` and `confidence` say how
probably the first hit answers.
"""
