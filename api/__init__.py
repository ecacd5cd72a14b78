"""The edges: HTTP, streams, command line, channels, pages.

Read `app` first: where the parts are joined and which routes exist. `shopper`, `desk`, `studio`,
`supervisor` and `ops` are the routes by who uses them; `auth` says who may, `limits` how much,
`errors` how a refusal looks, `tail` how events reach streams, `settings` what can be set.
`cli` is the command `toritsugi`. `web/` holds the pages.
"""
