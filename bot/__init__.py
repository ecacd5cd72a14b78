"""The conversation: from a message to who speaks next, and what they say.

Read `think` first: one page from a turn to a decision. Then `decision` (plain data), `signals/`
(what a text shows), `policy` and `gate` (what to do about it), `compose` (the words).
`conversation` is a chat's life as one table, over `commands`, `acts` and `state`; `log` keeps it (`world`
reads what a step must know, `project` writes what goes with it), `turns` holds what is owed,
`material` and `worker` get it decided, `timers` act on silence, `desk` and `hours` say who can come,
`feed` wakes whoever listens. `think`, `gate`, `conversation`, `desk` and `hours` are pure: no I/O,
no clock.
"""
