"""Which fires exist, what a tick decides, what is missing: pure functions of files, calendar and time."""
