"""Any model's repository on the hub: what the hub says of it, which of its files make a model, and their way
here.

Taken are open_clip's layout (its config, the weights, and what a tokenizer and a text tower need) and
Transformers' CLIP (its config and preprocessing, the weights in one file or several). Safetensors come first;
a .bin is read by PhotoClip's own reader of tensors. Nothing else of a repository is fetched.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from photoclip.clip import open_clip_folder
from photoclip.clip.dialects import open_clip, transformers_config
from photoclip.clip.dialects.containers import INDEX
from photoclip.clip.dialects.reading import OPEN_CLIP_WEIGHTS, WEIGHTS
from photoclip.clip.store.download import TIMEOUT, Remote, fetch, missing_bytes, part_of, patiently, sentence
from photoclip.clip.store.faults import API, DownloadError, raise_for
from photoclip.clip.store.hub import UNSAID, digest_of, endpoint, hub_headers
from photoclip.clip.store.job import Job
from photoclip.clip.store.open_clip_models import is_for_open_clip
from photoclip.clip.store.room import make_folder, require_room, write_fault
from photoclip.clip.store.unfinished import delete
from photoclip.errors import ModelError

PREFIX = "hf-hub:"  # as open_clip and timm write it
NAME_LENGTH = 64
SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
LICENCE_LENGTH = 80
NOT_STATED = "not stated"

_OPEN_CLIP = (open_clip.CONFIG, *open_clip_folder.TOKENIZER_FILES, open_clip_folder.TEXT_CONFIG)
_TRANSFORMERS = (
    transformers_config.CONFIG,
    transformers_config.PREPROCESSOR,
    transformers_config.PROCESSOR,
)


@dataclass(frozen=True)
class Repository:
    """A repository with a model, in one of its versions. `page` is where a person can look.

    `settings` and `weights` are the files that are fetched, by their names; the first of `settings` is the
    model's config. `licence` is for people.
    """

    id: str
    page: str
    licence: str
    settings: Mapping[str, Remote]
    weights: Mapping[str, Remote]

    @property
    def bytes(self) -> int:
        """How much is downloaded."""
        return sum(remote.bytes for remote in (*self.settings.values(), *self.weights.values()))


def repository_id(address: str) -> str:
    """OWNER/NAME of hf-hub:OWNER/NAME. Raises ModelError for anything else."""
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    found = address.strip().removeprefix(PREFIX)
    try:
        validate_repo_id(found)
    except HFValidationError as error:
        raise _no_address(address) from error
    if found.count("/") != 1:
        raise _no_address(address)
    return found


def own_name(repository: str) -> str:
    """What the model of OWNER/NAME is called here: a name that every file system takes.

    >>> own_name("timm/ViT-B-16-SigLIP")
    'timm-ViT-B-16-SigLIP'
    """
    return repository.replace("/", "-")[:NAME_LENGTH].strip("._-")


def look(repository: str, job: Job) -> Repository:
    """What the hub says of OWNER/NAME. Raises ModelError where there is no model that can be used."""
    with requests.Session() as session:
        values = _ask(session, repository, job)
    page = f"{_shown_endpoint()}/{repository}"
    siblings = [entry for entry in _list(values.get("siblings")) if isinstance(entry, dict)]
    files = {str(entry.get("rfilename")): entry for entry in siblings}
    settings, weights = _choose(files.keys(), page)
    version = str(values.get("sha") or "main")

    def remote(name: str) -> Remote:
        return _remote(repository, version, name, files[name], page)

    return Repository(
        repository,
        page,
        _licence(values),
        {name: remote(name) for name in settings},
        {name: remote(name) for name in weights},
    )


def download(found: Repository, folder: Path, job: Job) -> None:
    """Brings the files of a repository into `folder`, making it; the config first, and the weights only if
    the settings are of a model that can be used here.

    Raises ModelError (DownloadError where a server is at fault), DiskFull or Cancelled.
    """
    make_folder(folder)
    _forget_others(found, folder)
    copy = sum(remote.bytes for remote in found.weights.values())  # what is installed is no larger
    missing = sum(missing_bytes(folder / name, remote) for name, remote in _files(found).items())
    require_room(folder, missing + copy, found.id)
    config, *others = found.settings
    quiet = Job(job.cancel, clock=job.clock, wait=job.wait)
    with requests.Session() as session:
        fetch(session, found.settings[config], folder / config, quiet)
        with judged(found, folder):
            _require_usable(folder, config)
        for name in others:
            fetch(session, found.settings[name], folder / name, quiet)
        with judged(found, folder):
            _require_whole(folder, config)
        before = 0
        for name, remote in found.weights.items():
            fetch(session, remote, folder / name, _counted_from(before, copy, job))
            before += remote.bytes


@contextlib.contextmanager
def judged(found: Repository, folder: Path) -> Iterator[None]:
    """What is wrong with what was received in `folder` is said of the page it comes from, and the folder is
    deleted: what came is what was published, and of no use."""
    try:
        yield
    except ModelError as error:
        delete(folder)
        raise ModelError(str(error).replace(str(folder), found.page)) from error


def _no_address(address: str) -> ModelError:
    return ModelError(f'"{address}" is no repository of the hub; write it as {PREFIX}OWNER/NAME.')


def _shown_endpoint() -> str:
    """For people: a mirror's address may hold a password."""
    parts = urlsplit(endpoint())
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _ask(session: requests.Session, repository: str, job: Job) -> dict[str, Any]:
    url, headers = f"{endpoint()}{API}{repository}", hub_headers(repository)

    def ask() -> Any:
        answer = session.get(url, params={"blobs": "true"}, headers=headers, timeout=TIMEOUT)
        raise_for(answer, f"{_shown_endpoint()}/{repository}")
        return answer.json()

    values = patiently(ask, repository, url, job)
    if not isinstance(values, dict):
        raise DownloadError(sentence(repository, url, UNSAID))
    return values


def _remote(repository: str, version: str, name: str, entry: Mapping[str, Any], page: str) -> Remote:
    """A file as the hub's list has it: big ones with their sha256, small ones with git's sha1."""
    from huggingface_hub.file_download import hf_hub_url

    url = hf_hub_url(repository, name, revision=version, endpoint=endpoint())
    big = entry["lfs"] if isinstance(entry.get("lfs"), dict) else entry
    size, digest = big.get("size"), digest_of(str(big.get("sha256") or entry.get("blobId")))
    if type(size) is not int or not digest:
        raise DownloadError(sentence(repository, url, UNSAID))
    return Remote(repository, url, size, digest, hub_headers(repository), page)


def _choose(names: Collection[str], page: str) -> tuple[list[str], list[str]]:
    """The settings and the weights to fetch. Raises ModelError saying what is missing."""
    weights = [name for name in OPEN_CLIP_WEIGHTS if name in names][:1]
    if open_clip.CONFIG in names and weights:
        return [name for name in _OPEN_CLIP if name in names], weights
    if transformers_config.CONFIG not in names:
        missing = OPEN_CLIP_WEIGHTS[0] if open_clip.CONFIG in names else None
        raise ModelError(
            _nothing_there(page, missing or f"{open_clip.CONFIG} or {transformers_config.CONFIG}")
        )
    settings = [name for name in _TRANSFORMERS if name in names]
    match next((name for name in WEIGHTS if name in names), ""):
        case "":
            raise ModelError(_nothing_there(page, WEIGHTS[0]))
        case index if index.endswith(INDEX):
            if not (shards := sorted(name for name in names if SHARD.fullmatch(name))):
                raise ModelError(_nothing_there(page, "model-00001-of-….safetensors"))
            return [*settings, index], shards
        case single:
            return settings, [single]


def _nothing_there(page: str, missing: str) -> str:
    return f"{page} has no model that PhotoClip can use: {missing} is missing there."


def _licence(values: Mapping[str, Any]) -> str:
    """As its card says it, or a tag; it is anybody's text, so it is kept short and printable."""
    card = values.get("cardData")
    card = card if isinstance(card, dict) else {}
    tags = (tag for tag in _list(values.get("tags")) if isinstance(tag, str))
    tagged = next((tag.partition(":")[2] for tag in tags if tag.startswith("license:")), "")
    licence = card.get("license") or tagged
    if licence == "other":
        licence = card.get("license_name") or card.get("license_link") or licence
    text = ", ".join(map(str, licence)) if isinstance(licence, list) else str(licence)
    shown = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return shown[:LICENCE_LENGTH] or NOT_STATED


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _files(found: Repository) -> dict[str, Remote]:
    return {**found.settings, **found.weights}


def _forget_others(found: Repository, folder: Path) -> None:
    """Of an earlier version of the repository there may be files that this one has not."""
    kept = {folder / name for name in _files(found)}
    kept |= {part_of(folder / name, remote) for name, remote in _files(found).items()}
    try:
        for path in set(folder.iterdir()) - kept:
            path.unlink()
    except OSError as error:
        raise write_fault(error, folder) from error


def _require_usable(folder: Path, config: str) -> None:
    """Raises ModelError for the config of a model that PhotoClip cannot use, or not without the extra."""
    if config == open_clip.CONFIG:
        is_for_open_clip(folder / config)
    else:
        transformers_config.read_config(folder / config)


def _require_whole(folder: Path, config: str) -> None:
    """Raises ModelError for settings in which something is missing, or that do not fit together."""
    if config != open_clip.CONFIG:
        facts = transformers_config.read_config(folder / config)
        transformers_config.read_preprocessor(folder, facts["vision.image_size"])
    elif is_for_open_clip(folder / config):
        open_clip_folder.read_settings(folder)


def _counted_from(before: int, total: int, job: Job) -> Job:
    """Of several files, each goes on where the one before it ended."""

    def progress(done: int, _: int, speed: float, left: float) -> None:
        rest = total - before - done
        job.progress(before + done, total, speed, rest / speed if speed else left)

    return replace(job, progress=progress)
