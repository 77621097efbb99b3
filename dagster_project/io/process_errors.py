"""The one error that a program which runs services has to show: everything else here is a kind of it."""


class CannotRun(Exception):
    """Why services cannot start or go on: what was found, where, and the next step. Its message is for a person."""
