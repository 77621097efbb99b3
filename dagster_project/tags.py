"""The run tags of ours, in one place: Dagster's UI filters by them, the coordinator decides by them."""

FEED = "marketday/feed"
SESSION = "marketday/session"
FIRE = "marketday/fire"
ATTEMPT = "marketday/attempt"


def fire_tags(feed: str, session: str, fire_id: str, attempt: int) -> dict[str, str]:
    """The tags of a run that is an attempt of a fire."""
    return {FEED: feed, SESSION: session, FIRE: fire_id, ATTEMPT: str(attempt)}
