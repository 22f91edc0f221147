"""Joins the model to the library, and both to the window or the terminal. The only file that knows them all.

Imports are inside the functions on purpose: the model's process imports this module for `load_model`, and the
terminal must not wait for the window's toolkit.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from photoclip.errors import ModelError
from photoclip.settings import DEFAULT_MODEL, chosen_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from photoclip.clip.config import CLIPConfig
    from photoclip.clip.precision import Rate
    from photoclip.clip.training.captions import Captioned
    from photoclip.library.encoder import Encoder, LoadedModel
    from photoclip.library.training_pairs import Pair
    from photoclip.model_store import ModelRow, ModelStore, PublishedRow, Source, Watch
    from photoclip.training_terms import Learned, Wishes

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
    from photoclip.cli.services import Services, Training

    training = Training(train_model, held_out_scores)
    build(Services(encoder, models, model_store(), open_window, render_window, training))()


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


def model_store() -> ModelStore:
    """The models of this machine, and those that can be had."""
    from photoclip.model_store import ModelStore

    return ModelStore(
        published_models, get_model, take_in_model, remove_model, models, look_at_repository, get_repository
    )


def models() -> list[ModelRow]:
    """The models on this machine."""
    from photoclip.clip.models import installed_folders, shipped_folders

    shipped = [_row(folder, shipped=True) for folder in shipped_folders()]
    return shipped + [_row(folder, shipped=False) for folder in installed_folders()]


def _row(folder: Path, *, shipped: bool) -> ModelRow:
    """What there is to know of a model on this machine; one that is damaged says so."""
    from photoclip.clip.models import describe, weights_file
    from photoclip.clip.precision import Precisions
    from photoclip.clip.store.origin import origin_of
    from photoclip.model_store import ModelRow

    name, origin = folder.name, origin_of(folder)
    licence, quality = origin.licence, origin.sentence
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
    """The models that can be downloaded, ResNets last: a Transformer of the same cost is better."""
    from photoclip.clip.config import ResNetConfig
    from photoclip.clip.models import installed_folders
    from photoclip.clip.precision import Precisions
    from photoclip.clip.registry import PUBLISHED
    from photoclip.model_store import PublishedRow

    rate = Precisions().rate()
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
            photos_per_second=_estimated(model.config, rate),
        )
        for model in sorted(PUBLISHED, key=lambda model: isinstance(model.config.vision, ResNetConfig))
    ]


def _estimated(config: CLIPConfig, rate: Rate | None) -> float:
    """Photos a second; 0 for ResNets, whose convolutions the rate says nothing of, and before it is known."""
    from photoclip.clip.config import ViTConfig
    from photoclip.clip.flops import image_flops

    if rate is None or not isinstance(config.vision, ViTConfig):
        return 0.0
    return rate.photos_per_second(image_flops(config))


def get_model(name: str, source: Source, replace: bool, watch: Watch) -> ModelRow:
    """Downloads and installs a published model."""
    from photoclip.clip.store import get
    from photoclip.clip.store.job import Job

    job = Job(watch.stop, watch.progress, watch.say)
    return _row(get(name, job, source, replace=replace).folder, shipped=False)


def look_at_repository(address: str, name: str, watch: Watch) -> PublishedRow:
    """What the hub says of hf-hub:OWNER/NAME; without a `name` the model is called after it.

    The vectors' length and the picture's size are 0: they are known once its config is here.
    """
    from photoclip.clip.models import installed_folders
    from photoclip.clip.store.job import Job
    from photoclip.clip.store.repositories import look, own_name, repository_id
    from photoclip.model_store import PublishedRow

    found = look(repository_id(address), Job(watch.stop, watch.progress, watch.say))
    name = name or own_name(found.id)
    return PublishedRow(
        name=name,
        alias="",
        repository=found.id,
        bytes=found.bytes,
        dim=0,
        image_size=0,
        licence=found.licence,
        quality=f"From {found.page}.",
        sources=("hub",),
        installed=name in {folder.name for folder in installed_folders()},
    )


def get_repository(address: str, name: str, replace: bool, watch: Watch) -> ModelRow:
    """Downloads and installs the model of hf-hub:OWNER/NAME."""
    from photoclip.clip import store
    from photoclip.clip.store.job import Job

    job = Job(watch.stop, watch.progress, watch.say)
    return _row(store.get_repository(address, job, name, replace=replace).folder, shipped=False)


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


def train_model(
    wishes: Wishes, pairs: Sequence[Pair], say: Callable[[str], None], stopped: Callable[[], bool]
) -> tuple[ModelRow, Learned]:
    """Trains a model on photos of a library and on captions, and installs it."""
    from photoclip.clip.training import captions, own_model

    def gather() -> captions.Captions:
        data = captions.of([_captioned(pair) for pair in pairs], stopped)
        if wishes.captions is None:
            return data
        return captions.together(data, captions.read(wishes.captions, wishes.seed))

    info, learned = own_model.train(wishes, gather, say, stopped)
    return _row(info.folder, shipped=False), learned


def _captioned(pair: Pair) -> Captioned:
    from photoclip.clip.training.captions import TRAIN, VALIDATION, Captioned

    photo = pair.filed
    split = VALIDATION if photo.held_out else TRAIN
    return Captioned(Path(os.fsdecode(pair.path)), photo.texts, photo.names, split)


def held_out_scores(
    vectors: NDArray[np.float32], has: NDArray[np.bool_], folds: NDArray[np.int64]
) -> NDArray[np.float32]:
    """What a linear probe makes of vectors that it has not learned from."""
    from photoclip.clip.training import probe

    return probe.held_out_scores(vectors, has, folds)


def open_window(library_dir: Path, model: str | None) -> int:
    """Shows the window until it is closed, with this model (None: the one chosen for the library)."""
    from photoclip.gui import start
    from photoclip.library.library import Library
    from photoclip.store_process import apart

    chosen = _encoder_or_none(model or chosen_model(library_dir))
    library = Library.open(library_dir)
    if model:  # only for this time: there is nothing to choose
        return start.run(library, chosen, None, store=None)
    return start.run(library, chosen, encoder, store=apart(model_store))


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
