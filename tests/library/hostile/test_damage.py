"""Files of every format: whole, cut off, with bits turned, and odd from the start. Long form: `make soak`."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoclip.library.decoding import UNEXPECTED, Decoders
from photoclip.library.worker import Outcome, Task
from tests.library.hostile.mutations import PLACES, flips, truncations
from tests.library.hostile.samples import UNREADABLE, odd_photos, samples
from tests.library.hostile.trial import Trial, assert_sentence
from tests.library.pictures import jpeg, write_photos

FLIPS = 200


def test_the_samples_are_photos(trial: Trial) -> None:
    trial.try_files(samples().items())
    assert trial.read == set(samples()) - {UNREADABLE}


def test_cut_off_anywhere(trial: Trial) -> None:
    cut = dict(truncations(samples()))
    assert len(cut) == PLACES * len(samples())
    trial.try_files(cut.items())
    assert trial.read  # what is there of a photo is shown
    assert trial.reasons.total() > PLACES
    assert trial.suspects == {}


def test_bits_turned_at_random(trial: Trial) -> None:
    whole = {name: data for name, data in samples().items() if name != UNREADABLE}
    damaged = dict(flips(whole, seed=1, first=0, count=FLIPS))
    assert sum(data != whole[name.partition("-")[2]] for name, data in damaged.items()) > FLIPS * 0.9
    trial.try_files(damaged.items())
    assert len(trial.read) > FLIPS / 3
    assert trial.suspects == {}


def test_odd_photos(trial: Trial, test_data: Path) -> None:
    odd = odd_photos(test_data)
    trial.try_files(odd.items())
    assert len(trial.read) >= 44
    assert {name for name in odd if name.startswith(("orientation", "gps", "invalid-exif"))} <= trial.read


def test_the_same_damage_on_every_machine() -> None:
    files = {"a.jpg": jpeg("red"), "b.jpg": jpeg("blue")}
    row = list(flips(files, seed=3, first=0, count=20))
    assert list(flips(files, seed=3, first=12, count=8)) == row[12:]
    assert [data for _, data in flips(files, seed=4, first=0, count=20)] != [data for _, data in row]


def mistaken(task: Task) -> Outcome:
    raise KeyError("of ours")


def test_a_mistake_of_ours_costs_that_photo_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And what the trials look out for is no sentence that would pass there."""
    write_photos(tmp_path / "some", 3)
    decoders = Decoders(1, prepare=mistaken)
    try:
        with Trial(tmp_path, decoders) as trial:
            write_photos(trial.folder, 3)
            last = trial.run()
    finally:
        decoders.close()
    assert [failure.reason for failure in last.failed] == [UNEXPECTED] * 3
    assert "KeyError: 'of ours'" in caplog.text
    with pytest.raises(AssertionError):
        assert_sentence(UNEXPECTED)


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "no capital letter.",
        "No end",
        "Traceback (most recent call last).",
        "The file is damaged: <_io.BytesIO object at 0x7f00aabbccdd>.",
        "The file is damaged: KeyError.",
        "Two\nlines.",
        "\x1b[31mRed.",
    ],
)
def test_what_is_no_sentence(reason: str) -> None:
    with pytest.raises(AssertionError):
        assert_sentence(reason)
