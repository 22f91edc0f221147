"""From the catalog into sidecars on the disk, and what other programs read there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from photoclip.errors import DiskFull, PhotoClipError
from photoclip.library.catalog.connection import Catalog
from photoclip.library.catalog.folders import remove_folder
from photoclip.library.catalog.indexing import record_batch
from photoclip.library.catalog.labels import add_label, label_photos, reject_photos
from photoclip.library.catalog.photos import photo_at, rate
from photoclip.library.sidecars import export, writing
from photoclip.library.sidecars.described import Described
from photoclip.library.sidecars.export import Plan
from photoclip.library.sidecars.merging import Said, merge
from photoclip.library.sidecars.xmp import read_xmp
from tests.library.catalog.catalog_helpers import indexed, watch
from tests.library.pictures import write_photos
from tests.library.xmp_samples import BOMB, DARKTABLE, DIGIKAM, SAMPLES


class Photos:
    """Three photo files, and a catalog that knows them."""

    def __init__(self, folder: Path) -> None:
        self.catalog = Catalog(folder / "catalog.sqlite")
        self.folder_id = watch(self.catalog, folder / "photos")
        self.paths = write_photos(folder / "photos", 3)
        rows = [indexed(os.fsencode(path), self.folder_id, path.name) for path in self.paths]
        record_batch(self.catalog, rows, [])
        self.ids = [photo_at(self.catalog, os.fsencode(path)) or 0 for path in self.paths]

    def label(self, name: str, *photos: int, source: str = "human") -> int:
        created = add_label(self.catalog, name).created
        assert created is not None
        label_photos(self.catalog, created, [self.ids[photo] for photo in photos], source=source)
        return created

    def plans(self, *, automatic: bool = False) -> list[Plan]:
        return list(export.plans(self.catalog, self.ids, automatic=automatic))

    def export(self, *, automatic: bool = False) -> None:
        for plan in self.plans(automatic=automatic):
            export.write(plan)

    def sidecar(self, photo: int) -> Path:
        return self.paths[photo].with_name(self.paths[photo].name + ".xmp")


@pytest.fixture
def photos(tmp_path: Path) -> Iterator[Photos]:
    made = Photos(tmp_path)
    yield made
    made.catalog.close()


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_labels_and_ratings_are_written_and_read_back(photos: Photos) -> None:
    before = hashes(photos.paths[0].parent)
    no = photos.label("Not this", 2)
    reject_photos(photos.catalog, no, [photos.ids[2]])
    photos.label("Beach", 0, 1)
    photos.label("Dog", 0, source="auto")
    rate(photos.catalog, [photos.ids[1]], 4)
    first, second, third = photos.plans()
    assert (first.changes, second.changes, third.changes) == (True, True, False)
    assert (first.is_new, first.difference.added, first.difference.automatic) == (True, ("Beach",), ())
    assert second.difference.rating_after == 4
    assert hashes(photos.paths[0].parent) == before, "nothing is written before it is asked for"
    photos.export()
    assert read_xmp(photos.sidecar(0).read_bytes()).keywords == ("Beach",)
    assert read_xmp(photos.sidecar(1).read_bytes()).rating == 4
    assert not photos.sidecar(2).exists()
    assert not any(plan.changes for plan in photos.plans())
    after = hashes(photos.paths[0].parent)
    assert {name: after[name] for name in before} == before, "the photos are not touched"
    assert len(after) == 5, "nothing is left behind"


def test_automatic_labels_on_demand(photos: Photos) -> None:
    photos.label("Dog", 0, source="auto")
    assert not any(plan.changes for plan in photos.plans())
    (plan,) = [plan for plan in photos.plans(automatic=True) if plan.changes]
    assert plan.difference.automatic == ("Dog",)
    export.write(plan)
    found = read_xmp(photos.sidecar(0).read_bytes())
    assert (found.keywords, found.automatic) == (("Dog",), ("Dog",))


def test_a_sidecar_of_another_program_is_merged_into(photos: Photos) -> None:
    sidecar = photos.paths[0].with_suffix(".xmp")
    sidecar.write_bytes(DARKTABLE)
    sidecar.chmod(0o640)
    photos.label("Beach", 0)
    photos.export()
    assert read_xmp(sidecar.read_bytes()).keywords == ("Beach", "sea")
    assert sidecar.stat().st_mode & 0o777 == 0o640
    assert not photos.sidecar(0).exists()


def test_keywords_in_the_photo_come_along(photos: Photos) -> None:
    Image.new("RGB", (8, 8)).save(photos.paths[0], xmp=DIGIKAM)
    photos.label("Beach", 0)
    photos.export()
    assert read_xmp(photos.sidecar(0).read_bytes()).keywords == ("Rome", "Café", "Beach")
    assert not any(plan.changes for plan in photos.plans())


def test_a_linked_sidecar_stays_a_link(photos: Photos, tmp_path: Path) -> None:
    real = tmp_path / "real.xmp"
    real.write_bytes(DIGIKAM)
    photos.sidecar(0).symlink_to(real)
    photos.label("Beach", 0)
    photos.export()
    assert photos.sidecar(0).is_symlink()
    assert "Beach" in read_xmp(real.read_bytes()).keywords


def test_what_changed_since_it_was_shown_is_left_alone(photos: Photos) -> None:
    photos.label("Beach", 0)
    plan = photos.plans()[0]
    photos.sidecar(0).write_bytes(DIGIKAM)
    with pytest.raises(PhotoClipError, match="has changed meanwhile"):
        export.write(plan)
    assert photos.sidecar(0).read_bytes() == DIGIKAM


def test_what_cannot_be_read_is_left_alone(photos: Photos) -> None:
    photos.label("Beach", 0, 1)
    photos.sidecar(0).write_bytes(BOMB)
    os.mkfifo(photos.sidecar(1))
    first, second, _ = photos.plans()
    assert "document type" in first.refused
    assert "not a regular file" in second.refused
    assert photos.sidecar(0).read_bytes() == BOMB


def test_a_failure_leaves_the_old_sidecar(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    photos.sidecar(0).write_bytes(DIGIKAM)
    photos.label("Beach", 0)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", full)
    with pytest.raises(DiskFull):
        photos.export()
    assert photos.sidecar(0).read_bytes() == DIGIKAM
    assert len(hashes(photos.paths[0].parent)) == 4


def test_photos_that_are_not_there_are_passed_over(photos: Photos) -> None:
    photos.label("Beach", 0)
    remove_folder(photos.catalog, photos.folder_id, keep_labels=True)
    assert photos.plans() == []


exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed (Debian: libimage-exiftool-perl)"
)


def read_by_exiftool(path: Path) -> dict[str, object]:
    names = ("Subject", "HierarchicalSubject", "TagsList", "Rating", "AutomaticLabels", "Labels")
    options = ["-j", "-struct", *(f"-XMP:{name}" for name in names), "-warning"]
    result = subprocess.run(["exiftool", *options, str(path)], capture_output=True, check=True, timeout=60)
    (found,) = json.loads(result.stdout)
    return found


def listed(value: object) -> list[str]:
    """exiftool gives a list of one as the one, and a number in quotes as a number."""
    return [] if value is None else [str(item) for item in (value if isinstance(value, list) else [value])]


@exiftool
@pytest.mark.parametrize("name", [None, *SAMPLES])
def test_exiftool_reads_the_same(name: str | None, tmp_path: Path) -> None:
    labels = ("Beach", "Fish & <chips>", "été 2023", "black/white")
    before = None if name is None else SAMPLES[name]
    merged = merge(before, Said(labels, ("Dog",), 4), Described())
    assert merged.data is not None
    path = tmp_path / "a.jpg.xmp"
    path.write_bytes(merged.data)
    found, ours = read_by_exiftool(path), read_xmp(merged.data)
    assert "Warning" not in found
    assert set(listed(found["Subject"])) >= {*labels, "Dog"}
    assert set(listed(found["Subject"])) <= set(ours.keywords)
    deep = [entry.split("|") for entry in listed(found["HierarchicalSubject"]) if "darktable" not in entry]
    assert {tuple(path) for path in deep} <= set(ours.hierarchies)
    assert set(listed(found["TagsList"])) >= {"Beach", "Fish & <chips>", "été 2023", "Dog"}
    assert found["Rating"] == 4
    assert listed(found["AutomaticLabels"]) == ["Dog"]
    assert listed(found["Labels"]) == list(labels)


@exiftool
def test_what_exiftool_writes_is_read_and_merged_into(tmp_path: Path) -> None:
    path = tmp_path / "a.xmp"
    tags = (
        "-XMP-dc:Subject=Rome",
        "-XMP-dc:Subject=Café",
        "-XMP-lr:HierarchicalSubject=Places|Rome",
        "-XMP:Rating=3",
    )
    subprocess.run(["exiftool", "-q", *tags, str(path)], check=True, capture_output=True, timeout=60)
    written = path.read_bytes()
    found = read_xmp(written)
    assert (found.keywords, found.hierarchies, found.rating) == (("Rome", "Café"), (("Places", "Rome"),), 3)
    path.write_bytes(merge(written, Said(("Beach",), (), 5), Described()).data or b"")
    again = read_by_exiftool(path)
    assert (listed(again["Subject"]), again["Rating"]) == (["Rome", "Café", "Beach"], 5)
