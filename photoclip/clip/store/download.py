"""One file over HTTP: resumed where it stopped, checked against its published hash, reported, cancellable.

What has arrived lies in `NAME.DIGEST.part` beside the target, so that the bytes of another version are never
continued; the target appears whole and checked, or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

import requests
from requests import exceptions

from photoclip.clip.store.faults import DROPPED, DownloadError, Fault, FaultError, fault_of, raise_for
from photoclip.clip.store.job import Job, Speed
from photoclip.clip.store.room import write_fault

CHUNK = 64 * 1024
TIMEOUT = (10.0, 10.0)  # seconds to connect, and without a byte
TRIES = 5  # in a row without a byte
AFTER_DROP = 1.0  # seconds
PATIENCE = 60.0  # seconds: a server that asks to wait for longer is not waited for

T = TypeVar("T")


@dataclass(frozen=True)
class Remote:
    """A file of the model `name` on a server; `page` is where a person can look.

    `digest` is the file's sha256, or, of a small file, the sha1 that git gives it.
    """

    name: str
    url: str
    bytes: int
    digest: str
    headers: Mapping[str, str]
    page: str

    def hasher(self) -> hashlib._Hash:
        if len(self.digest) == 64:
            return hashlib.sha256()
        return hashlib.sha1(b"blob %d\0" % self.bytes, usedforsecurity=False)


def fetch(session: requests.Session, remote: Remote, target: Path, job: Job) -> None:
    """Brings `remote` to `target`. Raises DownloadError, DiskFull or Cancelled, the part kept for later."""
    path, speed = part_of(target, remote), Speed(job, remote.bytes)
    try:
        if target.exists():  # received by an earlier run that ended before it was used
            if target.stat().st_size == remote.bytes:
                target.replace(path)
            else:  # another version
                target.unlink()
        with path.open("a+b") as file:
            part = _Part(file, remote)
            part.take_up(job)
            while part.size < remote.bytes:
                _receive_patiently(session, remote, part, speed, job)
            speed.report(part.size, last=True)
            right = part.hash.hexdigest() == remote.digest
        if not right:
            path.unlink()
            raise DownloadError(sentence(remote.name, remote.url, WRONG))
        path.replace(target)
    except OSError as error:
        raise write_fault(error, target.parent) from error


WRONG = Fault("what arrived is not what was published (its hash differs), so it was deleted; try again later")


def part_of(target: Path, remote: Remote) -> Path:
    return target.with_name(f"{target.name}.{remote.digest[:16]}.part")


def missing_bytes(target: Path, remote: Remote) -> int:
    """How much of `remote` has not arrived yet."""
    places = (target, part_of(target, remote))
    return max(0, remote.bytes - max((path.stat().st_size for path in places if path.exists()), default=0))


def patiently(attempt: Callable[[], T], name: str, url: str, job: Job) -> T:
    """The result of `attempt`, tried again after faults that may pass, ever more seconds apart.

    Raises DownloadError when it stays so, or when the server asks to wait for too long.
    """
    for number in range(1, TRIES + 1):
        job.check()
        try:
            return attempt()
        except FaultError as error:
            fault = error.fault
        except exceptions.RequestException as error:
            fault = fault_of(error)
        pause = 2.0 ** (number - 1) if fault.after is None else fault.after
        if not fault.again or pause > PATIENCE or number == TRIES:
            raise DownloadError(sentence(name, url, fault), fault.status)
        job.wait(job.cancel, pause)
    raise AssertionError("the last try returns or raises")


def sentence(name: str, url: str, fault: Fault) -> str:
    host = urlsplit(url).netloc.rpartition("@")[2]  # a mirror's address may hold a password
    return f"{name} cannot be downloaded from {host or url}: {fault.reason}."


class _Part:
    """The bytes received so far, on the disk and in the hash."""

    def __init__(self, file: BinaryIO, remote: Remote) -> None:
        self._file, self._remote = file, remote
        self.hash, self.size = remote.hasher(), 0

    def take_up(self, job: Job) -> None:
        """Goes on with what an earlier run left."""
        self._file.seek(0)
        while piece := self._file.read(1 << 20):
            job.check()
            self.hash.update(piece)
            self.size += len(piece)
        if self.size > self._remote.bytes:
            self.restart()

    def append(self, piece: bytes) -> None:
        self._file.write(piece)
        self.hash.update(piece)
        self.size += len(piece)

    def restart(self) -> None:
        self._file.truncate(0)
        self.hash, self.size = self._remote.hasher(), 0


def _receive_patiently(
    session: requests.Session, remote: Remote, part: _Part, speed: Speed, job: Job
) -> None:
    """Receives until the end, or until a drop after which there is more than before."""

    def attempt() -> None:
        before = part.size
        try:
            _receive(session, remote, part, speed, job)
        except (FaultError, exceptions.RequestException):
            if part.size <= before:
                raise
            job.wait(job.cancel, AFTER_DROP)

    patiently(attempt, remote.name, remote.url, job)


def _receive(session: requests.Session, remote: Remote, part: _Part, speed: Speed, job: Job) -> None:
    headers = {**remote.headers, "Accept-Encoding": "identity"}
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
    with session.get(remote.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.restart()
            raise FaultError(DROPPED)
        raise_for(response, remote.page)
        if part.size and not _continues(response, part.size):
            part.restart()
        for piece in response.iter_content(CHUNK):
            part.append(piece)
            job.check()
            if part.size > remote.bytes:  # whatever this is, it is not the file, and may not end
                return
            speed.report(part.size)
    if part.size < remote.bytes:
        raise FaultError(DROPPED)


def _continues(response: requests.Response, size: int) -> bool:
    """Whether the answer begins where it was asked to; a server may send the whole file instead."""
    start = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return response.status_code == HTTPStatus.PARTIAL_CONTENT and start == str(size)
