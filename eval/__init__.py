"""Every figure that the project states: `python -m eval NAME`.

Each module prints one subject's figures with 95 % intervals, the data's name, size and split, and
the machine. `data/` holds the hand-written sets; `baselines/` what `make test` compares against.
"""
