"""The catalog's tables, as numbered migrations from 1.

Times are Unix seconds in UTC, except `taken_at`, which is the camera's local time written as if it were UTC
(`taken_offset` minutes tell the zone where it is known). Paths are BLOBs: a path need not be UTF-8.

photo.presence, .taken_at, .colour, .width, .height and .hash are derived (settling.py) so that the grid
loads from one table: presence is 2 where a file is there, 1 where all are missing, 0 where all lie in
removed folders, the photo is shown as one with another (lead_id), or a person cleared it (missing.py).
"""

from __future__ import annotations

APPLICATION_ID = 0x50684370  # "PhCp"

HIDDEN, MISSING, PRESENT = 0, 1, 2

MIGRATION_1 = (
    """CREATE TABLE folder(
        id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE,
        added_at REAL NOT NULL, removed_at REAL)""",
    """CREATE TABLE content(
        id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE CHECK(length(hash) = 16),
        bytes INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, format TEXT NOT NULL,
        taken_at REAL, taken_offset INTEGER, camera TEXT, lens TEXT, exposure TEXT,
        latitude REAL, longitude REAL, perceptual_hash INTEGER, colour INTEGER NOT NULL,
        truncated INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE photo(
        id INTEGER PRIMARY KEY AUTOINCREMENT, content_id INTEGER NOT NULL UNIQUE REFERENCES content(id),
        added_at REAL NOT NULL, rating INTEGER NOT NULL DEFAULT 0 CHECK(rating BETWEEN 0 AND 5),
        favourite INTEGER NOT NULL DEFAULT 0, presence INTEGER NOT NULL DEFAULT 2,
        taken_at REAL, colour INTEGER NOT NULL DEFAULT 0, width INTEGER NOT NULL DEFAULT 0,
        height INTEGER NOT NULL DEFAULT 0, hash BLOB NOT NULL)""",
    """CREATE INDEX photo_newest ON photo(
        presence, taken_at DESC, id DESC, colour, width, height, added_at, hash)""",
    """CREATE TABLE file(
        id INTEGER PRIMARY KEY AUTOINCREMENT, photo_id INTEGER NOT NULL REFERENCES photo(id),
        content_id INTEGER NOT NULL REFERENCES content(id), folder_id INTEGER NOT NULL REFERENCES folder(id),
        path BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, missing_since REAL)""",
    "CREATE INDEX file_photo ON file(photo_id)",
    "CREATE INDEX file_folder ON file(folder_id)",
    "CREATE INDEX file_content ON file(content_id)",
    """CREATE TABLE failure(
        path BLOB PRIMARY KEY, folder_id INTEGER NOT NULL REFERENCES folder(id), size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL)""",
    "CREATE INDEX failure_folder ON failure(folder_id)",
    """CREATE TABLE label(
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        descriptions TEXT NOT NULL, threshold REAL NOT NULL, keep_applied INTEGER NOT NULL DEFAULT 0,
        colour INTEGER, position INTEGER NOT NULL)""",
    """CREATE TABLE photo_label(
        photo_id INTEGER NOT NULL REFERENCES photo(id), label_id INTEGER NOT NULL REFERENCES label(id),
        source TEXT NOT NULL CHECK(source IN ('human', 'auto')),
        verdict INTEGER NOT NULL CHECK(verdict IN (0, 1)),
        score REAL, PRIMARY KEY(photo_id, label_id)) WITHOUT ROWID""",
    "CREATE INDEX photo_label_label ON photo_label(label_id, verdict, source)",
    """CREATE TABLE album(
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        position INTEGER NOT NULL)""",
    """CREATE TABLE album_photo(
        album_id INTEGER NOT NULL REFERENCES album(id), photo_id INTEGER NOT NULL REFERENCES photo(id),
        position INTEGER NOT NULL, PRIMARY KEY(album_id, photo_id)) WITHOUT ROWID""",
    "CREATE INDEX album_photo_photo ON album_photo(photo_id)",
    """CREATE TABLE change(
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, description TEXT NOT NULL,
        rows BLOB NOT NULL, state TEXT NOT NULL CHECK(state IN ('done', 'undone')))""",
)

MIGRATION_2 = ("CREATE TABLE arrival(photo_id INTEGER PRIMARY KEY REFERENCES photo(id))",)

# The models that have served this library; of these, the one of the greatest turn serves now.
MIGRATION_3 = (
    "CREATE TABLE served(key TEXT PRIMARY KEY, name TEXT NOT NULL, turn INTEGER NOT NULL) WITHOUT ROWID",
)

# Whether more frames follow the one that is shown.
MIGRATION_4 = ("ALTER TABLE content ADD COLUMN animated INTEGER NOT NULL DEFAULT 0",)

# Where the date is from: exif, xmp or name; NULL also for what was read by an earlier version.
MIGRATION_5 = ("ALTER TABLE content ADD COLUMN taken_source TEXT",)

# A live album has a query; photos in album_photo are pinned in, those in album_refused are kept out.
MIGRATION_6 = (
    "ALTER TABLE album ADD COLUMN query TEXT",
    """CREATE TABLE album_refused(
        album_id INTEGER NOT NULL REFERENCES album(id), photo_id INTEGER NOT NULL REFERENCES photo(id),
        PRIMARY KEY(album_id, photo_id)) WITHOUT ROWID""",
    "CREATE INDEX album_refused_photo ON album_refused(photo_id)",
)

# What photo files and their sidecars say (words.py): of each file, as copies may have sidecars of their own.
# file.read_version is the version of reading that gave it, 0 where none has; file.sidecars is the state of
# the sidecars then. photo.rated tells that a person has rated here, as every rating was until now. A
# keyword's path is its levels, outermost first, joined by the unit separator, which no keyword holds;
# `written` marks those that PhotoClip wrote itself.
MIGRATION_7 = (
    "ALTER TABLE file ADD COLUMN read_version INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE file ADD COLUMN sidecars BLOB NOT NULL DEFAULT x''",
    "ALTER TABLE photo ADD COLUMN rated INTEGER NOT NULL DEFAULT 0",
    "UPDATE photo SET rated = 1 WHERE rating > 0",
    """CREATE TABLE words(
        file_id INTEGER PRIMARY KEY REFERENCES file(id) ON DELETE CASCADE, title TEXT, description TEXT,
        rating INTEGER, colour_label TEXT, problems TEXT)""",
    "CREATE TABLE keyword(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE)",
    """CREATE TABLE file_keyword(
        file_id INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE, position INTEGER NOT NULL,
        keyword_id INTEGER NOT NULL REFERENCES keyword(id), written INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY(file_id, position))""",
    "CREATE INDEX file_keyword_keyword ON file_keyword(keyword_id)",
    """CREATE TABLE region(
        file_id INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE, position INTEGER NOT NULL,
        name TEXT NOT NULL, kind TEXT NOT NULL, x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL,
        height REAL NOT NULL, PRIMARY KEY(file_id, position))""",
)

# Where positions lie (places.py). content.place_version is the version of naming, 0 where none has looked.
MIGRATION_8 = (
    """CREATE TABLE place(
        id INTEGER PRIMARY KEY, district TEXT NOT NULL, city TEXT NOT NULL, county TEXT NOT NULL,
        region TEXT NOT NULL, country TEXT NOT NULL, UNIQUE(district, city, county, region, country))""",
    "ALTER TABLE content ADD COLUMN place_id INTEGER REFERENCES place(id)",
    "ALTER TABLE content ADD COLUMN place_version INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX content_unplaced ON content(place_version) WHERE latitude IS NOT NULL",
)

# Videos: their length and where the frame is that is shown, in seconds; NULL for photos. `frames` is how many
# vectors stand for a content. The index is small, and tells which contents are videos without a look at all.
MIGRATION_9 = (
    "ALTER TABLE content ADD COLUMN seconds REAL",
    "ALTER TABLE content ADD COLUMN codec TEXT",
    "ALTER TABLE content ADD COLUMN poster_at REAL",
    "ALTER TABLE content ADD COLUMN frames INTEGER NOT NULL DEFAULT 1",
    "CREATE INDEX content_video ON content(id, hash, seconds, frames) WHERE seconds IS NOT NULL",
)

# Photos that are shown as one, see pairing.py. `unpaired` are those that have to be looked at once for that.
MIGRATION_10 = (
    "ALTER TABLE content ADD COLUMN live_id TEXT",
    "ALTER TABLE content ADD COLUMN motion INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE photo ADD COLUMN lead_id INTEGER REFERENCES photo(id)",
    "CREATE INDEX content_motion ON content(id) WHERE motion",
    "CREATE INDEX photo_lead ON photo(lead_id) WHERE lead_id IS NOT NULL",
    "CREATE TABLE unpaired(photo_id INTEGER PRIMARY KEY REFERENCES photo(id))",
    """INSERT INTO unpaired SELECT photo.id FROM photo JOIN content ON content.id = content_id
        WHERE format IN ('ARW', 'CR2', 'CR3', 'DNG', 'NEF', 'ORF', 'RAF', 'RAW', 'RW2')""",
)

# Missing photos that a person cleared away; a file that comes back makes one a photo as others.
MIGRATION_11 = ("ALTER TABLE photo ADD COLUMN cleared INTEGER NOT NULL DEFAULT 0",)

# Files that PhotoClip moved to the system's trash, as they were; undo takes their rows away (trashing.py).
MIGRATION_12 = (
    """CREATE TABLE trashed(
        id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL, hash BLOB NOT NULL, size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL, at REAL NOT NULL)""",
)

# Which model (a key of `served`) the automatic labels are of (judged.py): one row, or none while one model
# alone has served. `change_id` is the change that made them so.
MIGRATION_13 = (
    """CREATE TABLE judged(
        id INTEGER PRIMARY KEY CHECK(id = 1), key TEXT NOT NULL, change_id INTEGER)""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    MIGRATION_1,
    MIGRATION_2,
    MIGRATION_3,
    MIGRATION_4,
    MIGRATION_5,
    MIGRATION_6,
    MIGRATION_7,
    MIGRATION_8,
    MIGRATION_9,
    MIGRATION_10,
    MIGRATION_11,
    MIGRATION_12,
    MIGRATION_13,
)

# The writer's lists of what a statement is about: photos (presence.py), and for pairs (pairing.py) paths that
# are like a photo's, and from which photo to which goes what people said.
TEMPORARY = (
    "CREATE TEMP TABLE touched(id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE alike(photo_id INTEGER NOT NULL, low BLOB NOT NULL, high BLOB NOT NULL)",
    "CREATE TEMP TABLE given(target INTEGER, source INTEGER, PRIMARY KEY(target, source)) WITHOUT ROWID",
)
