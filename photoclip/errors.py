"""Errors that are the world's fault; each message is one sentence a person can act on."""


class PhotoClipError(Exception):
    """The base of them all."""


class ModelError(PhotoClipError):
    """A model that is missing, broken or not understood."""
