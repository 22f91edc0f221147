"""Contrastive training of both towers, or one, on pictures with captions.

Symmetric InfoNCE with a learned temperature (Radford et al., 2021, section 2.3) over batches whose memory is
that of a chunk (`gradcache`), in which a caption that fits several pictures is a negative of none of them.
What a step draws depends on the seed and the step alone, so a run that was killed and goes on ends with the
weights of one that was not; unless its length is in minutes, since then the learning rate follows the clock.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from photoclip.clip.batches import free_cached_memory, is_out_of_memory
from photoclip.clip.config import CLIPConfig
from photoclip.clip.loss import clamp_logit_scale, clip_loss
from photoclip.clip.model import CLIP
from photoclip.clip.training import validation
from photoclip.clip.training.captions import Captions, distinct
from photoclip.clip.training.draws import Draws
from photoclip.clip.training.gradcache import Tower, backward
from photoclip.clip.training.train import decayed
from photoclip.errors import Cancelled, PhotoClipError

STATE, LOG = "state.pt", "log.jsonl"
TOLD_EVERY = 10.0  # seconds between two lines about the loss

Say = Callable[[str], None]
Row = TypeVar("Row")


@dataclass(frozen=True)
class Settings:
    """How a run learns. Those of `FREE` may be others when it goes on, the rest may not."""

    steps: int = 1000
    minutes: float = math.inf  # of steps; the run ends with whichever comes first
    batch: int = 256  # pairs that are compared with each other in a step
    chunk: int = 32  # pairs whose activations are in memory at a time
    peak: float = 1e-5  # the learning rate after the warm-up
    warmup: float = 0.05  # of the steps
    decay: float = 0.1  # AdamW's, of matrices only
    freeze: Literal["image", "text", "none"] = "none"
    freeze_batch_norm: bool = True  # keeps the statistics; a model from scratch has none to keep
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    seed: int = 0
    validate_every: int = 100  # steps
    validate_minutes: float = math.inf  # or so long after the last time, whichever comes first
    save_minutes: float = 5.0

    def share(self, step: int, seconds: float) -> float:
        """How much of the run is done after so many steps, which took so long: from 1 on, all of it."""
        return max(step / self.steps, seconds / (60 * self.minutes))

    def rate(self, share: float) -> float:
        """The learning rate after this share of the run: up along a line, then down along a cosine."""
        if share < self.warmup:
            return self.peak * min(1.0, (share + 1 / self.steps) / self.warmup)
        return self.peak * 0.5 * (1 + math.cos(math.pi * (share - self.warmup) / (1 - self.warmup)))


FREE = frozenset({"chunk", "validate_every", "validate_minutes", "save_minutes"})


class AnotherRun(PhotoClipError):
    """The state that a run was to go on from was begun with other settings or data."""


class Run:
    """One training of `model`, in place: its state lives in `folder`/state.pt, its figures in log.jsonl."""

    def __init__(
        self,
        folder: Path,
        model: CLIP,
        config: CLIPConfig,
        data: Captions,
        settings: Settings,
        device: torch.device,
    ) -> None:
        """Goes on from the state in `folder` where there is one, whatever `model` holds.

        Raises AnotherRun for a state that was begun with other settings or data, PhotoClipError for a
        damaged one.
        """
        self.folder, self.model, self.config, self.data = folder, model.to(device), config, data
        self.settings, self.device = settings, device
        self.draws = Draws(data.training, config, settings.batch, settings.seed)
        self.trained = self._freeze()
        self.optimizer = torch.optim.AdamW(
            decayed(self.trained, settings.decay), lr=settings.peak, betas=(0.9, 0.98), eps=1e-6
        )
        self.step, self.seconds = 0, 0.0  # done, and what they took
        self.chunk = settings.chunk
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / STATE).is_file():
            self._resume()
        self._cut_log()

    @property
    def share(self) -> float:
        """How much of the run is done: 1 is all of it."""
        return min(1.0, self.settings.share(self.step, self.seconds))

    def train(
        self, say: Say, stop_at: int | None = None, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Trains to the end, or to the step `stop_at`, and keeps the state.

        Raises Cancelled after the step in which `stopped()` said so, and PhotoClipError when the loss is no
        number any more, or a picture cannot be read; the state that was kept last is then as good as it was.
        """
        saved = told = judged = time.monotonic()
        if self.step == 0:
            self.judge(say)
        while self.share < 1 and self.step != stop_at:
            if stopped():
                self.save()
                raise Cancelled(f"Stopped at {self.share:.0%}; the same command goes on from there.")
            figures = self.train_step()
            now, last = time.monotonic(), self.share == 1
            if last or now - told > TOLD_EVERY:
                told = now
                self._tell(say, figures)
            due = now - judged > 60 * self.settings.validate_minutes
            if last or due or self.step % self.settings.validate_every == 0:
                judged = now
                self.judge(say)
            if now - saved > 60 * self.settings.save_minutes:
                self.save()
                saved = now
        self.save()

    def train_step(self) -> dict[str, float]:
        """One update of the weights; its loss, temperature and learning rate."""
        begun = time.monotonic()
        rate = self.settings.rate(self.share)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self._learning_mode()
        loss = self._backward(*(part.to(self.device) for part in self.draws.batch(self.step)))
        norm = nn.utils.clip_grad_norm_(self.trained, 1.0)
        if not (loss.isfinite() and norm.isfinite()):  # before the weights are touched
            raise self._diverged()
        self.optimizer.step()
        clamp_logit_scale(self.model)
        self.step += 1
        self.seconds += time.monotonic() - begun
        return {"loss": loss.item(), "scale": self.model.logit_scale.exp().item(), "rate": rate}

    def _backward(self, images: Tensor, tokens: Tensor, fits: Tensor) -> Tensor:
        """The loss of a batch, its gradients left in the parameters; in smaller chunks if memory runs out."""
        towers = [
            Tower(lambda part: self._encode(self.model.encode_image, images[part]), self._learns("image")),
            Tower(lambda part: self._encode(self.model.encode_text, tokens[part]), self._learns("text")),
        ]

        def loss_of(image: Tensor, text: Tensor) -> Tensor:
            return clip_loss(image, text, self.model.logit_scale.exp(), fits)

        while True:
            self.optimizer.zero_grad(set_to_none=True)
            try:
                with self._own_random_numbers():
                    return backward(towers, loss_of, len(tokens), self.chunk, self.device)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.chunk == 1:
                    raise PhotoClipError("The memory does not hold even one picture of a batch.") from error
                self.chunk //= 2
            free_cached_memory()

    def judge(self, say: Say) -> None:
        """Tells and logs the figures on the validation pictures."""
        self._tell(say, self.validate())

    def validations(self) -> list[dict[str, float]]:
        """The figures that were logged when the validation pictures were judged, from the first on."""
        path = self.folder / LOG
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return [figures for figures in map(json.loads, lines) if "loss" not in figures]

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Recall both ways on the validation pictures, as shares of 1, and the zero-shot top-1 of those that
        have labels, among all labels; {} without such pictures."""
        held_out = self.data.validation
        if not held_out:
            return {}
        self.model.eval()
        images = torch.cat(
            [
                self._encode(self.model.encode_image, self.draws.plain(part).to(self.device))
                for part in _chunks(held_out, self.chunk)
            ]
        )
        texts = distinct(held_out)
        encoded = torch.cat([self._encode_texts(part) for part in _chunks(texts, self.chunk)])
        figures = validation.recall((encoded @ images.T).cpu(), validation.fitting(held_out, texts))
        names = self.data.labels()
        return figures | validation.zero_shot_top1(self._encode_texts, images, held_out, names, self.chunk)

    def save(self) -> None:
        """All or nothing, so that a kill in the middle costs minutes and not the run. Weights that are no
        numbers any more never replace good ones."""
        if not all(parameter.isfinite().all() for parameter in self.trained):
            raise self._diverged()
        unfinished = self.folder / f"{STATE}.part"
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "begun_as": self._begun_as(),
        }
        torch.save(state, unfinished)
        unfinished.replace(self.folder / STATE)

    def _resume(self) -> None:
        path = self.folder / STATE
        try:
            state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
            begun_as, now = state["begun_as"], self._begun_as()
            if changed := [name for name in now if begun_as.get(name) != now[name]]:
                raise AnotherRun(
                    f"The run in {self.folder} was begun with another {changed[0]}; "
                    "go on as it was begun, or use an empty folder."
                )
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]
        except PhotoClipError:
            raise
        except Exception as error:  # torch raises anything on a damaged file
            raise PhotoClipError(f"The run's state {path} cannot be read; use an empty folder.") from error

    def _begun_as(self) -> dict[str, Any]:
        """What must be the same for a run to go on."""
        kept = {name: value for name, value in asdict(self.settings).items() if name not in FREE}
        return {**kept, "model": self.config.to_json(), "set of pictures": self.data.digest()}

    def _cut_log(self) -> None:
        """Drops what a killed run logged after its last state: it will be logged again."""
        path = self.folder / LOG
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if self.step and _step_of(line) <= self.step]
            path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def _tell(self, say: Say, figures: dict[str, float]) -> None:
        if figures:
            shown = " ".join(_shown(*pair) for pair in figures.items())
            say(f"{self.share:.0%}, step {self.step}: {shown}")
            with (self.folder / LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps({"step": self.step, **figures}) + "\n")

    def _diverged(self) -> PhotoClipError:
        kept = f"{self.folder / STATE} keeps the last good state" if (self.folder / STATE).is_file() else ""
        return PhotoClipError(
            f"The loss is no number any more at step {self.step}; begin again with a smaller learning rate"
            + (f" ({kept})." if kept else ".")
        )

    def _learns(self, tower: str) -> bool:
        return self.settings.freeze != tower

    def _freeze(self) -> list[nn.Parameter]:
        """Marks what is to be trained, and returns it: the temperature always is."""
        for name, parameter in self.model.named_parameters():
            tower = "image" if name.startswith("visual.") else "text"
            parameter.requires_grad_(name == "logit_scale" or self._learns(tower))
        return [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    def _learning_mode(self) -> None:
        self.model.train()
        if self.settings.freeze_batch_norm or not self._learns("image"):
            for module in self.model.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    def _encode(self, encode: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
        """Unit vectors float32 [N, E]."""
        lower = self.settings.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=lower):
            features = encode(batch)
        return F.normalize(features.float(), dim=-1)

    def _encode_texts(self, texts: Sequence[str]) -> Tensor:
        tokens = self.draws.tokenizer(list(texts), truncate=True).to(self.device)
        return self._encode(self.model.encode_text, tokens)

    @contextmanager
    def _own_random_numbers(self) -> Iterator[None]:
        """torch's random numbers as a function of the seed and the step, for a tower that draws any."""
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(self.settings.seed * 1_000_003 + self.step)
            yield


def scratch(config: CLIPConfig, seed: int) -> CLIP:
    """A CLIP with random weights; the same seed gives the same ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CLIP(config)


def _chunks(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _step_of(line: str) -> float:
    """The step of a line of the log; a line that a kill cut short belongs to no step that counts."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf


def _shown(name: str, value: float) -> str:
    return f"{name} {value:.3g}"
