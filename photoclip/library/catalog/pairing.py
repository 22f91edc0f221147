"""Files that are one photo: a camera's RAW beside its JPEG, and a live photo's picture and video.

The rule. Files in one folder whose names differ only in the ending are one photo when they are

    a JPEG or HEIF and a RAW file    taken at the same time, as far as both say when (`SAME_SECONDS`)
    one of these and a video         with the same identifier of Apple's; or, where not both have one, a video
                                     of `LIVE_SECONDS` at most that began when the picture was taken
                                     (`LIVE_APART`, both must say)

Each stays a photo of its own in the catalog, with its own content. One leads: the JPEG or HEIF, else the RAW;
of several the first by name, so that nothing depends on which was seen first. The others are its companions
(`lead_id`): hidden, so that grid, search and counts have one photo.

What people said hangs on the lead. When files become a pair, what was said of the companion goes over to the
lead: labels and albums of both, the greater rating, and of a Yes and a No the Yes. When a pair ends, because
a file is gone, renamed or edited, the companion gets all that the lead has, and both are photos again. So
nothing said is lost in any order of events. What is undone is undone at the lead (`rows.apply`).

A motion photo, with the video inside the picture's file, is one file and needs none of this.
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from photoclip.library.catalog.presence import IN_IDS, ids_json, touch
from photoclip.library.kinds import CAMERA_FORMATS, RAW_FORMATS

SAME_SECONDS = 2.0
LIVE_SECONDS = 6.0
LIVE_APART = 10.0

_CAMERAS_DATES = ("exif", "video")

_THERE = "file.missing_since IS NULL AND folder.removed_at IS NULL"
_FILES = f"""
SELECT photo_id, file.path FROM touched CROSS JOIN file ON photo_id = touched.id
CROSS JOIN folder ON folder.id = folder_id WHERE {_THERE}
"""
# The unique index on file.path finds those in each range. A cross join is done in the order it is written.
_MATES = f"""
SELECT alike.photo_id, file.photo_id, file.path, alike.low FROM alike
CROSS JOIN file ON file.path >= alike.low AND file.path < alike.high AND file.photo_id != alike.photo_id
CROSS JOIN folder ON folder.id = folder_id WHERE {_THERE}
"""
_PAIRED = """
SELECT photo.id FROM touched CROSS JOIN photo ON lead_id = touched.id
UNION ALL SELECT mate.id FROM touched CROSS JOIN photo ON photo.id = touched.id
CROSS JOIN photo AS mate ON mate.lead_id = photo.lead_id
"""
_FACTS = f"""
SELECT photo.id, lead_id, format, seconds, live_id, content.taken_at, taken_source
FROM photo JOIN content ON content.id = content_id WHERE photo.id {IN_IDS}
"""

Mates = Mapping[int, Collection[tuple[bytes, int]]]
"""Of each photo the files named like one of its own, in the same folder: the path, and whose it is."""


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
    mates = _mates(connection, touched)
    concerned = _with_mates(mates)
    touch(connection, touched | concerned)
    concerned.update(row[0] for row in connection.execute(_PAIRED).fetchall())
    if not concerned:
        return set()
    if not concerned <= touched:
        mates = _mates(connection, concerned)
    photos = _photos(connection, concerned | _with_mates(mates))
    leads = _leads([photos[photo_id] for photo_id in concerned], photos, mates)
    changed = [photo_id for photo_id, lead in leads.items() if lead != photos[photo_id].lead]
    if not changed:
        return set()
    if parted := {i: before for i in changed if (before := photos[i].lead) is not None}:
        _part(connection, parted)
    if joined := {i: lead for i in changed if (lead := leads[i]) is not None}:
        _join(connection, joined)
    of_both = {lead for i in changed for lead in (photos[i].lead, leads[i]) if lead is not None}
    return of_both.union(changed)


def settle_unpaired(connection: sqlite3.Connection) -> set[int]:
    """The same for photos that were there before there were pairs; each once."""
    waiting = [row[0] for row in connection.execute("SELECT photo_id FROM unpaired")]
    connection.execute("DELETE FROM unpaired")
    return settle_pairs(connection, waiting) if waiting else set()


def end_pairs(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> None:
    """These companions are photos by themselves, until they are settled again."""
    found = connection.execute(
        f"SELECT id, lead_id FROM photo WHERE lead_id IS NOT NULL AND id {IN_IDS}", (ids_json(photo_ids),)
    )
    _part(connection, dict(found.fetchall()))


def lead_of(connection: sqlite3.Connection, photo_id: int) -> int:
    """The photo on which hangs what is said of this one: itself, unless it is a companion."""
    found = connection.execute("SELECT lead_id FROM photo WHERE id = ?", (photo_id,)).fetchone()
    return photo_id if found is None or found[0] is None else int(found[0])


def _with_mates(mates: Mates) -> set[int]:
    return set(mates).union(mate for found in mates.values() for _, mate in found)


def _mates(connection: sqlite3.Connection, photo_ids: Collection[int]) -> Mates:
    touch(connection, photo_ids)
    files = connection.execute(_FILES).fetchall()
    ranges = [(photo_id, *_named_alike(path)) for photo_id, path in files if os.path.splitext(path)[1]]
    connection.execute("DELETE FROM alike")
    connection.executemany("INSERT INTO alike VALUES(?, ?, ?)", ranges)
    mates: defaultdict[int, set[tuple[bytes, int]]] = defaultdict(set)
    for photo_id, mate, path, low in connection.execute(_MATES).fetchall():
        if _named_alike(path)[0] == low:
            mates[photo_id].add((path, mate))
    return mates


def _named_alike(path: bytes) -> tuple[bytes, bytes]:
    """The half-open range of paths that begin like this one up to the last dot, which a slash follows."""
    stem = os.path.splitext(path)[0]
    return stem + b".", stem + b"/"


def _photos(connection: sqlite3.Connection, photo_ids: Iterable[int]) -> dict[int, _Photo]:
    found = connection.execute(_FACTS, (ids_json(photo_ids),)).fetchall()
    return {
        row["id"]: _Photo(
            row["id"],
            row["lead_id"],
            _rank(row["format"], row["seconds"]),
            row["seconds"],
            row["live_id"],
            row["taken_at"] if row["taken_source"] in _CAMERAS_DATES else None,
        )
        for row in found
    }


def _rank(format: str, seconds: float | None) -> int | None:
    if seconds is not None:
        return 2
    return 0 if format in CAMERA_FORMATS else 1 if format in RAW_FORMATS else None


def _leads(concerned: Iterable[_Photo], photos: Mapping[int, _Photo], mates: Mates) -> dict[int, int | None]:
    """The lead of each of these photos by the rule; None for those that are photos by themselves."""
    leads: dict[int, int | None] = {}
    for photo in sorted(concerned, key=lambda photo: photo.rank or 0):  # a video follows its RAW to the JPEG
        fitting = [
            (photos[mate].rank, path, mate)
            for path, mate in mates.get(photo.id, ())
            if _are_one(photos[mate], photo)
        ]
        best = min(fitting)[2] if fitting else None
        leads[photo.id] = best if best is None else leads.get(best, photos[best].lead) or best
    return leads


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


def _part(connection: sqlite3.Connection, leads: Mapping[int, int]) -> None:
    """These companions are photos again, with all that is said of their leads until now."""
    _give(connection, [(lead, photo_id) for photo_id, lead in leads.items()])
    connection.executemany("UPDATE photo SET lead_id = NULL WHERE id = ?", [(i,) for i in leads])


def _join(connection: sqlite3.Connection, leads: Mapping[int, int]) -> None:
    """These photos become companions: what is said of them is said of their leads."""
    _give(connection, list(leads.items()))
    for sql in (
        "DELETE FROM photo_label WHERE photo_id IN (SELECT source FROM given)",
        "DELETE FROM album_photo WHERE photo_id IN (SELECT source FROM given)",
        "DELETE FROM album_refused WHERE photo_id IN (SELECT source FROM given)",
        "UPDATE photo SET rating = 0, rated = 0, favourite = 0 WHERE id IN (SELECT source FROM given)",
        "UPDATE photo SET lead_id = given.target FROM given WHERE given.source = photo.id",
    ):
        connection.execute(sql)


# A person's word is stronger than a guess, and a Yes than a No.
_GIVE = (
    """INSERT INTO photo_label SELECT target, label_id, photo_label.source, verdict, score
        FROM given CROSS JOIN photo_label ON photo_id = given.source WHERE true
        ON CONFLICT(photo_id, label_id) DO UPDATE SET source = excluded.source,
            verdict = iif(photo_label.source = 'human', max(verdict, excluded.verdict), excluded.verdict)
        WHERE excluded.source = 'human'""",
    """INSERT OR IGNORE INTO album_photo SELECT album_id, target, position
        FROM given CROSS JOIN album_photo ON photo_id = given.source""",
    """INSERT OR IGNORE INTO album_refused SELECT album_id, target
        FROM given CROSS JOIN album_refused ON photo_id = given.source""",
    """DELETE FROM album_refused WHERE photo_id IN (SELECT target FROM given) AND EXISTS (
        SELECT 1 FROM album_photo AS pinned
        WHERE pinned.album_id = album_refused.album_id AND pinned.photo_id = album_refused.photo_id)""",
    """UPDATE photo SET (rating, rated, favourite) = (
            SELECT coalesce(max(one.rating) FILTER (WHERE one.rated), photo.rating), max(one.rated),
            max(one.favourite) FROM photo AS one
            WHERE one.id = photo.id OR one.id IN (SELECT source FROM given WHERE target = photo.id))
        WHERE id IN (SELECT target FROM given)""",
)


def _give(connection: sqlite3.Connection, given: Collection[tuple[int, int]]) -> None:
    """Adds what is said of each first photo to what is said of the second."""
    connection.execute("DELETE FROM given")
    connection.executemany("INSERT INTO given(source, target) VALUES(?, ?)", given)
    for sql in _GIVE:
        connection.execute(sql)
