from __future__ import annotations

from pathlib import Path

import pytest

from photoclip.library.watching.settling import CLOSED, DISTANT, LOOK, WRITING, Settling


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_file_settles_when_two_looks_are_the_same(tmp_path: Path, clock: Clock) -> None:
    path, settling = tmp_path / "a.jpg", Settling(clock)
    path.write_bytes(b"1")
    settling.note([bytes(path)])
    assert settling.settled() == frozenset()
    path.write_bytes(b"12")
    clock.now += LOOK
    assert settling.settled() == frozenset()  # it grew
    clock.now += LOOK / 2
    assert settling.settled() == frozenset()  # too soon
    clock.now += LOOK
    assert settling.settled() == {bytes(path)}
    assert settling.empty


def test_folders_and_gone_files_have_nothing_to_wait_for(tmp_path: Path, clock: Clock) -> None:
    settling = Settling(clock)
    settling.note([bytes(tmp_path), bytes(tmp_path / "gone.jpg")])
    assert settling.settled() == {bytes(tmp_path), bytes(tmp_path / "gone.jpg")}


def test_one_large_file_does_not_hold_the_others_for_long(tmp_path: Path, clock: Clock) -> None:
    growing, settling = tmp_path / "big.jpg", Settling(clock)
    (tmp_path / "a.jpg").write_bytes(b"1")
    settling.note([bytes(growing), bytes(tmp_path / "a.jpg")])
    waited, taken = 0.0, frozenset[bytes]()
    while not taken:
        growing.write_bytes(b"x" * int(waited * 100 + 1))
        taken = settling.settled()
        clock.now += LOOK
        waited += LOOK
        assert waited < 2
    assert taken == {bytes(tmp_path / "a.jpg")}
    assert not settling.empty


def test_a_file_that_is_never_closed_is_taken_after_a_long_silence(tmp_path: Path, clock: Clock) -> None:
    path, settling = tmp_path / "a.jpg", Settling(clock)
    path.write_bytes(b"1")
    settling.note_writing([bytes(path)])
    for _ in range(round(WRITING) - 1):
        assert settling.settled() == frozenset()
        assert settling.is_moving(bytes(path))
        clock.now += 1
    clock.now += 1
    assert settling.settled() == {bytes(path)}
    assert not settling.is_moving(bytes(path))


def test_a_file_that_was_closed_needs_no_silence_any_more(tmp_path: Path, clock: Clock) -> None:
    path, settling = tmp_path / "a.jpg", Settling(clock)
    path.write_bytes(b"1")
    settling.note_writing([bytes(path)])
    assert settling.settled() == frozenset()
    path.write_bytes(b"12")
    settling.note_closed(bytes(path))
    assert settling.settled() == frozenset()
    assert settling.waits
    clock.now += CLOSED
    assert settling.settled() == {bytes(path)}
    assert not settling.waits


def test_a_file_that_is_opened_again_is_waited_for_again(tmp_path: Path, clock: Clock) -> None:
    path, settling = tmp_path / "a.jpg", Settling(clock)
    path.write_bytes(b"1")
    settling.note_closed(bytes(path))
    settling.note_writing([bytes(path)])
    clock.now += LOOK
    assert settling.settled() == frozenset()
    settling.note_closed(bytes(path))
    clock.now += CLOSED
    assert settling.settled() == {bytes(path)}


def test_on_a_distant_drive_two_looks_lie_further_apart(tmp_path: Path, clock: Clock) -> None:
    path, settling = tmp_path / "a.jpg", Settling(clock)
    path.write_bytes(b"1")
    settling.note([bytes(path)], quiet=DISTANT)
    assert settling.settled() == frozenset()
    clock.now += LOOK
    assert settling.settled() == frozenset()
    clock.now += DISTANT
    assert settling.settled() == {bytes(path)}


def test_it_holds_no_more_than_it_may(tmp_path: Path, clock: Clock) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(10)]
    for file in files:
        file.write_bytes(b"1")
    paths = [bytes(file) for file in files]
    settling = Settling(clock, most=4)
    settling.note(paths[:4])
    settling.note(paths[:4])
    assert not settling.overflowed()
    settling.note(paths)
    assert settling.settled() == frozenset()
    assert not settling.overflowed()  # there is no room yet, so the burst may not be over
    clock.now += LOOK
    assert settling.settled() == set(paths[:4])
    assert not settling.empty
    assert settling.overflowed()
    assert not settling.overflowed()  # told once
    assert settling.empty
