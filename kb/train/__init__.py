"""Teaching the encoder: shop files → lessons → low-rank changes of its matrices (`kb.deltas`).

Only `toritsugi train` comes here; serving never imports this room. It needs the extra `train` (torch).
"""
