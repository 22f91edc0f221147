"""What the world does wrong.

    PhotoClipError            one sentence for people: what happened, to which file, what to do
    ├── Cancelled             a person stopped it; says what is kept
    ├── UnreadablePhoto       this photo cannot be decoded (the reason)
    ├── CatalogError          the catalog cannot be read or written
    │   ├── CatalogTooNew     a newer PhotoClip made it
    │   └── CatalogDamaged    names the newest backup and how to use it
    ├── DiskFull              no room for what was to be written
    ├── LibraryBusy           another process is indexing this library
    ├── ModelError            a model is missing or broken
    └── QueryError            a search that does not parse (where, and what was expected)

Any other exception is a mistake in PhotoClip itself.
"""

from __future__ import annotations


class PhotoClipError(Exception):
    """The world's fault; `str(error)` is one sentence a person can act on."""


class Cancelled(PhotoClipError):
    """A person stopped it; the message says what is kept of it."""


class UnreadablePhoto(PhotoClipError):
    """One photo cannot be decoded. The message is the reason, without the path."""


class CatalogError(PhotoClipError):
    """The catalog cannot be read or written."""


class CatalogTooNew(CatalogError):
    """The catalog was made by a newer PhotoClip; it is left untouched."""


class CatalogDamaged(CatalogError):
    """The catalog is not a readable database; the message says how to restore a backup."""


class DiskFull(PhotoClipError):
    """There is no room left where PhotoClip had to write."""


class LibraryBusy(PhotoClipError):
    """Another process is indexing this library."""


class ModelError(PhotoClipError):
    """A model is missing, incomplete or broken."""


class QueryError(PhotoClipError):
    """A search that does not parse: `position` counts characters from 0."""

    def __init__(self, message: str, position: int, expected: str) -> None:
        super().__init__(message)
        self.position = position
        self.expected = expected

    def __reduce__(self) -> tuple[type[QueryError], tuple[str, int, str]]:
        return type(self), (str(self), self.position, self.expected)
