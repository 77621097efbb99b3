"""Chance that repeats: the same words give the same numbers, on every machine and Python."""

from random import Random


def chance(*words: object) -> Random:
    """A generator seeded by `words`, for instance (seed, feed, session)."""
    return Random("/".join(map(str, words)))
