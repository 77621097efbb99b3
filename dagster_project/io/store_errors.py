"""Why the store refused. Each message says what was found, where, what was expected and the next step."""


class StoreError(Exception):
    """The store cannot do what was asked; nothing that a reader sees has changed."""


class TableRefused(StoreError):
    """The frame cannot become this session of this table: stop, and tell the owner of the feed."""


class PublicationConflict(StoreError):
    """Another writer was first: nothing of this publication can be read. Read the stored version, then decide."""


class PayloadMissing(StoreError):
    """The archive has no payload of that hash for that session."""


class PayloadDamaged(StoreError):
    """The archive's bytes are no longer those of their hash: restore the file, or fetch again."""
