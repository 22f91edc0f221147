"""The four tiers, what each takes and leaves, and that the order of things does not matter."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photoclip.errors import Cancelled
from photoclip.library.catalog.folders import add_folder
from photoclip.library.duplicates import near, preference, table
from photoclip.library.duplicates.find import ALL
from photoclip.library.duplicates.tiers import Reason, Tier
from photoclip.library.library import Library
from tests.bench.duplicates_run import pairs_of
from tests.library.duplicates.pile import DIM, INFO, LOOK, Pile
from tests.library.duplicates.planted import plant

NOON = 1_700_000_000.0
OTHER_LOOK = LOOK ^ 0xFFFF


def test_identical_files_are_one_photo_at_several_paths(pile: Pile) -> None:
    pile.add("a/one copy.jpg", content="one", written=NOON - 100)
    pile.add("one.jpg", content="one", written=NOON)
    pile.add("b/one.jpg", content="one", written=NOON + 100)
    pile.add("two.jpg", look=OTHER_LOOK)
    (group,) = pile.found().groups
    assert pile.groups() == [("identical", ["one.jpg", "b/one.jpg", "a/one copy.jpg"])]
    assert group.reason is Reason.OLDER  # than the next best
    assert group.hash is not None
    assert {member.photo for member in (group.keeper, *group.others)} == {pile.id_of("one.jpg")}


def test_a_picture_saved_again(pile: Pile) -> None:
    pile.add("small.jpg", subject=0, nearness=0.9, width=1000, height=750, look=LOOK ^ 0b111)
    pile.add("whole.jpg", subject=0)
    pile.add("other.jpg", subject=1)  # looks alike to the hash, but shows something else
    (group,) = pile.found().groups
    assert pile.groups() == [("same", ["whole.jpg", "small.jpg"])]
    assert group.reason is Reason.PIXELS
    assert group.others[0].evidence.bits == 3
    assert group.others[0].evidence.cosine == pytest.approx(np.sqrt(0.9), abs=1e-3)


@pytest.mark.parametrize(
    ("bits", "nearness", "found"),
    [(4, 0.55, True), (5, 0.55, False), (10, 0.95, True), (11, 0.95, False), (0, 0.01, False)],
)
def test_the_more_bits_differ_the_nearer_vectors_have_to_be(
    pile: Pile, bits: int, nearness: float, found: bool
) -> None:
    pile.add("a.jpg", subject=0)
    pile.add("b.jpg", subject=0, nearness=nearness, look=LOOK ^ (1 << bits) - 1)
    assert bool(pile.groups(Tier.SAME)) is found


def test_without_vectors_only_hashes_that_nearly_agree_count(pile: Pile) -> None:
    pile.add("a.jpg")
    pile.add("b.jpg", look=LOOK ^ 0b1111, width=400, height=300)
    pile.add("c.jpg", look=LOOK ^ 0b11111, width=400, height=300)
    found = pile.found()
    assert pile.groups() == [("same", ["a.jpg", "b.jpg"])]
    assert found.groups[0].others[0].evidence.cosine is None
    assert found.unread == 3


@pytest.mark.parametrize("look", [0, 1, 0xFFFFFFFFFFFFFFFF, None])
def test_plain_pictures_are_not_told_by_their_hash(pile: Pile, look: int | None) -> None:
    for name in ("a.jpg", "b.jpg"):
        pile.add(name, perceptual_hash=look, subject=0, nearness=0.5)
    assert pile.groups() == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"width": 3000, "height": 4000}),
        ({"camera": "X", "taken_at": NOON}, {"camera": "X", "taken_at": NOON + 60}),
        ({"camera": "X", "taken_at": NOON + 0.25}, {"camera": "X", "taken_at": NOON + 0.5}),
        ({"seconds": 10.0}, {"seconds": 20.0}),
        ({"seconds": 10.0}, {}),
    ],
    ids=["shape", "moment", "fraction", "length", "kind"],
)
def test_what_cannot_be_the_same_picture(
    pile: Pile, one: dict[str, object], other: dict[str, object]
) -> None:
    pile.add("a.jpg", subject=0, nearness=0.8, **one)
    pile.add("b.jpg", subject=0, nearness=0.8, **other)
    assert pile.groups(Tier.SAME) == []


def test_a_video_saved_again(pile: Pile) -> None:
    pile.add("a.mp4", subject=0, seconds=10.0, width=1920, height=1080)
    pile.add("b.mp4", subject=0, nearness=0.9, seconds=10.3, width=640, height=360)
    assert pile.groups() == [("same", ["a.mp4", "b.mp4"])]


def test_a_raw_file_and_the_jpeg_beside_it_are_no_duplicates(pile: Pile) -> None:
    raw, shot = {"format": "CR2"}, {"camera": "X", "taken_at": NOON, "subject": 0}
    pile.add("day/IMG_1.CR2", **raw, **shot)
    pile.add("day/IMG_1.JPG", nearness=0.99, **shot)
    assert pile.groups() == []
    pile.add("exports/IMG_1.jpg", nearness=0.98, size=999_999_999, **shot)
    assert pile.groups() == [("same", ["day/IMG_1.JPG", "exports/IMG_1.jpg"])]  # which stands for both
    assert pile.found().groups[0].reason is Reason.RAW


def test_a_burst_is_of_one_camera_within_seconds_and_alike(pile: Pile) -> None:
    shot = {"camera": "X", "subject": 0, "nearness": 0.92}
    pile.add("1.jpg", taken_at=NOON, look=LOOK, **shot)
    pile.add("2.jpg", taken_at=NOON + 1.5, look=LOOK ^ 0xFFFF, size=9_000_000, **shot)
    pile.add("late.jpg", taken_at=NOON + 8, look=LOOK ^ 0xFFFF0000, **shot)
    pile.add("turned.jpg", taken_at=NOON + 2, camera="X", subject=1, look=LOOK ^ 0xFF00FF)
    pile.add("friend.jpg", taken_at=NOON + 1, camera="Y", subject=0, nearness=0.92, look=LOOK ^ 0xFF00FF00)
    (group,) = pile.found(Tier.BURST).groups
    assert pile.groups(Tier.BURST) == [("burst", ["2.jpg", "1.jpg"])]
    assert (group.reason, group.others[0].evidence.seconds) == (Reason.BYTES, 1.5)


def test_a_clock_that_stands_still_makes_no_bursts(pile: Pile, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        look = LOOK ^ (0xFFFF << 16 * number)
        pile.add(f"{number}.jpg", camera="Scanner", taken_at=NOON, subject=0, nearness=0.95, look=look)
    assert len(pile.groups(Tier.BURST)) == 1
    monkeypatch.setattr(near, "MOST_IN_A_BURST", 3)
    assert pile.groups(Tier.BURST) == []


def test_in_a_burst_what_a_person_likes_is_kept(pile: Pile) -> None:
    from photoclip.library.catalog.photos import rate

    shot = {"camera": "X", "subject": 0, "nearness": 0.92}
    pile.add("1.jpg", taken_at=NOON, look=LOOK, **shot)
    pile.add("2.jpg", taken_at=NOON + 1, look=LOOK ^ 0xFFFF, size=9_000_000, **shot)
    rate(pile.catalog, [pile.id_of("1.jpg")], 4)
    assert pile.groups() == [("burst", ["1.jpg", "2.jpg"])]
    assert pile.found().groups[0].reason is Reason.LIKED


def test_similar_photos_are_near_their_keeper_not_each_the_next(pile: Pile) -> None:
    random = np.random.default_rng(3)
    turn = np.linalg.qr(random.standard_normal((DIM, DIM)))[0].astype(np.float32)
    for step in range(6):  # each 12 degrees from the one before
        pile.add(f"{step}.jpg", look=int(random.integers(1 << 62)) | 1, size=1000 - step)
        key = bytes(pile.catalog.query("SELECT hash FROM photo ORDER BY id DESC LIMIT 1")[0][0])
        angle = np.deg2rad(12 * step)
        vector = np.cos(angle) * turn[0] + np.sin(angle) * turn[1]
        pile.library.vectors(INFO).append([key], vector[None])
    for group in pile.found(Tier.SIMILAR).groups:
        assert all(
            other.evidence.cosine is not None and other.evidence.cosine > 0.9 for other in group.others
        )
        assert len(group.others) <= 2


def test_a_stronger_tier_explains_a_pair_first(pile: Pile) -> None:
    shot = {"camera": "X", "subject": 0, "nearness": 0.99}
    pile.add("a.jpg", content="a", taken_at=NOON, **shot)
    pile.add("a copy.jpg", content="a", taken_at=NOON, **shot)
    pile.add("small.jpg", taken_at=NOON, width=400, height=300, **shot)
    pile.add("next.jpg", taken_at=NOON + 2, look=OTHER_LOOK, width=3900, height=2900, **shot)
    pile.add("later.jpg", taken_at=NOON + 9000, look=LOOK ^ 0xFFFF0000, width=3800, height=2800, **shot)
    assert pile.groups() == [
        ("identical", ["a.jpg", "a copy.jpg"]),
        ("same", ["a.jpg", "small.jpg"]),
        ("burst", ["a.jpg", "next.jpg"]),
        ("similar", ["a.jpg", "later.jpg"]),
    ]
    assert pile.groups(Tier.SIMILAR) == [("similar", ["a.jpg", "later.jpg"])]


def test_only_these_photos_and_these_folders(pile: Pile) -> None:
    for name in ("in/a.jpg", "in/b.jpg", "out/c.jpg"):
        pile.add(name, subject=0, nearness=0.99, content="x" if name != "in/b.jpg" else "y")
    folder = bytes(pile.photos / "in")
    assert pile.groups(folders=[folder]) == [("same", ["in/a.jpg", "in/b.jpg"])]
    assert pile.groups(photos=[pile.id_of("in/b.jpg")]) == []


def test_photos_that_are_not_there_are_left_alone(pile: Pile) -> None:
    from photoclip.library.catalog.folders import remove_folder

    pile.add("a.jpg", subject=0)
    pile.add("b.jpg", subject=0, nearness=0.99)
    remove_folder(pile.catalog, pile.folder_id, keep_labels=True)
    assert pile.groups() == []
    add_folder(pile.catalog, bytes(pile.photos))
    assert len(pile.groups()) == 1


def test_of_none_and_of_one_there_are_no_duplicates(pile: Pile) -> None:
    assert pile.found().groups == ()
    pile.add("a.jpg", subject=0)
    assert pile.found().groups == ()


def test_it_ends_when_it_is_told_to(pile: Pile) -> None:
    pile.add("a.jpg")

    def stop() -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        pile.found(between=stop)


@pytest.fixture(scope="module")
def planted_vectors() -> np.ndarray:
    random = np.random.default_rng(0)
    drawn = random.standard_normal((1000, DIM)) + 1
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def test_what_was_planted_is_found(tmp_path: Path, planted_vectors: np.ndarray) -> None:
    with closing(Library.open(tmp_path / "library")) as library:
        planted = plant(library, INFO, 1000, lambda count, seed: planted_vectors[:count].copy())
        pile = Pile.__new__(Pile)
        pile.library, pile.catalog = library, library.catalog
        found = pile.found()
        for tier in ALL:
            assert pairs_of(found, tier) == getattr(planted, tier), tier
        everyone = [
            member.paths
            for group in found.groups
            if group.tier is not Tier.IDENTICAL
            for member in (group.keeper, *group.others)
        ]
        assert len(everyone) == len(set(everyone))


SHOTS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([0.5, 0.9, 0.99]), st.integers(0, 9), st.integers(0, 5)),
    min_size=2,
    max_size=9,
)


@given(SHOTS, st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_groups_do_not_depend_on_the_order_in_which_photos_came(
    tmp_path_factory: pytest.TempPathFactory, shots: list[tuple[int, float, int, int]], random: object
) -> None:
    described = [
        (f"{at}.jpg", {"subject": subject, "nearness": nearness, "look": LOOK ^ (1 << bits) - 1,
                       "camera": "X", "taken_at": NOON + seconds, "written": NOON})
        for at, (subject, nearness, bits, seconds) in enumerate(shots)
    ]  # fmt: skip
    shuffled = described.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    told = []
    for order in (described, shuffled):
        pile = Pile(tmp_path_factory.mktemp("pile"))
        for name, facts in order:
            pile.add(name, **facts)  # type: ignore[arg-type]
        told.append(pile.groups())
        for tier in ALL:
            members = [name for kind, names in told[-1] if kind == tier for name in names]
            assert len(members) == len(set(members))
        pile.library.close()
    assert told[0] == told[1]


def test_thresholds_are_those_of_the_documentation() -> None:
    text = (Path(__file__).parents[3] / "docs" / "duplicates.md").read_text(encoding="utf-8")
    for rule in (
        f"at most {near.FEW_BITS} bits differ and nearness is at least {near.FEW_BITS_NEARNESS},"
        f" or at most {near.MANY_BITS} bits and {near.MANY_BITS_NEARNESS};",
        f"at most {near.BURST_SECONDS:g} s apart, nearness at least {near.BURST_NEARNESS} |",
        f"| nearness at least {near.SIMILAR_NEARNESS} |",
        f"fewer than {table.LEAST_BITS} or more than {table.MOST_BITS} bits set",
        f"more than {near.MOST_IN_A_BURST} pictures",
    ):
        assert rule in text


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1 copy.jpg",
        "IMG_1 - Copy (3).jpg",
        "Kopie von IMG_1.jpg",
        "IMG_1 (2).jpg",
        "IMG_1~2.jpg",
        "IMG_1 Kopie.jpg",
    ],
)
def test_names_of_copies(name: str) -> None:
    assert preference.is_called_copy(b"/p/" + name.encode())


@pytest.mark.parametrize(
    "name", ["IMG_1.jpg", "copyright.jpg", "photocopy.jpg", "copy/IMG_1.jpg", "2023 (summer).jpg"]
)
def test_names_of_no_copies(name: str) -> None:
    assert not preference.is_called_copy(b"/p/" + name.encode())
