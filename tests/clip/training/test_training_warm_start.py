from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from photoclip.clip.model import CLIP
from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.training import distill, join, train
from photoclip.clip.training.warm_start import take_apart
from tests.clip.training.training_pictures import CONFIG, network

TEXT_DIM = 20
TEXTS = [f"{number} {thing} in the {place}" for number in range(9) for thing in ("cat", "red sled", "old car")
         for place in ("snow", "city", "night sky")]  # fmt: skip


def test_a_joined_model_comes_apart_into_the_towers_it_was_made_of() -> None:
    torch.manual_seed(0)
    student = train.Student(network()[0], TEXT_DIM).eval()
    torch.nn.init.orthogonal_(student.text_map.weight)
    tower = distill.text_tower(CONFIG, TEXT_DIM).eval()
    tokens = load_tokenizer(CONFIG.text.vocab_size, CONFIG.text.context_length)(TEXTS, truncate=True)
    with torch.inference_mode():
        vectors = F.normalize(tower.encode_text(tokens), dim=-1)
    model = join.joined(CONFIG, student.state_dict(), tower.state_dict())
    expected = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    found = take_apart(model, CONFIG, TEXTS, vectors.numpy().astype(np.float16), seed=0)

    again = train.Student(network()[0], TEXT_DIM)
    again.load_state_dict(found.student)
    other = CLIP(CONFIG)
    other.load_state_dict(expected)
    tower.load_state_dict({**tower.state_dict(), **found.text})
    with torch.inference_mode():
        joint = F.normalize(other.encode_text(tokens), dim=-1)
        assert F.cosine_similarity(again.text(vectors), joint).min() > 0.98
        assert F.cosine_similarity(tower.encode_text(tokens), vectors).min() > 0.98
    assert torch.equal(again.visual.conv_stem.weight, other.visual.conv_stem.weight)
    assert again.logit_scale == other.logit_scale
