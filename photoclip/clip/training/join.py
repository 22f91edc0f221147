"""Both towers made one CLIP, and the text tower fitted to what the image tower really sees."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from photoclip.clip.config import CLIPConfig
from photoclip.clip.efficientnet import EfficientNetLite
from photoclip.clip.model import CLIP
from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.training import backbone
from photoclip.clip.training.labels import NO_CLASS
from photoclip.clip.training.mixture import Mixture
from photoclip.clip.training.packing import Pack
from photoclip.clip.training.sets import imagenet_names
from photoclip.clip.training.texts import TEMPLATES
from photoclip.clip.training.views import Views
from photoclip.clip.zeroshot import default_templates

STEPS = 240
BATCH = 256
TOLD = 128  # captioned pictures among a batch's
RATE = 2e-4
KEEP = 10.0
SMOOTHING = 0.05
PER_CLASS, PER_CAPTIONED = 60, 2  # views of a class, and of a captioned picture
BACK = 0.5  # share of the way back to what the tower said before, after it was fitted
IMAGENET_TURNS = 0.5  # share of the steps in which ImageNet's names stand in for the class names


@dataclass(frozen=True)
class Seen:
    """Views of training pictures as the finished image tower sees them."""

    vectors: Tensor  # float32 [N, E], unit
    words: list[NDArray[np.int64]]  # N times the rows of the texts that fit
    classes: NDArray[np.int64]  # [N], a row of the class names or NO_CLASS for captioned pictures
    imagenet: tuple[
        Tensor, Tensor
    ]  # int64 and float32 [N, K]: what the untouched network saw, and how surely


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
    """Trains the text tower alone, briefly, to find views of training pictures by their captions (InfoNCE)
    and by their class names among all names, in turn with ImageNet's names, against vectors that are fixed.
    All kinds of text, and others, are held near their distilled vectors. What comes out lies half-way
    between the weights before and after (Wortsman et al., 2022): better for what no picture showed."""
    seen = _look(model, mixture)
    fit = _Fit(model, config, mixture.labels.names, texts, seen, np.random.default_rng(seed))
    for step in range(steps):
        fit.rate(RATE * min(1.0, (step + 1) / 20) * (1 - step / steps))
        found = fit.step(batch)
        if step % 20 == 0:
            log(f"fit {step} " + " ".join(f"{name} {value:.4f}" for name, value in found.items()))
    fit.go_back(BACK)


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
        self.names, self.imagenet = (
            [[sentence.replace("{}", name) for name in kind] for sentence in sentences]
            for kind in (names, imagenet_names())
        )
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

    @torch.no_grad()
    def go_back(self, share: float) -> None:
        """Takes the weights back by `share` of the way to those at the beginning."""
        for after, before in zip(self.model.parameters(), self.before.parameters(), strict=True):
            after.lerp_(before, share)

    def step(self, batch: int) -> dict[str, float]:
        losses: dict[str, Tensor] = {}
        drifts: list[Tensor] = []
        if self.random.random() < IMAGENET_TURNS:
            losses["imagenet"] = self._imagenet_loss(batch, drifts)
        elif len(self.named):
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

    def _imagenet_loss(self, count: int, drifts: list[Tensor]) -> Tensor:
        """Any views against ImageNet's names, as the untouched network answered."""
        rows = torch.from_numpy(self.random.integers(len(self.seen.classes), size=count))
        names = self._say(self.imagenet[self.random.integers(len(self.imagenet))], drifts)
        answers = F.log_softmax(self.scale * self.seen.vectors[rows] @ names.T, dim=-1)
        classes, probabilities = (part[rows].to(answers.device) for part in self.seen.imagenet)
        return -(probabilities * answers.gather(1, classes)).sum(1).mean()

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
    with sdpa_kernel(SDPBackend.MATH), torch.autocast(tokens.device.type, torch.bfloat16):
        vectors = model.encode_text(tokens)
    return F.normalize(vectors.float(), dim=-1)


def _look(model: CLIP, mixture: Mixture) -> Seen:
    """Some views of every captioned picture and of every class."""
    labels, random = mixture.labels, np.random.default_rng(0)
    vectors: list[Tensor] = []
    words: list[NDArray[np.int64]] = []
    classes: list[int] = []
    asked: list[tuple[NDArray[np.int16], NDArray[np.float16]]] = []
    for number, (pack, views) in enumerate(zip(labels.packs, mixture.views, strict=True)):
        rows = _chosen(pack, views, random)
        vectors += [_vectors(model, views, rows[start : start + 64]) for start in range(0, len(rows), 64)]
        shown = pack.labels[views.pictures[rows]]
        classes += labels.class_rows[number][shown].tolist()
        words += [labels.text_rows[number][label] for label in shown]
        asked.append((views.classes[rows], views.probabilities[rows]))
    imagenet = tuple(torch.from_numpy(np.concatenate(parts)) for parts in zip(*asked, strict=True))
    return Seen(torch.cat(vectors), words, np.array(classes), (imagenet[0].long(), imagenet[1].float()))


@torch.no_grad()
def _vectors(model: CLIP, views: Views, rows: NDArray[np.int64]) -> Tensor:
    """Unit vectors [N, E] of views."""
    assert isinstance(model.visual, EfficientNetLite)
    maps = torch.from_numpy(views.maps[rows] * views.scale[:, None, None])
    maps = maps.to(model.device, memory_format=torch.channels_last)
    with torch.autocast(maps.device.type, torch.bfloat16):
        found = model.visual.pool(model.visual.late(maps, backbone.TRUNK))
    return F.normalize(found.float(), dim=-1)


def _chosen(pack: Pack, views: Views, random: np.random.Generator) -> NDArray[np.int64]:
    """Rows of views, at most PER_CAPTIONED of a captioned picture and PER_CLASS of a class."""
    shown = pack.labels[views.pictures]
    most = PER_CAPTIONED if pack.kind == "caption" else PER_CLASS
    order = random.permutation(len(shown))
    by_label = order[np.argsort(shown[order], kind="stable")]
    first = np.searchsorted(shown[by_label], shown[by_label])
    return np.asarray(by_label[np.arange(len(order)) - first < most])
