"""Compiles `calendars/<CODE>.yaml` and the calendar libraries into `calendars/compiled/<CODE>.jsonl`.

For developers only: nothing that runs imports it, since it needs pandas, pandas_market_calendars,
exchange_calendars and holidays.
"""
