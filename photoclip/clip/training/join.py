"""Both towers made one CLIP, and the text tower fitted to what the image tower really sees."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from photoclip.clip.config import CLIPConfig
from photoclip.clip.model import CLIP
from photoclip.clip.preprocess import Normalize
from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.training.mixture import NO_CLASS, Mixture
from photoclip.clip.training.packing import Pack

STEPS = 150
BATCH = 256
RATE = 2e-4
KEEP = 10.0
PER_CLASS = 10  # pictures of a class whose vectors are computed


def joined(config: CLIPConfig, student: dict[str, Tensor], text: dict[str, Tensor]) -> CLIP:
    """One CLIP from a trained `train.Student` and a distilled text tower: the map between their spaces is
    folded into the text projection."""
    model = CLIP(config)
    state = {name: tensor for name, tensor in student.items() if name.startswith("visual.")}
    state |= {name: tensor for name, tensor in text.items() if not name.startswith("visual.")}
    state["text_projection"] = text["text_projection"] @ student["text_map.weight"].T
    state["logit_scale"] = student["logit_scale"]
    model.load_state_dict(state)
    return model.eval()


def fit_text(
    model: CLIP,
    config: CLIPConfig,
    mixture: Mixture,
    texts: Sequence[str],
    log: Callable[[str], None],
    *,
    seed: int,
    steps: int = STEPS,
    batch: int = BATCH,
) -> None:
    """Trains the text tower alone, briefly, to find training pictures by their captions and names (InfoNCE
    against pictures whose vectors are fixed), held near its distilled vectors by a second loss."""
    images, words, meanings = _pairs(model, config, mixture)
    tokenizer = load_tokenizer(config.text.vocab_size, config.text.context_length)
    before = copy.deepcopy(model)
    trained = [
        parameter
        for name, parameter in model.named_parameters()
        if not name.startswith("visual.") and name != "logit_scale"
    ]
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=0.0)
    random = np.random.default_rng(seed)
    scale = model.logit_scale.exp().item()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 20) * (1 - step / steps)
        rows = random.choice(len(images), batch, replace=False)
        chosen = np.array([random.choice(words[row]) for row in rows])
        further = random.choice(len(texts), batch // 4, replace=False)
        tokens = tokenizer([texts[row] for row in (*chosen, *further)], truncate=True).to(model.device)
        found = _unit_texts(model, tokens)
        with torch.no_grad():
            anchors = _unit_texts(before, tokens)
        image = images[torch.from_numpy(rows)]
        alike = torch.from_numpy(meanings[rows][:, None] == meanings[rows][None]).to(image.device)
        target = alike.float() / alike.sum(1, keepdim=True)
        logits = scale * image @ found[:batch].T
        pairs = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
        kept = 1 - (found * anchors).sum(1).mean()
        optimizer.zero_grad(set_to_none=True)
        (pairs + KEEP * kept).backward()
        optimizer.step()
        if step % 20 == 0:
            log(f"fit {step} pairs {pairs.item():.3f} drift {kept.item():.4f}")


def _unit_texts(model: CLIP, tokens: Tensor) -> Tensor:
    with torch.autocast(tokens.device.type, torch.bfloat16):
        vectors = model.encode_text(tokens)
    return F.normalize(vectors.float(), dim=-1)


def _pairs(
    model: CLIP, config: CLIPConfig, mixture: Mixture
) -> tuple[Tensor, list[NDArray[np.int64]], NDArray[np.int64]]:
    """Unit vectors of every captioned picture and of some of every class, the rows of their texts, and a
    number that pictures of one meaning share."""
    size = config.vision.image_size
    normalize = Normalize(config, model.device, torch.float32)
    random = np.random.default_rng(0)
    vectors: list[Tensor] = []
    words: list[NDArray[np.int64]] = []
    meanings: list[int] = []
    for number, pack in enumerate(mixture.packs):
        indices = _chosen(pack, random)
        for start in range(0, len(indices), 64):
            part = indices[start : start + 64]
            pixels = np.stack([centre(pack.picture(index), size) for index in part])
            x = normalize(pixels)
            with torch.inference_mode(), torch.autocast(x.device.type, torch.bfloat16):
                vectors.append(F.normalize(model.encode_image(x).float(), dim=-1))
            for label in (int(pack.labels[index]) for index in part):
                meaning = int(mixture.class_rows[number][label])
                words.append(mixture.text_rows[number][label])
                meanings.append(meaning if meaning != NO_CLASS else NO_CLASS - 1 - label)
    return torch.cat(vectors).clone(), words, np.array(meanings)


def _chosen(pack: Pack, random: np.random.Generator) -> list[int]:
    if pack.kind == "caption":
        return list(range(len(pack)))
    chosen: list[int] = []
    for label in range(len(pack.texts)):
        own = np.flatnonzero(pack.labels == label)
        chosen += random.permutation(own)[:PER_CLASS].tolist()
    return chosen


def centre(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The picture's centre square, [size, size, 3]."""
    height, width = picture.shape[:2]
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    return np.asarray(
        Image.fromarray(picture).resize(
            (size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)
        )
    )
