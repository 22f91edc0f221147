"""Training of the image tower's later part against frozen text vectors.

Five losses share one linear map W of the text vectors into the joint space (folded into the text tower at
the end): pictures against the texts of the batch (symmetric InfoNCE, pictures of one meaning are no
negatives of each other), pictures against all class names, captioned pictures against all captioned
pictures' captions, what the untouched network saw, as soft labels over the 1,000 ImageNet names, and the
plain distance between a picture and its text. The last one puts pictures where words lie that no picture
had: telling known texts apart does not ask for it.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photoclip.clip.efficientnet import EfficientNetLite
from photoclip.clip.training import backbone
from photoclip.clip.training.labels import NO_CLASS
from photoclip.clip.training.local_sgd import Peers
from photoclip.clip.training.mixture import Batch, Mixture

Log = Callable[[str], None]


@dataclass(frozen=True)
class Schedule:
    """Learning follows the share of `minutes` spent, so a run ends in time on a slow or busy machine too."""

    minutes: float
    batch: int = 256
    peak: float = 1e-3
    trained_peak: float = 4e-4  # of what ImageNet has taught already
    warmup: float = 0.02
    decay: float = 0.05
    save_every: float = 180.0  # seconds

    def rate(self, share: float) -> float:
        """The factor of the peak learning rates: up for `warmup`, then down along a cosine."""
        if share < self.warmup:
            return share / self.warmup
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (share - self.warmup) / (1 - self.warmup))))


@dataclass(frozen=True)
class Targets:
    """Unit text vectors: of all texts [T, 384], of the class names [C, 384], of the teacher's names [1000,
    384]."""

    texts: Tensor
    names: Tensor
    teacher: Tensor


class Student(nn.Module):
    """The image tower, the map of the text vectors into the joint space, and the temperature."""

    def __init__(self, tower: EfficientNetLite, text_dim: int) -> None:
        super().__init__()
        self.visual = tower
        self.text_map = nn.Linear(text_dim, tower.proj.out_features, bias=False)
        nn.init.eye_(self.text_map.weight)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(20.0)))

    def image(self, maps: Tensor) -> Tensor:
        """What the trunk says of views [B, C, G, G] to embeddings [B, E]."""
        return self.visual.pool(self.visual.late(maps, backbone.TRUNK))

    def text(self, vectors: Tensor) -> Tensor:
        return F.normalize(self.text_map(vectors.float()), dim=-1)


def losses(
    student: Student, image: Tensor, batch: Batch, targets: Targets, captions: Tensor
) -> dict[str, Tensor]:
    """The five losses for unit image vectors [B, E]; `captions` [P, 384] is one caption of each captioned
    picture."""
    scale = student.logit_scale.exp().clamp(max=100.0)
    texts = student.text(targets.texts[batch.texts])
    logits = scale * image @ texts.T  # [B, B]
    same = (batch.groups[:, None] == batch.groups[None]).float()
    same = same / same.sum(1, keepdim=True)
    found = {"pairs": (F.cross_entropy(logits, same) + F.cross_entropy(logits.T, same)) / 2}
    if (named := batch.classes != NO_CLASS).any():
        found["names"] = (
            F.cross_entropy(
                scale * image[named] @ student.text(targets.names).T,
                batch.classes[named],
                label_smoothing=0.05,
            )
            * named.float().mean()
        )
    if (told := batch.captions != NO_CLASS).any():
        found["captions"] = (
            F.cross_entropy(scale * image[told] @ student.text(captions).T, batch.captions[told])
            * told.float().mean()
        )
    answers = F.log_softmax(scale * image @ student.text(targets.teacher).T, dim=-1)
    chosen = answers.gather(1, batch.teacher_classes)
    found["teacher"] = -(batch.teacher_probabilities * chosen).sum(1).mean()
    found["distance"] = 1 - (image * texts).sum(1).mean()
    return found


WEIGHTS = {"pairs": 1.0, "names": 1.0, "captions": 1.0, "teacher": 1.5, "distance": 5.0}


class Run:
    """One training run: its state lives in `folder`/state.pt, and a killed run goes on from there."""

    def __init__(
        self,
        folder: Path,
        tower: EfficientNetLite,
        mixture: Mixture,
        targets: Targets,
        schedule: Schedule,
        device: torch.device,
        start: dict[str, Tensor] | None = None,
        peers: Peers | None = None,
    ) -> None:
        """`tower` is trained; `start` is a whole student's state to begin with. Of several `peers` the first
        keeps the state."""
        self.peers = peers or Peers()
        self.folder, self.mixture, self.schedule, self.device = (
            folder,
            mixture,
            schedule,
            device,
        )
        self.targets = Targets(targets.texts.to(device), targets.names.to(device), targets.teacher.to(device))
        torch.manual_seed(mixture.seed)
        self.student = Student(tower, targets.texts.shape[1]).to(device)
        if start is not None:
            self.student.load_state_dict(start)
        self.student.visual.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.student).eval()
        self.optimizers = optimizers(self.student, schedule)
        self.step, self.seconds = 0, 0.0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "state.pt").is_file():
            self._resume()

    def _resume(self) -> None:
        state: dict[str, Any] = torch.load(
            self.folder / "state.pt", map_location=self.device, weights_only=True
        )
        self.student.load_state_dict(state["student"])
        self.average.load_state_dict(state["average"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self) -> None:
        """All or nothing, so that a kill in the middle costs minutes and not the run."""
        if self.peers.rank != 0:
            return
        unfinished = self.folder / "state.part"
        torch.save(
            {
                "student": self.student.state_dict(),
                "average": self.average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "step": self.step,
                "seconds": self.seconds,
                "schedule": asdict(self.schedule),
            },
            unfinished,
        )
        unfinished.replace(self.folder / "state.pt")

    def train(self, log: Log, stop_at: float = 1.0) -> None:
        """Trains until `stop_at` of the schedule is spent."""
        saved, told = time.monotonic(), 0.0
        log(f"step {self.step}, {self.seconds:.0f} s spent")
        while (share := self.seconds / (60 * self.schedule.minutes)) < stop_at or self.peers.between_meetings:
            begun = time.monotonic()
            found = self.train_step(share)
            self.seconds += time.monotonic() - begun
            self.peers.stepped()
            if self.peers.meeting_due():
                self.peers.average(self.student)
                self.seconds = self.peers.agree(self.seconds)
            if self.seconds - told > 30:
                told = self.seconds
                log(
                    f"{self.step} {share:.3f} "
                    + " ".join(f"{name} {value:.3f}" for name, value in found.items())
                    + f" scale {self.student.logit_scale.exp().item():.1f}"
                    + f" {self.schedule.batch / (time.monotonic() - begun):.0f}/s"
                )
            if time.monotonic() - saved > self.schedule.save_every:
                self.save()
                saved = time.monotonic()
        self.save()

    def train_step(self, share: float) -> dict[str, float]:
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * self.schedule.rate(share)
        batch = self.mixture.batch(self.step, self.schedule.batch)
        batch = Batch(*(tensor.to(self.device) for tensor in vars(batch).values()))
        self.student.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            image = self.student.image(batch.maps)
        found = losses(
            self.student, F.normalize(image.float(), dim=-1), batch, self.targets, self._captions()
        )
        total = sum(
            (WEIGHTS[name] * value for name, value in found.items()), torch.zeros((), device=self.device)
        )
        total.backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        self._update_average()
        return {name: value.item() for name, value in found.items()}

    def _captions(self) -> Tensor:
        """One caption of each captioned picture, another every step."""
        random = np.random.default_rng((self.mixture.seed, 1, self.step))
        rows = [int(rows[random.integers(len(rows))]) for rows in self.mixture.labels.caption_rows]
        return self.targets.texts[torch.tensor(rows, device=self.device)]

    def _update_average(self) -> None:
        decay = min(0.998, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(
                self.average.state_dict().values(), self.student.state_dict().values(), strict=True
            ):
                if kept.is_floating_point():
                    kept.lerp_(new, 1 - decay)
                else:
                    kept.copy_(new)


def optimizers(student: Student, schedule: Schedule) -> list[torch.optim.Optimizer]:
    """AdamW; every group knows its `peak` rate. What does not learn is left out."""
    new = [*student.visual.proj.parameters(), *student.text_map.parameters(), student.logit_scale]
    taken = {id(parameter) for parameter in new}
    trained = [parameter for parameter in backbone.learning(student.visual) if id(parameter) not in taken]
    for parameter in student.visual.parameters():
        parameter.requires_grad_(id(parameter) in taken)
    for parameter in trained:
        parameter.requires_grad_(True)
    groups = [{**group, "peak": schedule.trained_peak} for group in decayed(trained, schedule.decay)]
    groups += [{**group, "peak": schedule.peak} for group in decayed(new, schedule.decay)]
    return [torch.optim.AdamW(groups, lr=schedule.peak, betas=(0.9, 0.98))]


def decayed(parameters: list[nn.Parameter], decay: float) -> list[dict[str, Any]]:
    """Weight decay for matrices only."""
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
