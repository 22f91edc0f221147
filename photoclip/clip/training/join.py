"""Both towers made one CLIP, and the text tower fitted to what the image tower really sees."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
from photoclip.clip.training.labels import NO_CLASS, Labels
from photoclip.clip.training.packing import Pack
from photoclip.clip.training.texts import TEMPLATES
from photoclip.clip.zeroshot import default_templates

STEPS = 300
BATCH = 256
TOLD = 128  # captioned pictures among a batch's
RATE = 2e-4
KEEP = 10.0
SMOOTHING = 0.05
PER_CLASS = 40  # pictures of a class whose vectors are computed


@dataclass(frozen=True)
class Seen:
    """Training pictures as the finished image tower sees them."""

    vectors: Tensor  # float32 [N, E], unit
    words: list[NDArray[np.int64]]  # N times the rows of the texts that fit
    classes: NDArray[np.int64]  # [N], a row of the class names or NO_CLASS for captioned pictures


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
    labels: Labels,
    texts: Sequence[str],
    log: Callable[[str], None],
    *,
    seed: int,
    steps: int = STEPS,
    batch: int = BATCH,
) -> None:
    """Trains the text tower alone, briefly, to find training pictures by their captions (InfoNCE) and by
    their class names among all names, against pictures whose vectors are fixed. Both kinds of text, and
    others, are held near their distilled vectors."""
    seen = _look(model, config, labels)
    fit = _Fit(model, config, labels.names, texts, seen, np.random.default_rng(seed))
    for step in range(steps):
        fit.rate(RATE * min(1.0, (step + 1) / 20) * (1 - step / steps))
        found = fit.step(batch)
        if step % 20 == 0:
            log(f"fit {step} " + " ".join(f"{name} {value:.4f}" for name, value in found.items()))


class _Fit:
    """The text tower in training; what it said before is what it is held near to."""

    def __init__(
        self,
        model: CLIP,
        config: CLIPConfig,
        names: Sequence[str],
        texts: Sequence[str],
        seen: Seen,
        random: np.random.Generator,
    ) -> None:
        self.model, self.before, self.texts, self.seen, self.random = (
            model,
            copy.deepcopy(model).eval(),
            texts,
            seen,
            random,
        )
        self.tokenizer = load_tokenizer(config.text.vocab_size, config.text.context_length)
        self.named = np.flatnonzero(seen.classes != NO_CLASS)
        self.told = np.flatnonzero(seen.classes == NO_CLASS)
        sentences = [*default_templates(), *TEMPLATES]
        self.names = [[sentence.replace("{}", name) for name in names] for sentence in sentences]
        self.scale = model.logit_scale.exp().item()
        trained = [
            parameter
            for name, parameter in model.named_parameters()
            if not name.startswith("visual.") and name != "logit_scale"
        ]
        self.optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=0.0)

    def rate(self, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def step(self, batch: int) -> dict[str, float]:
        losses: dict[str, Tensor] = {}
        drifts: list[Tensor] = []
        if len(self.named):
            losses["names"] = self._names_loss(batch, drifts)
        if len(self.told):
            losses["captions"] = self._captions_loss(min(TOLD, batch), drifts)
        drift = torch.stack(drifts).mean()
        total = torch.stack([*losses.values(), KEEP * drift]).sum()
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        self.optimizer.step()
        return {name: loss.item() for name, loss in {**losses, "drift": drift}.items()}

    def _names_loss(self, count: int, drifts: list[Tensor]) -> Tensor:
        """Pictures of classes against all class names, in one sentence for all."""
        rows = self.random.choice(self.named, min(count, len(self.named)), replace=False)
        names = self._say(self.names[self.random.integers(len(self.names))], drifts)
        classes = torch.from_numpy(self.seen.classes[rows]).to(names.device)
        logits = self.scale * self.seen.vectors[torch.from_numpy(rows)] @ names.T
        return F.cross_entropy(logits, classes, label_smoothing=SMOOTHING)

    def _captions_loss(self, count: int, drifts: list[Tensor]) -> Tensor:
        """Captioned pictures against one another's captions; other texts come along to be held."""
        rows = self.random.choice(self.told, min(count, len(self.told)), replace=False)
        captions = [self.texts[self.random.choice(self.seen.words[row])] for row in rows]
        others = self.random.choice(len(self.texts), min(count // 4, len(self.texts)), replace=False)
        found = self._say([*captions, *(self.texts[row] for row in others)], drifts)[: len(rows)]
        logits = self.scale * self.seen.vectors[torch.from_numpy(rows)] @ found.T
        own = torch.arange(len(rows), device=logits.device)
        return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2

    def _say(self, texts: Sequence[str], drifts: list[Tensor]) -> Tensor:
        """Unit vectors [N, E] of texts; how far they moved goes into `drifts`."""
        tokens = self.tokenizer(texts, truncate=True).to(self.model.device)
        found = _unit_texts(self.model, tokens)
        with torch.no_grad():
            anchors = _unit_texts(self.before, tokens)
        drifts.append(1 - (found * anchors).sum(1).mean())
        return found


def _unit_texts(model: CLIP, tokens: Tensor) -> Tensor:
    with torch.autocast(tokens.device.type, torch.bfloat16):
        vectors = model.encode_text(tokens)
    return F.normalize(vectors.float(), dim=-1)


def _look(model: CLIP, config: CLIPConfig, labels: Labels) -> Seen:
    """Every captioned picture and some of every class."""
    size = config.vision.image_size
    normalize = Normalize(config, model.device, torch.float32)
    random = np.random.default_rng(0)
    vectors: list[Tensor] = []
    words: list[NDArray[np.int64]] = []
    classes: list[int] = []
    for number, pack in enumerate(labels.packs):
        indices = _chosen(pack, random)
        for start in range(0, len(indices), 64):
            part = indices[start : start + 64]
            x = normalize(np.stack([centre(pack.picture(index), size) for index in part]))
            with torch.inference_mode(), torch.autocast(x.device.type, torch.bfloat16):
                vectors.append(F.normalize(model.encode_image(x).float(), dim=-1))
        chosen = pack.labels[indices]
        classes += labels.class_rows[number][chosen].tolist()
        words += [labels.text_rows[number][label] for label in chosen]
    return Seen(torch.cat(vectors).clone(), words, np.array(classes))


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
