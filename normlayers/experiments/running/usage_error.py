"""The error of a request that cannot be carried out."""


class UsageError(Exception):
    """The request cannot be carried out; the message says why in one sentence."""
