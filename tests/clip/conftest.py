"""Small random CLIPs as fixtures, and one thread for all of them: the models are tiny."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from photoclip.clip.config import CLIPConfig
from photoclip.clip.model import CLIP
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
