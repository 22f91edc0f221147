"""Small random CLIPs as fixtures, one thread for all of them (the models are tiny), and a hub on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from photoclip.clip.config import CLIPConfig
from photoclip.clip.model import CLIP
from tests.clip.hub_server import Hub, serving
from tests.clip.small_models import SMALL, random_model


@pytest.fixture(params=list(SMALL))
def config(request: pytest.FixtureRequest) -> CLIPConfig:
    return SMALL[request.param]


@pytest.fixture
def model(config: CLIPConfig) -> CLIP:
    return random_model(config)


@pytest.fixture(autouse=True)
def single_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that everything is asked of: no test goes to the network, or shows anybody's token."""
    from huggingface_hub import constants

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nonexistent/token")
    with serving() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.address)
        monkeypatch.setenv("PHOTOCLIP_OPENAI_ADDRESS", f"{served.address}/openai")
        yield served
