"""What every test stands on: no display, no touch of the person's own library, and nothing left running."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# The same examples on every machine, and no failure for a machine that is busy with something else.
settings.register_profile(
    "photoclip", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("photoclip")

GRACE_SECONDS = 5.0


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of extra test data, named by PHOTOCLIP_TEST_DATA; the test is skipped without it."""
    folder = os.environ.get("PHOTOCLIP_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("PHOTOCLIP_TEST_DATA does not name a folder of extra test data")
    return Path(folder)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points every default folder at an empty one: no test reads or writes the library of who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("PHOTOCLIP_LIBRARY", str(home / "library"))
    monkeypatch.setenv("PHOTOCLIP_MODELS", str(home / "models"))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))


def _threads() -> set[threading.Thread]:
    """Threads that outlive the process's own end, and daemons with our name; foreign threads are Qt's own."""
    return {
        thread
        for thread in threading.enumerate()
        if not isinstance(thread, threading._DummyThread)
        and (not thread.daemon or thread.name.lower().startswith("photoclip"))
    }


def _children() -> set[psutil.Process]:
    """Child processes, less the one that multiprocessing itself keeps for the whole run."""
    return {child for child in psutil.Process().children(recursive=True) if not _is_tracker(child)}


def _is_tracker(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE or "resource_tracker" in " ".join(process.cmdline())
    except psutil.Error:
        return True


def _left(measure: Callable[[], set], before: set) -> set:  # type: ignore[type-arg]
    """What `measure` sees now and did not see before, after a short grace for threads on their way out."""
    deadline = time.monotonic() + GRACE_SECONDS
    while (left := measure() - before) and time.monotonic() < deadline:
        gc.collect()
        threading.Event().wait(0.05)
    return left


@pytest.fixture(autouse=True)
def nothing_left_running(own_folders: None) -> Iterator[None]:
    """Fails a test that leaves a thread or a child process behind."""
    threads, children = _threads(), _children()
    yield
    left = [thread.name for thread in _left(_threads, threads)]
    left += [f"process {child.pid}" for child in _left(_children, children)]
    assert not left, f"left running after the test: {', '.join(left)}"
