"""What weights cannot tell, as data: the shape of a CLIP and the preprocessing it was trained with."""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from photoclip.errors import ModelError

Activation = Literal["quick_gelu", "gelu"]
Resize = Literal["shortest", "squash"]
Interpolation = Literal["bicubic", "bilinear"]

OPENAI_MEAN = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD = (0.26862954, 0.26130258, 0.27577711)

T = TypeVar("T")


@dataclass(frozen=True)
class ViTConfig:
    """A Vision Transformer on patches of `patch_size` pixels."""

    image_size: int
    patch_size: int
    width: int
    layers: int
    heads: int


@dataclass(frozen=True)
class ResNetConfig:
    """A ModifiedResNet: a stem, four stages of bottlenecks, attention pooling with `heads`."""

    image_size: int
    layers: tuple[int, int, int, int]
    width: int
    heads: int


@dataclass(frozen=True)
class EfficientNetConfig:
    """An EfficientNet-Lite, `width` times as wide and `depth` times as deep as the smallest."""

    image_size: int
    width: float
    depth: float


VisionConfig = ViTConfig | ResNetConfig | EfficientNetConfig
TOWERS: dict[str, type[ViTConfig] | type[ResNetConfig] | type[EfficientNetConfig]] = {
    "vit": ViTConfig,
    "resnet": ResNetConfig,
    "efficientnet-lite": EfficientNetConfig,
}
"""Image towers by what a config's "vision.kind" calls them."""


@dataclass(frozen=True)
class TextConfig:
    """The causal text Transformer. The last two ids of the vocabulary are start- and end-of-text."""

    context_length: int
    vocab_size: int
    width: int
    heads: int
    layers: int

    @property
    def start_of_text(self) -> int:
        return self.vocab_size - 2

    @property
    def end_of_text(self) -> int:
        return self.vocab_size - 1


@dataclass(frozen=True)
class CLIPConfig:
    """One CLIP: two towers, a joint space of `embed_dim`, and the pixels the image tower was trained on.

    `mean` and `std` are per channel, for pixels in 0..1. `resize` is how a picture becomes square: "shortest"
    scales the shorter side and crops the centre, "squash" scales both sides and distorts.
    """

    embed_dim: int
    vision: VisionConfig
    text: TextConfig
    activation: Activation = "quick_gelu"
    mean: tuple[float, float, float] = OPENAI_MEAN
    std: tuple[float, float, float] = OPENAI_STD
    resize: Resize = "shortest"
    interpolation: Interpolation = "bicubic"
    name: str = field(default="clip", compare=False)

    def __post_init__(self) -> None:
        vision, text = self.vision, self.text
        _divides(text.heads, text.width, "text.heads", "text.width")
        if isinstance(vision, ViTConfig):
            _divides(vision.heads, vision.width, "vision.heads", "vision.width")
            _divides(vision.patch_size, vision.image_size, "vision.patch_size", "vision.image_size")
        else:
            if isinstance(vision, ResNetConfig):
                _divides(vision.heads, vision.width * 32, "vision.heads", "the attention pool's width")
            else:
                _bounded(vision.width, "vision.width")
                _bounded(vision.depth, "vision.depth")
            _divides(32, vision.image_size, "the network's stride", "vision.image_size")

    def to_json(self) -> str:
        """The config as indented JSON; `from_json` reads it back to an equal config."""
        values = asdict(self)
        kind = next(kind for kind, tower in TOWERS.items() if isinstance(self.vision, tower))
        values["vision"] = {"kind": kind, **values["vision"]}
        return json.dumps(values, indent=2) + "\n"

    @staticmethod
    def from_json(text: str) -> CLIPConfig:
        """Raises ModelError, naming the entry, for anything missing, unknown or of the wrong kind."""
        try:
            values = _mapping(json.loads(text), "top level")
        except ValueError as error:
            raise ModelError(f"The model's config is not valid JSON ({error}).") from error
        vision = _mapping(values.get("vision"), "vision")
        kind = vision.pop("kind", None)
        if kind not in TOWERS:
            known = ", ".join(f'"{name}"' for name in TOWERS)
            raise ModelError(
                f'The model\'s config names an unknown image tower, "vision.kind" {kind!r}; '
                f"this version knows {known}."
            )
        values["vision"] = _build(TOWERS[kind], vision, "vision.")
        values["text"] = _build(TextConfig, _mapping(values.get("text"), "text"), "text.")
        return _build(CLIPConfig, values)


def _mapping(value: Any, part: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ModelError(f"The model's config lacks its {part!r} part.")
    return dict(value)


def _build(kind: type[T], values: dict[str, Any], prefix: str = "") -> T:
    """A config dataclass from parsed JSON, every entry checked against the field's type."""
    known = {entry.name: entry for entry in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(values.keys() - known.keys()):
        raise ModelError(
            f'The model\'s config has an entry this version does not know: "{prefix}{unknown[0]}".'
        )
    if missing := [name for name, entry in known.items() if entry.default is MISSING and name not in values]:
        raise ModelError(f'The model\'s config lacks the entry "{prefix}{missing[0]}".')
    hints = get_type_hints(kind)
    return kind(**{name: _value(value, hints[name], prefix + name) for name, value in values.items()})


def _value(value: Any, hint: Any, name: str) -> Any:
    """`value` as `hint` asks: a positive int, a number, a string, one of a Literal, a fixed-length tuple."""
    origin, options = get_origin(hint), get_args(hint)
    if origin is tuple and isinstance(value, list | tuple) and len(value) == len(options):
        return tuple(_value(entry, option, name) for entry, option in zip(value, options, strict=True))
    if origin is Literal and value in options:
        return value
    if hint is int and type(value) is int and value > 0:
        return value
    if hint is float and type(value) in (int, float):
        return float(value)
    if (hint is str and isinstance(value, str)) or type(value) in (*TOWERS.values(), TextConfig):
        return value
    expected = f" (expected one of {', '.join(map(str, options))})" if origin is Literal else ""
    raise ModelError(
        f'The model\'s config has a value this version does not understand: "{name}" is {value!r}{expected}.'
    )


def _bounded(factor: float, name: str) -> None:
    if not 0.1 <= factor <= 10:
        raise ModelError(f"The model's config does not fit together: {name} ({factor}) is not in 0.1 to 10.")


def _divides(divisor: int, number: int, divisor_name: str, number_name: str) -> None:
    if number % divisor:
        raise ModelError(
            f"The model's config does not fit together: {divisor_name} ({divisor}) "
            f"does not divide {number_name} ({number})."
        )
