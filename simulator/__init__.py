"""A server that speaks the sources' wire formats, for the demo, the tests and load.

`simulator/sources/<feed>.py` says what one source writes, and when; `world` answers a request from that (pure);
`board` remembers the faults and restatements that a test asked for, and every request; `server` puts both on HTTP.
All values are invented. They follow from (seed, feed, session), so every file of a source tells the same story.
"""
