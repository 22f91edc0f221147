"""The person's own models: got from the hub, taken in from a file, removed.

Each is a folder in `models_dir()`, named after the model, in PhotoClip's own dialect and half precision; or
as it came, if only open_clip can build it. It appears and goes by one rename, so that a process killed at any
moment leaves it whole or not there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace as changed
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from photoclip.clip.memory import require_memory
from photoclip.clip.models import ModelInfo, describe, installed_folders, shipped_folders
from photoclip.clip.registry import parameters, published
from photoclip.clip.store.open_clip_models import only_open_clip_reads, take_in
from photoclip.clip.store.room import require_room, write_fault
from photoclip.clip.store.unfinished import GONE, NEW, OLD, delete, unfinished
from photoclip.errors import ModelError
from photoclip.paths import models_dir

if TYPE_CHECKING:
    from photoclip.clip.config import CLIPConfig
    from photoclip.clip.store.hub import Source
    from photoclip.clip.store.job import Job
    from photoclip.clip.store.repositories import Repository

Write = Callable[[Path], None]  # of a model, into a folder that it makes

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


def get(name: str, job: Job, source: Source = "", *, replace: bool = False) -> ModelInfo:
    """Downloads a published model and installs it under its name.

    Raises ModelError, DiskFull, or Cancelled; what has arrived is kept for the next time.
    """
    from photoclip.clip.store import hub

    model = published(name)
    _require_free(model.name, replace)
    require_memory(model.name, parameters(model.config))
    with unfinished(model.name) as folder:
        weights = hub.download(model, folder, source, job)
        job.check()
        job.say(f"{model.name} has arrived; installing it.")
        try:
            write = _own_dialect(weights, model.config, model.name)
        except ModelError:
            delete(folder)  # what came is what was published, and is of no use
            raise
        info = _put(write, folder, model.name)
        delete(folder)
        return info


def get_repository(address: str, job: Job, name: str = "", *, replace: bool = False) -> ModelInfo:
    """Downloads a model from a repository of the hub, hf-hub:OWNER/NAME, and installs it.

    Without a `name` it is called after its repository. Raises as `get` does.
    """
    from photoclip.clip.dialects.counting import count_numbers
    from photoclip.clip.store import repositories

    repository = repositories.repository_id(address)
    name = name or repositories.own_name(repository)
    _require_free(name, replace)
    found = repositories.look(repository, job)
    with unfinished(name) as folder:
        received = folder / repository.replace("/", "--")
        repositories.download(found, received, job)
        with repositories.judged(found, received):
            numbers = count_numbers(received)
        require_memory(name, numbers)
        job.check()
        job.say(f"{repository} has arrived; installing it.")
        with repositories.judged(found, received):
            info = _put_received(found, received, folder, name)
        delete(folder)
        return info


def _put_received(found: Repository, received: Path, folder: Path, name: str) -> ModelInfo:
    """Puts what a repository held in its place, with where it came from."""
    from photoclip.clip.store.origin import Origin, write_origin

    write_model = _reader(received, None, name)

    def write(target: Path) -> None:
        write_model(target)
        write_origin(Origin(found.licence, page=found.page), target)

    return _put(write, folder, name)


def install(source: Path, name: str, config: CLIPConfig | None = None, *, replace: bool = False) -> ModelInfo:
    """Takes in a model from a file or folder in any dialect, as `name`; `source` is left as it is.

    `config` declares what the weights of a plain CLIP do not tell. Raises ModelError or DiskFull with a
    sentence.
    """
    from photoclip.clip.dialects.counting import count_numbers

    _require_free(name, replace)
    if not source.exists():
        raise ModelError(f"There is no model at {source}.")
    require_room(models_dir(), _size(source), name)
    require_memory(name, count_numbers(source))
    with unfinished(name) as folder:
        return _put(_reader(source, config, name), folder, name)


def remove(name: str) -> None:
    """Deletes one of the person's models. Raises ModelError for others, with a sentence."""
    if name in {folder.name for folder in shipped_folders()}:
        raise ModelError(f"{name} comes with PhotoClip and cannot be removed.")
    own = {folder.name: folder for folder in installed_folders()}
    if name not in own:
        known = f"yours are: {', '.join(own)}" if own else "you have none"
        raise ModelError(f'There is no model "{name}" to remove; {known}.')
    with unfinished(name) as folder:
        try:
            own[name].rename(folder / GONE)
        except OSError as error:
            raise write_fault(error, own[name]) from error


def _require_free(name: str, replace: bool) -> None:
    """Raises ModelError unless a model may be installed as `name`; some disks do not tell a from A."""
    if not NAME.fullmatch(name):
        raise ModelError(
            f'"{name}" cannot be a model\'s name; use up to 64 letters, digits, ".", "-" and "_".'
        )
    if name.lower() in {folder.name.lower() for folder in shipped_folders()}:
        raise ModelError(f"{name} is the name of a model that comes with PhotoClip; choose another.")
    if not replace and name.lower() in {folder.name.lower() for folder in installed_folders()}:
        raise ModelError(f"{name} is installed already; remove it first, or replace it with --replace.")


def _reader(source: Path, config: CLIPConfig | None, name: str) -> Write:
    """What writes the model of `source`: as it came if only open_clip can build it, else in our dialect."""
    weights = None if config else only_open_clip_reads(source)
    return partial(take_in, weights) if weights else _own_dialect(source, config, name)


def _own_dialect(source: Path, config: CLIPConfig | None, name: str) -> Write:
    """Reads a model in any dialect; what is returned writes it in PhotoClip's own."""
    from photoclip.clip import checkpoint, dialects

    config, tensors = dialects.read(source, config)
    model, named = checkpoint.build(config, tensors, source), changed(config, name=name)
    return lambda folder: checkpoint.save(model, named, folder)


def _put(write: Write, folder: Path, name: str) -> ModelInfo:
    """Has the model written under `folder`, then puts it in its place."""
    from safetensors import SafetensorError

    target = models_dir() / name
    try:
        write(folder / NEW)
        info = describe(folder / NEW)
        _sync(folder / NEW)
        if target.exists():
            target.rename(folder / OLD)
        (folder / NEW).rename(target)
    except (OSError, SafetensorError) as error:
        raise write_fault(error, models_dir()) from error
    return changed(info, name=name, folder=target)


def _sync(folder: Path) -> None:
    """Has the files on the disk before the rename that makes them count."""
    for path in folder.iterdir():
        with path.open("r+b") as file:
            os.fsync(file.fileno())


def _size(source: Path) -> int:
    if source.is_file():
        return source.stat().st_size
    return sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
