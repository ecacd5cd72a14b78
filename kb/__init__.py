"""The knowledge base: from Japanese text to ranked entries. Knows nothing of chats or people.

Read in this order: `text` (what people type → one spelling), `words` (terms and readings),
`entry` (what staff approved), `lexical` and `dense` (the sides), `fuse` (sides → one order),
`index` (an immutable directory), `search` (query → hits). `respell` and `contrast` say what is searched
instead of kana and of 「XではなくY」. `weights`, `graph` and `encoder` make vectors; `export` takes other
models; `chain` offers the same to LangChain. `store` is the database's engine and writer; `mask`,
`harvest` and `release` turn conversations into the next release.

`deltas` is what training added to the encoder, `joint` compares token by token, `train/` teaches.
"""
