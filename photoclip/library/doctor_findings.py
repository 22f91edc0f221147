"""What the doctor finds, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

Part = Literal["catalog", "thumbnails", "vectors", "index", "files", "settings", "backups"]
Severity = Literal["serious", "minor", "note"]
"""serious: what people did by hand is at stake, or lost; minor: damage to what can be made again; note:
nothing is wrong, but work is unfinished or something useless lies about."""

EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """One thing the doctor says. `where` is a file or folder; `count` says of how many things it is true.

    `mend`, where there is one, repairs it and returns what it did, in a sentence. It is to be called by the
    holder of the writer lock.
    """

    part: Part
    what: str  # a short name that scripts can rely on, such as "thumbnail-damaged"
    where: Path
    severity: Severity
    sentence: str
    count: int = 1
    examples: tuple[bytes, ...] = ()  # paths of the first few photos it is about
    mend: Callable[[], str] | None = field(default=None, compare=False, repr=False)

    @property
    def repairable(self) -> bool:
        return self.mend is not None


def some(paths: Iterable[bytes]) -> tuple[bytes, ...]:
    """The first few of these, as a finding's examples."""
    return tuple(islice(paths, EXAMPLES))


def are(count: int, thing: str, where: Path, what: str) -> str:
    """1 vector in FILE is damaged, 2 vectors in FILE are damaged"""
    return f"{many(count, thing)} in {where} {'is' if count == 1 else 'are'} {what}"


def many(count: int, thing: str) -> str:
    """1 photo, 1,204 photos

    >>> many(1204, "photo")
    '1,204 photos'
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
