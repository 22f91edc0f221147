from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from photoclip.library import worker
from photoclip.library.decoding import AHEAD, Decoders
from photoclip.library.worker import Outcome, Prepared, Refused, Task
from photoclip.pixels import PixelSpec
from tests.library.pictures import jpeg, write_photos

SPEC = PixelSpec(16)


def dangerous(task: Task) -> Outcome:
    """Decodes, and has the bugs that decoders have: for files named so."""
    name = task.path.rpartition(b"/")[2]
    if name.startswith(b"crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith(b"hang"):
        threading.Event().wait()
    if name.startswith(b"once"):
        marker = Path(os.fsdecode(task.path) + ".tried")
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return worker.prepare(task)


def greedy(task: Task) -> Outcome:
    """Takes more memory than a worker has, where `prepare` itself would meet that."""
    worker.read_file = lambda path: bytearray(8 << 30)  # type: ignore[assignment,return-value]
    return worker.prepare(task)


@pytest.fixture
def decoders() -> Iterator[Decoders]:
    made = Decoders(2)
    yield made
    made.close()


def decode_all(decoders: Decoders, tasks: list[Task]) -> dict[bytes, Outcome]:
    outcomes: dict[bytes, Outcome] = {}
    waiting = list(tasks)
    while waiting or decoders.in_flight:
        while waiting and decoders.room:
            decoders.submit(waiting.pop())
        outcome = decoders.next_outcome(10)
        if outcome is not None:
            outcomes[outcome.path] = outcome
    return outcomes


def test_every_photo_comes_back_and_few_are_in_flight(decoders: Decoders, tmp_path: Path) -> None:
    paths = write_photos(tmp_path, 20)
    for path in paths[: 2 * AHEAD]:
        assert decoders.room
        decoders.submit(Task(bytes(path), SPEC))
    assert not decoders.room
    outcomes = decode_all(decoders, [Task(bytes(path), SPEC) for path in paths[2 * AHEAD :]])
    assert all(isinstance(outcome, Prepared) for outcome in outcomes.values())
    assert decoders.in_flight == 0


def test_warm_processes_are_there_before_the_first_photo(decoders: Decoders, tmp_path: Path) -> None:
    decoders.warm_up()
    processes = {child.pid for child in psutil.Process().children() if _is_worker(child)}
    assert len(processes) == decoders.workers
    (path,) = write_photos(tmp_path, 1)
    assert isinstance(decode_all(decoders, [Task(bytes(path), SPEC)])[bytes(path)], Prepared)
    assert {child.pid for child in psutil.Process().children() if _is_worker(child)} == processes


def test_slowly_is_one_photo_at_a_time(decoders: Decoders, tmp_path: Path) -> None:
    decoders.slow = True
    first, *others = write_photos(tmp_path, 3)
    assert decoders.room
    decoders.submit(Task(bytes(first), SPEC))
    assert not decoders.room
    outcomes = decode_all(decoders, [Task(bytes(path), SPEC) for path in others])
    assert len(outcomes) == 3


def _is_worker(child: psutil.Process) -> bool:
    return "resource_tracker" not in " ".join(child.cmdline())


def test_closing_leaves_no_process(tmp_path: Path) -> None:
    decoders = Decoders(2)
    decode_all(decoders, [Task(bytes(path), SPEC) for path in write_photos(tmp_path, 2)])
    workers = [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]
    assert len(workers) >= 2
    decoders.close()
    psutil.wait_procs(workers, 10)
    assert not any(child.is_running() for child in workers)


def test_a_crash_or_a_hang_costs_that_photo_alone(tmp_path: Path) -> None:
    good = write_photos(tmp_path, 6)
    bad = [tmp_path / "crash.jpg", tmp_path / "hang.jpg", tmp_path / "once.jpg"]
    for path in bad:
        path.write_bytes(jpeg("red"))
    decoders = Decoders(2, time_limit=1.0, prepare=dangerous)
    try:
        outcomes = decode_all(decoders, [Task(bytes(path), SPEC) for path in [*bad, *good]])
    finally:
        decoders.close()
    crashed, hung, once = (outcomes.pop(bytes(path)) for path in bad)
    assert isinstance(crashed, Refused)
    assert "crashed the decoder" in crashed.reason
    assert (crashed.size, crashed.mtime_ns) == (len(jpeg("red")), bad[0].stat().st_mtime_ns)
    assert isinstance(hung, Refused)
    assert "longer than 1 seconds" in hung.reason
    assert isinstance(once, Prepared)
    assert sorted(outcomes) == [bytes(path) for path in good]
    assert all(isinstance(outcome, Prepared) for outcome in outcomes.values())


def test_a_lone_worker_that_always_crashes_does_not_end_the_work(tmp_path: Path) -> None:
    path = tmp_path / "crash.jpg"
    path.write_bytes(jpeg("red"))
    (good,) = write_photos(tmp_path, 1)
    decoders = Decoders(1, prepare=dangerous)
    try:
        for _ in range(2):
            outcomes = decode_all(decoders, [Task(bytes(path), SPEC), Task(bytes(good), SPEC)])
            assert isinstance(outcomes[bytes(path)], Refused)
            assert isinstance(outcomes[bytes(good)], Prepared)
    finally:
        decoders.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits a process's memory")
def test_a_greedy_photo_meets_the_memory_limit(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(jpeg("red"))
    decoders = Decoders(1, prepare=greedy)
    try:
        (outcome,) = decode_all(decoders, [Task(bytes(path), SPEC)]).values()
    finally:
        decoders.close()
    assert isinstance(outcome, Refused)
    assert "memory" in outcome.reason


def test_forgetting_drops_what_is_in_flight(decoders: Decoders, tmp_path: Path) -> None:
    first, second = write_photos(tmp_path, 2)
    decoders.submit(Task(bytes(first), SPEC))
    decoders.forget()
    assert decoders.in_flight == 0
    assert list(decode_all(decoders, [Task(bytes(second), SPEC)])) == [bytes(second)]


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    (path,) = write_photos(tmp_path, 1)
    code = f"""
import os, psutil, signal
from photoclip.library.decoding import Decoders
from photoclip.library.worker import Task
from photoclip.pixels import PixelSpec
if __name__ == "__main__":
    decoders = Decoders(2)
    decoders.submit(Task({bytes(path)!r}, PixelSpec(16)))
    assert decoders.next_outcome(20) is not None
    print(*(child.pid for child in psutil.Process().children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    children = [psutil.Process(int(pid)) for pid in done.stdout.split() if psutil.pid_exists(int(pid))]
    assert len(done.stdout.split()) >= 2
    assert psutil.wait_procs(children, 10)[1] == []
