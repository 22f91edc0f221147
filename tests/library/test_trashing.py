"""Moving to the trash as a change: what goes, what stays, and how it comes back."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from photoclip.library import trashing
from photoclip.library.catalog import changes
from photoclip.library.catalog.albums import album_photos, create_album
from photoclip.library.catalog.labels import add_label, label_photos, labelled
from photoclip.library.catalog.photos import details, rate
from photoclip.library.duplicates.removal import trash_others
from photoclip.library.duplicates.tiers import Tier
from tests.library.catalog.catalog_helpers import JULY
from tests.library.duplicates.pile import LOOK, Pile
from tests.library.trashes import FolderTrash


@pytest.fixture
def pile(tmp_path: Path) -> Iterator[Pile]:
    """A picture, the same one saved smaller, and a copy of another."""
    pile = Pile(tmp_path)
    pile.add("whole.jpg", subject=0)
    pile.add("small.jpg", subject=0, nearness=0.95, width=400, height=300)
    pile.add("other.jpg", content="other", subject=1, look=LOOK ^ 0xFFFF)
    pile.add("other copy.jpg", content="other")
    yield pile
    pile.library.close()


@pytest.fixture
def trash(tmp_path: Path) -> FolderTrash:
    return FolderTrash(tmp_path / "trash")


@pytest.fixture(autouse=True)
def true_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hashes of the pile's catalog, which are MD5s."""
    monkeypatch.setattr(
        "tests.library.trashes.xxhash.xxh3_128_digest", lambda data: hashlib.md5(data).digest()
    )


def names(pile: Pile) -> list[str]:
    return sorted(path.name for path in pile.photos.iterdir())


def test_all_but_the_keepers_go_and_undo_brings_them_back(pile: Pile, trash: FolderTrash) -> None:
    small, whole = pile.id_of("small.jpg"), pile.id_of("whole.jpg")
    done = trash_others(pile.catalog, trash, pile.found().groups)
    assert names(pile) == ["other.jpg", "whole.jpg"]
    assert done.refused == {}
    assert done.change is not None
    assert done.change.description == "Move 2 files to the trash"
    assert details(pile.catalog, small).missing
    assert not details(pile.catalog, pile.id_of("other.jpg")).missing
    assert pile.groups() == []

    step = trashing.undo(pile.catalog, trash)
    assert step.change is not None
    assert names(pile) == ["other copy.jpg", "other.jpg", "small.jpg", "whole.jpg"]
    assert step.sentences[0] == "2 files are back from the trash."
    assert not details(pile.catalog, small).missing
    assert pile.groups(Tier.SAME) == [("same", ["whole.jpg", "small.jpg"])]
    assert pile.catalog.query("SELECT * FROM trashed") == []

    assert trashing.redo(pile.catalog, trash).sentences == ("2 files are in the trash again.",)
    assert names(pile) == ["other.jpg", "whole.jpg"]
    assert details(pile.catalog, small).missing
    assert not details(pile.catalog, whole).missing


def test_a_photo_goes_with_its_copies_and_companions(pile: Pile, trash: FolderTrash) -> None:
    pile.add("IMG_1.jpg", taken_at=JULY, taken_source="exif")
    pile.add("IMG_1.dng", format="DNG", taken_at=JULY, taken_source="exif")
    done = trashing.trash_photos(pile.catalog, trash, [pile.id_of("IMG_1.jpg"), pile.id_of("other.jpg")])
    assert done.refused == {}
    assert names(pile) == ["small.jpg", "whole.jpg"]
    trashing.undo(pile.catalog, trash)
    assert len(names(pile)) == 6


def test_the_keeper_of_one_picture_takes_over_what_was_said(pile: Pile, trash: FolderTrash) -> None:
    small, whole = pile.id_of("small.jpg"), pile.id_of("whole.jpg")
    label, no = add_label(pile.catalog, "Beach").created, add_label(pile.catalog, "Dogs").created
    album = create_album(pile.catalog, "Trip", [small]).created
    assert label is not None
    assert no is not None
    assert album is not None
    label_photos(pile.catalog, label, [small])
    label_photos(pile.catalog, no, [whole])
    rate(pile.catalog, [small], 4)
    trash_others(pile.catalog, trash, pile.found(Tier.SAME).groups)
    assert labelled(pile.catalog, label).tolist() == [whole]
    assert labelled(pile.catalog, label, missing=True).tolist() == sorted([small, whole])
    assert labelled(pile.catalog, no).tolist() == [whole]
    assert album_photos(pile.catalog, album).tolist() == [whole]
    assert details(pile.catalog, whole).rating == 4
    trashing.undo(pile.catalog, trash)
    assert labelled(pile.catalog, label).tolist() == [small]
    assert album_photos(pile.catalog, album).tolist() == [small]
    assert details(pile.catalog, whole).rating == 0


def test_what_was_said_of_another_shot_stays_with_it(pile: Pile, trash: FolderTrash) -> None:
    small, whole = pile.id_of("small.jpg"), pile.id_of("whole.jpg")
    label = add_label(pile.catalog, "Eyes closed").created
    assert label is not None
    label_photos(pile.catalog, label, [small])
    (group,) = pile.found(Tier.SAME).groups
    trash_others(pile.catalog, trash, [replace(group, tier=Tier.BURST)])
    assert whole not in labelled(pile.catalog, label, missing=True)


@pytest.mark.parametrize("harm", ["keeper gone", "keeper changed", "changed", "gone", "link", "refused"])
def test_what_is_in_doubt_stays(pile: Pile, tmp_path: Path, harm: str) -> None:
    trash = FolderTrash(tmp_path / "trash", refuses=(b"small.jpg",) if harm == "refused" else ())
    groups = pile.found(Tier.SAME).groups
    whole, small = pile.photos / "whole.jpg", pile.photos / "small.jpg"
    if harm == "keeper gone":
        whole.unlink()
    elif harm == "keeper changed":
        whole.write_bytes(b"edited meanwhile")
    elif harm == "changed":
        small.write_bytes(b"edited meanwhile")
    elif harm == "gone":
        small.unlink()
    elif harm == "link":
        small.unlink()
        os.link(whole, small)
        state = (whole.stat().st_size, whole.stat().st_mtime_ns, os.fsencode(small))
        with pile.catalog.write() as connection:
            connection.execute("UPDATE file SET size = ?, mtime_ns = ? WHERE path = ?", state)
    before = names(pile)
    done = trash_others(pile.catalog, trash, groups)
    assert done.change is None
    assert done.gone == ()
    assert list(done.refused) == [os.fsencode(small)]
    assert names(pile) == before
    assert not details(pile.catalog, pile.id_of("small.jpg")).missing


def test_a_link_in_place_of_the_folder_never_costs_the_only_file(pile: Pile, trash: FolderTrash) -> None:
    """A second path of the very same file must not go."""
    alias = pile.photos.parent / "alias"
    alias.symlink_to(pile.photos, target_is_directory=True)
    groups = pile.found(Tier.IDENTICAL).groups
    (other,) = groups[0].others
    through = os.fsencode(alias / "other.jpg")
    with pile.catalog.write() as connection:
        connection.execute(
            "UPDATE file SET path = ?1, (size, mtime_ns) = (SELECT size, mtime_ns FROM file WHERE path = ?3)"
            " WHERE path = ?2",
            (through, other.paths[0], groups[0].keeper.paths[0]),
        )
    done = trash_others(pile.catalog, trash, pile.found(Tier.IDENTICAL).groups)
    assert (pile.photos / "other.jpg").exists()
    assert len(done.refused) == 1


def test_where_the_trash_gives_nothing_back_that_is_said(pile: Pile, tmp_path: Path) -> None:
    trash = FolderTrash(tmp_path / "trash", returns=False)
    small = pile.id_of("small.jpg")
    trash_others(pile.catalog, trash, pile.found(Tier.SAME).groups)
    (sentence,) = trashing.undo(pile.catalog, trash).sentences
    assert sentence.startswith("1 file is not put back, such as")
    assert "can be restored there" in sentence
    assert "small.jpg" in sentence
    assert details(pile.catalog, small).missing


def test_a_photo_restored_by_hand_is_known_by_its_content(pile: Pile, trash: FolderTrash) -> None:
    small = pile.id_of("small.jpg")
    rate(pile.catalog, [small], 3)
    trash_others(pile.catalog, trash, pile.found(Tier.SAME).groups)
    assert pile.add("elsewhere/small.jpg", content="small.jpg", width=400, height=300) == small
    assert details(pile.catalog, small).rating == 3
    assert not details(pile.catalog, small).missing


def test_an_interrupted_move_records_what_went(pile: Pile, trash: FolderTrash) -> None:
    class Interrupted(FolderTrash):
        def take(self, path: bytes) -> None:
            if self.held:
                raise KeyboardInterrupt
            super().take(path)

    interrupted = Interrupted(trash.folder / "second")
    with pytest.raises(KeyboardInterrupt):
        trash_others(pile.catalog, interrupted, pile.found().groups)
    assert len(names(pile)) == 3
    assert changes.undo_description(pile.catalog) == "Move 1 file to the trash"
    trashing.undo(pile.catalog, interrupted)
    assert len(names(pile)) == 4


def test_other_changes_are_undone_as_ever(pile: Pile, trash: FolderTrash) -> None:
    rate(pile.catalog, [pile.id_of("small.jpg")], 3)
    step = trashing.undo(pile.catalog, trash)
    assert step.change is not None
    assert step.sentences == ()
    assert changes.redo_description(pile.catalog) == step.change.description
    while trashing.undo(pile.catalog, trash).change is not None:
        pass
    assert trashing.undo(pile.catalog, trash) == trashing.Step(None)
