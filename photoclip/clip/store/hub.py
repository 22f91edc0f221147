"""Published weights from the hub, or, where they are OpenAI's, from OpenAI's own address.

From huggingface_hub come addresses, the person's token and offline mode. Its own download cannot be stopped,
reports to a progress bar only, and checks sizes but no hash, so `download` does the transfer. HF_ENDPOINT
names a mirror; HTTPS_PROXY and its like are honoured by requests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin, urlsplit

import requests

import photoclip
from photoclip.clip.registry import OPENAI_ADDRESS, PublishedModel, parameters
from photoclip.clip.store.download import TIMEOUT, Remote, fetch, missing_bytes, patiently
from photoclip.clip.store.faults import DownloadError, Fault, FaultError, raise_for
from photoclip.clip.store.job import Job
from photoclip.clip.store.room import require_room
from photoclip.errors import ModelError

Source = Literal["", "hub", "openai"]  # empty: the hub, and when that fails OpenAI's address
CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")  # the second in older repositories
OPENAI_VARIABLE = "PHOTOCLIP_OPENAI_ADDRESS"  # stands in for OpenAI's address, as HF_ENDPOINT for the hub's
OPENAI_PAGE = "https://github.com/openai/CLIP"
REDIRECTS = 5
UNSAID = Fault(
    "the server does not say the file's size and hash, so it could not be checked; use another mirror"
)


def installed_bytes(model: PublishedModel) -> int:
    """About what the model takes once it is installed, in half precision."""
    return 2 * parameters(model.config)


def download(model: PublishedModel, folder: Path, source: Source, job: Job) -> Path:
    """Brings the model's weights, and its config where there is one, into `folder`; returns the weights.

    Raises ModelError (DownloadError where a server is at fault), DiskFull or Cancelled.
    """
    if source == "openai" and not model.address:
        raise ModelError(f"{model.name} is not one of OpenAI's models; get it from the hub.")
    with requests.Session() as session:
        if source == "openai":
            return _from_openai(session, model, folder, job)
        try:
            return _from_hub(session, model, folder, job)
        except DownloadError as error:
            if source == "hub" or not model.address:
                raise
            job.say(f"{error} Trying OpenAI's own address.")
        return _from_openai(session, model, folder, job)


def _from_hub(session: requests.Session, model: PublishedModel, folder: Path, job: Job) -> Path:
    weights = _weights_on_hub(session, model, job)
    config = _on_hub(session, model, CONFIG, job)
    target = folder / Path(urlsplit(weights.url).path).name
    _require_room(model, target, weights)
    fetch(session, config, folder / CONFIG, Job(job.cancel, clock=job.clock, wait=job.wait))
    fetch(session, weights, target, job)
    return target


def _weights_on_hub(session: requests.Session, model: PublishedModel, job: Job) -> Remote:
    for name in WEIGHTS:
        try:
            return _on_hub(session, model, name, job)
        except DownloadError as error:
            if error.status != requests.codes.not_found or name == WEIGHTS[-1]:
                raise
    raise AssertionError("the last name returns or raises")


def _on_hub(session: requests.Session, model: PublishedModel, name: str, job: Job) -> Remote:
    """What the hub says of a file of the model's repository."""
    from huggingface_hub.file_download import hf_hub_url

    headers, page = hub_headers(model.name), f"{endpoint()}/{model.repository}"
    url = hf_hub_url(model.repository, name, endpoint=endpoint())
    return patiently(lambda: _look(session, model.name, url, headers, page), model.name, url, job)


def endpoint() -> str:
    """The address of the hub, or of the mirror that stands in for it."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


def hub_headers(name: str) -> dict[str, str]:
    """The headers of a request to the hub, the person's token among them. Raises DownloadError offline."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_token

    if constants.HF_HUB_OFFLINE:
        raise DownloadError(f"{name} is on the hub, which HF_HUB_OFFLINE forbids to ask; unset it.")
    token = get_token()
    return {"User-Agent": _user_agent()} | ({"Authorization": f"Bearer {token}"} if token else {})


def _from_openai(session: requests.Session, model: PublishedModel, folder: Path, job: Job) -> Path:
    base = os.environ.get(OPENAI_VARIABLE, "").rstrip("/") or OPENAI_ADDRESS
    url = model.address.replace(OPENAI_ADDRESS, base)
    headers = {"User-Agent": _user_agent()}
    target = folder / model.file

    def look() -> Remote:
        return _look(session, model.name, url, headers, OPENAI_PAGE, model.sha256)

    remote = patiently(look, model.name, url, job)
    _require_room(model, target, remote)
    fetch(session, remote, target, job)
    return target


def _require_room(model: PublishedModel, target: Path, remote: Remote) -> None:
    missing = missing_bytes(target, remote)
    require_room(target.parent, missing + installed_bytes(model), model.name)


def _look(
    session: requests.Session, name: str, url: str, headers: Mapping[str, str], page: str, digest: str = ""
) -> Remote:
    """What the server says of a file: its size, and (unless it is known) its hash.

    The hub answers with a redirect to where big files lie, and says in X-Linked-… what is known of them.
    """
    at, sent = url, dict(headers)
    for _ in range(REDIRECTS):
        answer = session.head(
            at, headers={**sent, "Accept-Encoding": "identity"}, allow_redirects=False, timeout=TIMEOUT
        )
        raise_for(answer, page)
        if not answer.is_redirect or "X-Linked-Etag" in answer.headers:
            break
        before, at = at, urljoin(at, answer.headers["Location"])
        if urlsplit(before).netloc != urlsplit(at).netloc:
            sent.pop("Authorization", None)
    size = answer.headers.get("X-Linked-Size") or answer.headers.get("Content-Length", "")
    digest = digest or digest_of(answer.headers.get("X-Linked-Etag") or answer.headers.get("ETag", ""))
    if not digest or not size.isdecimal():
        raise FaultError(UNSAID)
    return Remote(name, url, int(size), digest, headers, page)


def digest_of(etag: str) -> str:
    """The hash in an ETag of the hub: sha256 of big files, git's sha1 of others; empty for anything else."""
    text = etag.removeprefix("W/").strip('"').lower()
    return text if re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{40}", text) else ""


def _user_agent() -> str:
    return f"photoclip/{photoclip.__version__}"
