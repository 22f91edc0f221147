"""What is found: groups, why they are groups, and why one of each is to be kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """From the strongest evidence to the weakest."""

    IDENTICAL = "identical"
    SAME = "same"
    BURST = "burst"
    SIMILAR = "similar"


class Reason(StrEnum):
    """In what the keeper is ahead of the next best of its group."""

    LIKED = "liked"  # a favourite, or more stars
    SAID = "said"  # labels given by hand, albums
    RAW = "raw"
    CAMERA = "camera"  # still tells what camera took it
    PIXELS = "pixels"
    BYTES = "bytes"  # a larger file: less was thrown away
    NAME = "name"  # not called a copy
    OLDER = "older"
    PATH = "path"  # a shorter one
    FIRST = "first"  # equal in everything: its path comes first


@dataclass(frozen=True)
class Evidence:
    """What speaks for a member being like the keeper; None is what was not compared, or is not known.

    `bits` are those of 64 in which the perceptual hashes differ, `seconds` lie between the pictures.
    """

    bits: int | None = None
    seconds: float | None = None
    cosine: float | None = None


@dataclass(frozen=True)
class Member:
    """A photo, and of its files those that are meant; in the tier of identical files just one of them."""

    photo: int
    paths: tuple[bytes, ...]  # the best first
    evidence: Evidence = Evidence()


@dataclass(frozen=True)
class Group:
    """A keeper, and the `others` that are like it, the best first."""

    tier: Tier
    keeper: Member
    reason: Reason
    others: tuple[Member, ...]
    hash: bytes | None = None  # of the content, where all have the same


@dataclass(frozen=True)
class Duplicates:
    """The groups by tier, largest first. Of `unread` photos, without a vector, only hashes were compared."""

    groups: tuple[Group, ...]
    unread: int
