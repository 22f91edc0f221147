"""open_clip's `open_clip_config.json`: `model_cfg` for shape and activation, `preprocess_cfg` for pixels.

open_clip builds many more models than CLIP. Every entry that would make another one is refused, known or not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from photoclip.clip.dialects.facts import Facts
from photoclip.clip.dialects.sidecar import integer, quotient, read_json, section
from photoclip.errors import ModelError

CONFIG = "open_clip_config.json"
HEAD_WIDTH = 64

# What makes no other function of the picture or the text: training, memory, what is never reached.
_HARMLESS = {
    "model": ("custom_text", "init_logit_scale", "output_dict", "cast_dtype"),
    "vision_cfg": ("patch_dropout", "output_tokens", "attn_pooler_queries", "attn_pooler_heads"),
    "text_cfg": ("output_tokens", "pad_id", "eos_id"),
}
_READ = {
    "model": ("embed_dim", "quick_gelu", "vision_cfg", "text_cfg"),
    "vision_cfg": ("image_size", "patch_size", "width", "layers", "head_width"),
    "text_cfg": ("context_length", "vocab_size", "width", "heads", "layers"),
}
# Values with which an entry changes nothing; None, false and an empty table never do.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "mlp_ratio": (4,),
    "block_type": ("default",),
    "pos_embed_type": ("learnable",),
    "proj_type": ("linear",),
    "pool_type": ("tok", "argmax"),
}
_UNUSED_WITHOUT = {"timm_": "timm_model_name", "hf_": "hf_model_name"}
_TOKENIZERS = ("hf_tokenizer_name", "tokenizer_mode", "tokenizer_kwargs")


def read_config(path: Path) -> Facts:
    """What the file says. Raises ModelError, naming the extra that can, for what is not a plain CLIP."""
    values = read_json(path)
    model = section(values, "model_cfg", path)
    vision, text = section(model, "vision_cfg", path), section(model, "text_cfg", path)
    for name, part in (("model", model), ("vision_cfg", vision), ("text_cfg", text)):
        _check(part, name, path)
    image_size = integer(vision, "image_size", path, 224)
    facts = _vision(vision, image_size, path) | {
        "embed_dim": integer(model, "embed_dim", path),
        "activation": "quick_gelu" if model.get("quick_gelu") else "gelu",
        "text.context_length": integer(text, "context_length", path, 77),
        "text.vocab_size": integer(text, "vocab_size", path, 49408),
        "text.width": integer(text, "width", path, 512),
        "text.heads": integer(text, "heads", path, 8),
        "text.layers": integer(text, "layers", path, 12),
    }
    pixels = values.get("preprocess_cfg") or {}
    return facts | _pixels(section({"preprocess_cfg": pixels}, "preprocess_cfg", path), image_size, path)


def _vision(vision: dict[str, Any], image_size: int, path: Path) -> Facts:
    width, head_width = integer(vision, "width", path, 768), integer(vision, "head_width", path, HEAD_WIDTH)
    layers = vision.get("layers", 12)
    if isinstance(layers, list):
        heads = quotient(32 * width, head_width, path, "head_width")
        kind: Facts = {"vision.kind": "resnet", "vision.layers": layers}
    else:
        heads = quotient(width, head_width, path, "head_width")
        patch = integer(vision, "patch_size", path, 16)
        kind = {"vision.kind": "vit", "vision.layers": integer(vision, "layers", path, 12)}
        kind["vision.patch_size"] = patch
    return kind | {"vision.image_size": image_size, "vision.width": width, "vision.heads": heads}


def _pixels(pixels: dict[str, Any], image_size: int, path: Path) -> Facts:
    """Only what is stated: what is absent is open_clip's default, and those are CLIP's."""
    if pixels.get("size") is not None and integer(pixels, "size", path) != image_size:
        raise ModelError(
            f'{path} does not fit together: "size" is {pixels["size"]!r} and "image_size" {image_size}.'
        )
    if pixels.get("mode", "RGB") != "RGB":
        _refuse(path, "preprocess_cfg.mode", pixels["mode"])
    if pixels.get("resize_mode") not in (None, "shortest", "squash"):
        _refuse(path, "preprocess_cfg.resize_mode", pixels["resize_mode"])
    stated = {"mean": "mean", "std": "std", "resize": "resize_mode", "interpolation": "interpolation"}
    return {ours: pixels[theirs] for ours, theirs in stated.items() if pixels.get(theirs) is not None}


def _check(part: dict[str, Any], name: str, path: Path) -> None:
    """Raises ModelError for the first entry that makes another model than a plain CLIP."""
    towers = [tower for tower in _UNUSED_WITHOUT.values() if part.get(tower)]
    entries = {key: part[key] for key in (*towers, *part)}  # the telling ones first
    for key, value in entries.items():
        if key in _READ[name] or key in _HARMLESS[name] or value in (None, False, {}):
            continue
        if value in _NEUTRAL.get(key, ()):
            continue
        unused = (needs for prefix, needs in _UNUSED_WITHOUT.items() if key.startswith(prefix))
        if key not in _TOKENIZERS and any(key != needs and not part.get(needs) for needs in unused):
            continue
        _refuse(path, key if name == "model" else f"{name}.{key}", value)


def _refuse(path: Path, name: str, value: Any) -> NoReturn:
    shown = str(value) if len(str(value)) <= 80 else f"{str(value)[:80]}…"
    raise ModelError(
        f"{path} describes a model that is not a plain CLIP ({name} is {shown}); "
        "it needs open_clip: pip install 'photoclip[open-clip]'."
    )
