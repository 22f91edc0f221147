"""openai/CLIP's Python API on PhotoClip's models: what is written for the one runs with the other.

from photoclip import clip

model, preprocess = clip.load("ViT-B/32")
image = preprocess(Image.open("photo.jpg")).unsqueeze(0)
logits_per_image, logits_per_text = model(image, clip.tokenize(["a diagram", "a dog"]))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from photoclip import pixels
from photoclip.clip import checkpoint, models, open_clip_folder, registry, store, zeroshot
from photoclip.clip.config import CLIPConfig
from photoclip.clip.dialects.counting import count_numbers
from photoclip.clip.memory import require_memory
from photoclip.clip.model import CLIP
from photoclip.clip.preprocess import Normalize, pixel_spec
from photoclip.clip.store.job import Job
from photoclip.clip.tokenizer import FULL_VOCABULARY, Tokenizer, load_tokenizer
from photoclip.errors import PhotoClipError

CONTEXT_LENGTH = 77
BATCH = 32

Preprocess = Callable[[Image.Image], Tensor]


def available_models() -> list[str]:
    """Every name `load` knows: openai/CLIP's own, the other published models', and those installed, without
    what only open_clip can build."""
    names = [model.alias or model.name for model in registry.PUBLISHED]
    own = (folder for folder in models.model_folders() if not open_clip_folder.holds(folder))
    return [*names, *(folder.name for folder in own if folder.name not in names)]


def load(
    name: str | Path, device: str | torch.device | None = None, dtype: torch.dtype | None = None
) -> tuple[CLIP, Preprocess]:
    """A model in evaluation mode, and what turns a Pillow picture into its input, float32 [3, S, S].

    `name` is one of `available_models`, or the path of a checkpoint in any dialect. A published model that is
    not installed is downloaded and installed first. Without a `device` it is CUDA, then MPS,
    then the CPU; without a `dtype` float16 on CUDA and float32 elsewhere. Raises ModelError, also for a model
    that needs more memory than is free.
    """
    device = torch.device(device) if device is not None else best_device()
    dtype = dtype or (torch.float16 if device.type == "cuda" else torch.float32)
    config, tensors, source = _read(name)
    model = checkpoint.build(config, tensors, source).to(device=device, dtype=dtype)
    return model, preprocessing(config)


def best_device() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def preprocessing(config: CLIPConfig) -> Preprocess:
    """A Pillow picture to the tower's input, float32 [3, S, S]: resized and cropped as in training."""
    spec, normalize = pixel_spec(config), Normalize(config, torch.device("cpu"), torch.float32)

    def preprocess(image: Image.Image) -> Tensor:
        return normalize(pixels.model_pixels(image, spec)[None].copy())[0].contiguous()

    return preprocess


def tokenize(
    texts: str | Sequence[str],
    context_length: int = CONTEXT_LENGTH,
    truncate: bool = False,
    model: CLIP | None = None,
) -> Tensor:
    """Token ids int32 [N, context_length]. Raises RuntimeError for a text that is too long, as there.

    `model` gives its own vocabulary and context length, for those (like the starter) that are not CLIP's.
    """
    tokenizer = tokenizer_of(model) if model is not None else load_tokenizer(FULL_VOCABULARY, context_length)
    try:
        return tokenizer(texts, truncate=truncate).int()
    except PhotoClipError as error:
        raise RuntimeError(str(error)) from error


def tokenizer_of(model: CLIP) -> Tokenizer:
    """The tokenizer with the vocabulary and the context length of `model`."""
    return load_tokenizer(model.token_embedding.num_embeddings, len(model.positional_embedding))


@torch.inference_mode()
def encode_files(
    model: CLIP, preprocess: Preprocess, paths: Sequence[str | Path], batch: int = BATCH
) -> Tensor:
    """Unit vectors [N, E] of picture files, EXIF orientation applied. Raises UnreadablePhoto."""
    found = [
        F.normalize(model.encode_image(torch.stack(part).to(model.device)).float(), dim=-1).cpu()
        for part in _batches((preprocess(_picture(Path(path))) for path in paths), batch)
    ]
    return torch.cat(found) if found else torch.empty(0, model.text_projection.shape[1])


def zero_shot_classifier(model: CLIP, names: Sequence[str], templates: Sequence[str] | None = None) -> Tensor:
    """A unit vector for each name, [names, E]: `100 * image @ classifier.T` are CLIP's logits. The templates
    have one `{}` each; without, PhotoClip's own are used."""
    return zeroshot.class_weights(zeroshot.text_encoder(model, tokenizer_of(model)), names, templates)


def _picture(path: Path) -> Image.Image:
    """At full size: the reference way, without the shortcuts of indexing."""
    return pixels.decode(path.read_bytes(), shortest_side=pixels.PIXEL_LIMIT).image


def _batches(pictures: Iterator[Tensor], size: int) -> Iterator[list[Tensor]]:
    part: list[Tensor] = []
    for picture in pictures:
        part.append(picture)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def _read(name: str | Path) -> tuple[CLIPConfig, checkpoint.Tensors, Path]:
    source = Path(name) if Path(name).exists() else _installed(str(name))
    require_memory(source.name, count_numbers(source))
    return (*checkpoint.read(source), source)


def _installed(name: str) -> Path:
    """The folder of a model by name, downloaded where it is a published one."""
    published = registry.find(name)
    if published and published.name not in {folder.name for folder in models.model_folders()}:
        return store.get(published.name, Job()).folder
    return models.find_model(name).folder
