"""Files that are one photo: a camera's RAW beside its JPEG, and a live photo's picture and video.

The rule. Files in one folder whose names differ only in the ending are one photo when they are

    a JPEG or HEIF and a RAW file    taken at the same time, as far as both say when (`SAME_SECONDS`)
    a picture and a video            with the same identifier of Apple's; or, where not both have one, a video
                                     of `LIVE_SECONDS` at most that began when the picture was taken
                                     (`LIVE_APART`, both must say)

Each stays a photo of its own in the catalog, with its own content. One leads: the JPEG or HEIF, else the RAW.
The others are its companions (`lead_id`): hidden, so that grid, search and counts have one photo.

What people said hangs on the lead. When files become a pair, what was said of the companion goes over to the
lead: labels and albums of both, the greater rating, and of a Yes and a No the Yes. When a pair ends, because a
file is gone, renamed or edited, the companion gets all that the lead has, and both are photos again. So
nothing said is lost in any order of events. What is undone is undone at the lead (`rows.apply`).

A motion photo, with the video inside the picture's file, is one file and needs none of this.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from photoclip.library.kinds import CAMERA_FORMATS, RAW_FORMATS

SAME_SECONDS = 2.0
LIVE_SECONDS = 6.0
LIVE_APART = 10.0

_CAMERAS_DATES = ("exif", "video")

_THERE = "file.missing_since IS NULL AND folder.removed_at IS NULL"
_FACTS = """
SELECT photo.id, photo.lead_id, content.format, content.seconds, content.live_id, content.taken_at,
content.taken_source FROM photo JOIN content ON content.id = photo.content_id WHERE photo.id = ?
"""
_OWN_FILES = f"""
SELECT path FROM file JOIN folder ON folder.id = folder_id WHERE photo_id = ? AND {_THERE}
"""
# A stem and a dot begin a path that sorts before the stem and a slash, which is the next byte.
_NAMED_ALIKE = f"""
SELECT path, photo_id FROM file JOIN folder ON folder.id = folder_id WHERE path >= ? AND path < ? AND {_THERE}
"""


@dataclass(frozen=True)
class _Photo:
    """What the rule asks of a photo. `rank` says who leads: the lowest."""

    id: int
    lead: int | None
    rank: int | None  # 0 a JPEG or HEIF, 1 a RAW file, 2 a video; None never is one of a pair
    seconds: float | None
    live_id: str | None
    taken_at: float | None  # where a camera said so


def settle_pairs(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> set[int]:
    """Makes and ends pairs after files or contents of these photos changed. Part of their transaction.

    Returns all photos to be derived and shown anew because of that.
    """
    touched = set(photo_ids)
    found = {photo_id: _photo(connection, photo_id) for photo_id in _concerned(connection, touched)}
    photos = sorted(found.values(), key=lambda photo: (photo.rank or 0, photo.id))
    changed: set[int] = set()
    for photo in photos:  # RAW files before videos, which may follow them to their lead
        if photo.lead is None and not photo.rank:
            continue
        lead = _right_lead(connection, photo)
        if lead != photo.lead:
            changed |= _change_lead(connection, photo, lead)
    return changed


def settle_unpaired(connection: sqlite3.Connection) -> set[int]:
    """The same for photos that were there before there were pairs; each once."""
    waiting = [row[0] for row in connection.execute("SELECT photo_id FROM unpaired")]
    connection.execute("DELETE FROM unpaired")
    return settle_pairs(connection, waiting) if waiting else set()


def lead_of(connection: sqlite3.Connection, photo_id: int) -> int:
    """The photo on which hangs what is said of this one: itself, unless it is a companion."""
    seen = {photo_id}
    while True:
        row = connection.execute("SELECT lead_id FROM photo WHERE id = ?", (photo_id,)).fetchone()
        if row is None or row[0] is None or row[0] in seen:
            return photo_id
        photo_id = int(row[0])
        seen.add(photo_id)


def _concerned(connection: sqlite3.Connection, touched: set[int]) -> set[int]:
    """These photos, those that are or could be one with them."""
    concerned = set(touched)
    for photo_id in touched:
        concerned |= {mate for _, mate in _mates(connection, photo_id)}
        found = connection.execute("SELECT id FROM photo WHERE lead_id = ?", (photo_id,))
        concerned |= {int(row[0]) for row in found}
    return concerned


def _mates(connection: sqlite3.Connection, photo_id: int) -> Iterator[tuple[bytes, int]]:
    """Files named like one of this photo's, in the same folder, and their photos; without its own."""
    for row in connection.execute(_OWN_FILES, (photo_id,)).fetchall():
        stem = os.path.splitext(row["path"])[0]
        for path, mate in connection.execute(_NAMED_ALIKE, (stem + b".", stem + b"/")).fetchall():
            if mate != photo_id and os.path.splitext(path)[0] == stem:
                yield path, int(mate)


def _photo(connection: sqlite3.Connection, photo_id: int) -> _Photo:
    row = connection.execute(_FACTS, (photo_id,)).fetchone()
    dated = row["taken_source"] in _CAMERAS_DATES
    return _Photo(
        photo_id,
        row["lead_id"],
        _rank(row["format"], row["seconds"]),
        row["seconds"],
        row["live_id"],
        row["taken_at"] if dated else None,
    )


def _rank(format: str, seconds: float | None) -> int | None:
    if seconds is not None:
        return 2
    return 0 if format in CAMERA_FORMATS else 1 if format in RAW_FORMATS else None


def _right_lead(connection: sqlite3.Connection, photo: _Photo) -> int | None:
    """The photo that this one belongs to by the rule: the lead it has, or else the one known longest."""
    mates = [_photo(connection, mate) for mate in {mate for _, mate in _mates(connection, photo.id)}]
    fitting = [mate for mate in mates if _are_one(mate, photo)]
    if not fitting:
        return None
    best = min(fitting, key=lambda mate: (mate.rank, mate.id != photo.lead, mate.id))
    lead = lead_of(connection, best.id)
    return None if lead == photo.id else lead


def _are_one(lead: _Photo, other: _Photo) -> bool:
    """The rule, for files that are named alike."""
    if lead.rank is None or other.rank is None or lead.rank >= other.rank:
        return False
    if other.seconds is None:
        return _apart(lead, other, unknown=0.0) <= SAME_SECONDS
    if lead.live_id is not None and other.live_id is not None:
        return lead.live_id == other.live_id
    return other.seconds <= LIVE_SECONDS and _apart(lead, other, unknown=float("inf")) <= LIVE_APART


def _apart(one: _Photo, other: _Photo, *, unknown: float) -> float:
    """Seconds between the two, `unknown` where a camera did not say."""
    if one.taken_at is None or other.taken_at is None:
        return unknown
    return abs(one.taken_at - other.taken_at)


def _change_lead(connection: sqlite3.Connection, photo: _Photo, lead: int | None) -> set[int]:
    changed = {photo.id}
    if photo.lead is not None:
        before = lead_of(connection, photo.id)
        connection.execute("UPDATE photo SET lead_id = NULL WHERE id = ?", (photo.id,))
        _give(connection, before, photo.id)
        changed.add(before)
    if lead is not None:
        _give(connection, photo.id, lead)
        _take_back(connection, photo.id)
        connection.execute("UPDATE photo SET lead_id = ? WHERE id = ?", (lead, photo.id))
        changed.add(lead)
    return changed


def _give(connection: sqlite3.Connection, source: int, to: int) -> None:
    """Adds what is said of `source` to what is said of `to`; a person's word is stronger than a guess."""
    for sql in (
        "INSERT INTO photo_label SELECT :to, label_id, source, verdict, score FROM photo_label"
        " WHERE photo_id = :source AND true ON CONFLICT(photo_id, label_id) DO UPDATE SET"
        " verdict = CASE WHEN photo_label.source = 'human' THEN max(photo_label.verdict, excluded.verdict)"
        " ELSE excluded.verdict END, source = excluded.source WHERE excluded.source = 'human'",
        "INSERT OR IGNORE INTO album_photo SELECT album_id, :to, position FROM album_photo"
        " WHERE photo_id = :source",
        "UPDATE photo SET (rating, favourite) = (SELECT max(photo.rating, given.rating),"
        " max(photo.favourite, given.favourite) FROM photo AS given WHERE given.id = :source)"
        " WHERE id = :to",
    ):
        connection.execute(sql, {"source": source, "to": to})


def _take_back(connection: sqlite3.Connection, photo_id: int) -> None:
    """Nothing is said of this photo any more: it is said of its lead."""
    for sql in (
        "DELETE FROM photo_label WHERE photo_id = ?",
        "DELETE FROM album_photo WHERE photo_id = ?",
        "UPDATE photo SET rating = 0, favourite = 0 WHERE id = ?",
    ):
        connection.execute(sql, (photo_id,))
