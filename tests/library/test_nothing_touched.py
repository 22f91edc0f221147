"""Everything the engine does, over photos of every format; afterwards each of them is what it was.

`PHOTOCLIP_ORIGINALS` says how many photos; `make soak` sets it to thousands.
"""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
from contextlib import closing
from pathlib import Path

from photoclip.library import doctor
from photoclip.library.background import BackgroundIndexer
from photoclip.library.catalog.albums import create_album, save_live_album
from photoclip.library.catalog.backup import make_backup
from photoclip.library.catalog.changes import redo, undo
from photoclip.library.catalog.folders import add_folder, list_folders, remove_folder
from photoclip.library.catalog.labels import add_label, label_photos, reject_photos
from photoclip.library.catalog.photos import failures, load_table, rate, set_favourite
from photoclip.library.catalog.restore import restore
from photoclip.library.changeover import catch_up
from photoclip.library.decoding import Decoders
from photoclip.library.engines import Engines
from photoclip.library.ingest import index
from photoclip.library.labelling import Scope, apply, auto_tag_album
from photoclip.library.library import CATALOG_FILE, THUMBNAIL_FILE, VECTOR_FOLDER, Library
from photoclip.library.models import LibraryModels
from photoclip.library.progress import Progress
from photoclip.library.sidecars.export import plans
from tests.library.fakes import COLOURS, FAKE_INFO, Zoo
from tests.library.hostile.samples import samples
from tests.library.pictures import jpeg
from tests.library.video_files import write_video
from tests.library.xmp_samples import DIGIKAM

ORIGINALS = int(os.environ.get("PHOTOCLIP_ORIGINALS", "200"))
IN_A_FOLDER = 50
LONG_AGO = 1_500_000_000

State = dict[str, tuple[object, ...]]


def write_originals(root: Path, count: int) -> None:
    """Folders of samples in all formats and of JPEGs no two of which are the same, with what lies about."""
    for number in range(count):
        folder = root / f"{number // IN_A_FOLDER:03} é"
        folder.mkdir(parents=True, exist_ok=True)
        place = number % IN_A_FOLDER
        name, data = (
            list(samples().items())[place]
            if place < len(samples())
            else (f"{number}.JPG", jpeg(list(COLOURS)[number % len(COLOURS)], number))
        )
        (folder / name).write_bytes(data)
    (root / "baseline.jpg.xmp").write_bytes(DIGIKAM)
    (folder / "baseline.xmp").write_bytes(DIGIKAM)
    (root / "letter.jpg").write_bytes(b"Dear all,")
    (root / ".hidden.jpg").write_bytes(jpeg("red"))
    (root / "link.jpg").symlink_to(folder / "baseline.jpg")
    os.link(folder / "colours.png", root / "second name.png")
    write_video(root / "film.mp4", ["red", "blue"], seconds=0.5)
    for number, path in enumerate(sorted(root.rglob("*"))):
        if path.is_file() and not path.is_symlink():
            path.chmod((0o444, 0o640, 0o755)[number % 3])
            os.utime(path, ns=(LONG_AGO * 10**9 + number, LONG_AGO * 10**9 + number))


def state_of(root: Path) -> State:
    """Each file and folder: its bytes, its times of writing, its mode and owner, where it links to."""
    found: State = {}
    for path in [root, *sorted(root.rglob("*"))]:
        state = path.lstat()
        held: object = None
        if path.is_symlink():
            held = path.readlink()
        elif path.is_dir():
            held = sorted(entry.name for entry in path.iterdir())
        else:
            held = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path)] = (
            held,
            state.st_mtime_ns,
            state.st_mode,
            state.st_size,
            state.st_uid,
            state.st_gid,
            state.st_nlink,
        )
    return found


def indexed(library: Library, decoders: Decoders) -> Progress:
    models = LibraryModels(library, Zoo())
    *_, last = index(library, models.serving, decoders=decoders)
    models.settle()
    return last


def use_by_hand(folder: Path, photos: Path, decoders: Decoders) -> None:
    """All that a person does in a session, and all of it undone and done again."""
    with Library.open(folder) as library, closing(Engines(LibraryModels(library, Zoo()))) as engines:
        catalog = library.catalog
        add_folder(catalog, bytes(photos))
        assert indexed(library, decoders).embedded > 30
        assert {Path(os.fsdecode(f.path)).name for f in failures(catalog)} >= {"letter.jpg", "otherwise.heic"}
        ids = load_table(catalog).ids.tolist()
        assert len(ids) > ORIGINALS // 4
        beach, dogs = (
            add_label(catalog, "Beach").created,
            add_label(catalog, "red", keep_applied=True).created,
        )
        assert beach is not None
        assert dogs is not None
        label_photos(catalog, beach, ids)
        reject_photos(catalog, dogs, ids[:5])
        rate(catalog, ids, 4)
        set_favourite(catalog, ids[::2], True)
        album = create_album(catalog, "Trip", ids).created
        save_live_album(catalog, "Red ones", "red rating:4")
        engine = engines.current()
        assert len(engine.search("red rating:4 label:Beach")) > 0
        assert len(engine.search("", photos=ids[:2])) > 0
        apply(engine, dogs, Scope("all"))
        assert album is not None
        auto_tag_album(engine, album)
        while undo(catalog) is not None:
            pass
        assert list_folders(catalog) == []
        while redo(catalog) is not None:
            pass
        would = list(plans(catalog, ids, automatic=True))  # photoclip export-xmp --dry-run
        assert sum(plan.changes for plan in would) > 0
        assert indexed(library, decoders).total == 0


def use_another_model(folder: Path, photos: Path, decoders: Decoders) -> None:
    with Library.open(folder) as library:
        models = LibraryModels(library, Zoo())
        models.choose("big")
        for _ in catch_up(models, decoders=decoders):
            pass
        assert models.serving.info.name == "big"
        models.switch_back()
        assert models.serving.info == FAKE_INFO


def lose_what_can_be_made_again(folder: Path, photos: Path, decoders: Decoders) -> None:
    """Damage that the doctor and the next index run put in order."""
    shutil.rmtree(folder / VECTOR_FOLDER)
    (folder / THUMBNAIL_FILE).write_bytes(b"no thumbnails" * 500)
    assert doctor.repair(folder, disk=True).done
    with Library.open(folder) as library:
        assert indexed(library, decoders).embedded > 30


def take_the_catalog_back(folder: Path, photos: Path, decoders: Decoders) -> None:
    backup = make_backup(folder / CATALOG_FILE)
    with Library.open(folder) as library:
        (watched,) = list_folders(library.catalog)
        remove_folder(library.catalog, watched.id, keep_labels=False)
        assert len(load_table(library.catalog)) == 0
    restore(folder / CATALOG_FILE, backup)
    with Library.open(folder) as library:
        assert len(load_table(library.catalog)) > ORIGINALS // 4
        indexed(library, decoders)


def watch(folder: Path, photos: Path, decoders: Decoders) -> None:
    """As the window does while it is open: scans, waits, tries bad files again."""
    with Library.open(folder) as library:
        steps: queue.Queue[Progress] = queue.Queue()
        indexer = BackgroundIndexer(LibraryModels(library, Zoo()), on_progress=steps.put, workers=1)
        indexer.start()
        try:
            until_idle(steps)
            indexer.retry_failures()
            until_idle(steps)
            indexer.rescan()
            until_idle(steps)
        finally:
            indexer.stop()
        assert len(failures(library.catalog)) >= 2


def until_idle(steps: queue.Queue[Progress]) -> None:
    while steps.get(timeout=60).phase != "idle":
        pass


USES = (use_by_hand, use_another_model, lose_what_can_be_made_again, take_the_catalog_back, watch)


def test_originals_are_what_they_were(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    write_originals(photos, ORIGINALS)
    before = state_of(photos)
    assert len(before) > ORIGINALS
    library = tmp_path / "library"
    with closing(Decoders()) as decoders:
        for use in USES:
            use(library, photos, decoders)
            after = state_of(photos)
            assert after == before, use.__name__
    assert doctor.repair(library, disk=True).left == ()
    assert state_of(photos) == before
