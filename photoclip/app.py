"""Joins the model to the library, and both to the window or the terminal. The only file that knows them all.

Imports are inside the functions on purpose: the model's process imports this module for `load_model`, and the
terminal must not wait for the window's toolkit.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from photoclip.errors import ModelError
from photoclip.settings import DEFAULT_MODEL, chosen_model

if TYPE_CHECKING:
    from photoclip.cli.services import ModelRow, PublishedRow, Source, Watch
    from photoclip.library.encoder import Encoder, LoadedModel

STARTER = DEFAULT_MODEL


def main() -> None:
    """The command `photoclip`."""
    multiprocessing.freeze_support()
    from photoclip.cli.status import exit_status

    library = window_alone(sys.argv[1:])
    if library is not None:
        gc.disable()  # nothing is garbage yet; the window turns it on when it is painted
        with exit_status():
            sys.exit(open_window(library, None))
    from photoclip.cli.main import build
    from photoclip.cli.services import ModelStore, Services

    store = ModelStore(published_models, get_model, take_in_model, remove_model)
    build(Services(encoder, models, store, open_window, render_window))()


def window_alone(arguments: Sequence[str]) -> Path | None:
    """The library of `photoclip [--library DIR]`: the photos need not wait for the terminal's commands."""
    from photoclip.paths import default_library_dir

    match list(arguments):
        case []:
            return default_library_dir()
        case ["--library", folder]:
            return Path(folder)
    return None


def load_model(folder: str) -> LoadedModel:
    """Loads a model's weights; runs in the model's own process."""
    from photoclip.clip.encoder import load_encoder

    return load_encoder(folder)


def encoder(name: str | None) -> Encoder:
    """The model of this name (None: the starter), in a process that starts when it is first asked.

    Raises ModelError when it is not there.
    """
    from photoclip.clip.models import find_model
    from photoclip.library.encoder import EncoderInfo, EncoderProcess

    found = find_model(name or STARTER)
    info = EncoderInfo(found.name, found.key, found.dim, found.pixel_spec, found.logit_scale)
    return EncoderProcess(info, partial(load_model, str(found.folder)))


def models() -> list[ModelRow]:
    """The models on this machine."""
    from photoclip.clip.models import installed_folders, shipped_folders

    shipped = [_row(folder, shipped=True) for folder in shipped_folders()]
    return shipped + [_row(folder, shipped=False) for folder in installed_folders()]


def _row(folder: Path, *, shipped: bool) -> ModelRow:
    """What there is to know of a model on this machine; one that is damaged says so."""
    from photoclip.cli.services import ModelRow
    from photoclip.clip.models import describe, weights_file
    from photoclip.clip.precision import Precisions
    from photoclip.clip.registry import PUBLISHED

    name = folder.name
    licence, quality = next(((m.licence, m.quality) for m in PUBLISHED if m.name == name), ("", ""))
    try:
        model = describe(folder)
        size = weights_file(folder).stat().st_size
    except (ModelError, OSError) as error:
        return ModelRow(name, str(folder), 0, 0, 0, shipped, licence, quality, problem=str(error))
    precision = Precisions().describe(model.key) or ""
    return ModelRow(
        name,
        str(folder),
        size,
        model.dim,
        model.pixel_spec.size,
        shipped,
        licence,
        quality,
        precision=precision,
    )


def published_models() -> list[PublishedRow]:
    """The models that can be downloaded."""
    from photoclip.cli.services import PublishedRow
    from photoclip.clip.models import installed_folders
    from photoclip.clip.registry import PUBLISHED

    installed = {folder.name for folder in installed_folders()}
    return [
        PublishedRow(
            name=model.name,
            alias=model.alias,
            repository=model.repository,
            bytes=model.bytes,
            dim=model.config.embed_dim,
            image_size=model.config.vision.image_size,
            licence=model.licence,
            quality=model.quality,
            sources=("hub", "openai") if model.address else ("hub",),
            installed=model.name in installed,
        )
        for model in PUBLISHED
    ]


def get_model(name: str, source: Source, replace: bool, watch: Watch) -> ModelRow:
    """Downloads and installs a published model."""
    from photoclip.clip.store import get
    from photoclip.clip.store.job import Job

    job = Job(watch.stop, watch.progress, watch.say)
    return _row(get(name, job, source, replace=replace).folder, shipped=False)


def take_in_model(source: Path, name: str, like: str, replace: bool) -> ModelRow:
    """Installs a model from a file or folder; `like` names a published one, for what weights do not tell."""
    from photoclip.clip.registry import published
    from photoclip.clip.store import install

    config = published(like).config if like else None
    return _row(install(source, name, config, replace=replace).folder, shipped=False)


def remove_model(name: str) -> None:
    """Deletes one of the person's models."""
    from photoclip.clip.store import remove

    remove(name)


def open_window(library_dir: Path, model: str | None) -> int:
    """Shows the window until it is closed, with this model (None: the one chosen for the library)."""
    from photoclip.gui import start
    from photoclip.library.library import Library

    chosen = _encoder_or_none(model or chosen_model(library_dir))
    return start.run(Library.open(library_dir), chosen, None if model else encoder)


def render_window(library_dir: Path, model: str | None, png: Path, query: str) -> None:
    """Paints the window with the results of a query into a PNG, without a screen."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from photoclip.gui import start
    from photoclip.library.library import Library

    chosen = _encoder_or_none(model or chosen_model(library_dir))
    start.render(Library.open(library_dir), chosen, png, None if model else encoder, query=query)


def _encoder_or_none(name: str) -> Encoder:
    """The model, or one that says what is wrong with it: the window opens and shows photos all the same."""
    from photoclip.library.missing_model import MissingModel

    try:
        return encoder(name)
    except ModelError as error:
        return MissingModel(str(error))
