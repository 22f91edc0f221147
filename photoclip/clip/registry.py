"""The published models, as data: what their weights cannot tell, where they come from, and what they cost.

Activation, preprocessing and sources are those that the authors and open_clip's registry declare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from photoclip.clip.architectures import architecture
from photoclip.clip.config import CLIPConfig, EfficientNetConfig, ResNetConfig, TextConfig, ViTConfig
from photoclip.errors import ModelError

HALF = (0.5, 0.5, 0.5)
OPENAI_ADDRESS = "https://openaipublic.azureedge.net/clip/models"


@dataclass(frozen=True)
class PublishedModel:
    """One set of published weights. `config` carries the activation and preprocessing they need.

    `repository` is the hub's, in open_clip's layout. `sha256` and `file` are those of OpenAI's own archive,
    the other source of its models; `alias` is the name openai/CLIP knows it by; `quality` is for people.
    """

    name: str
    config: CLIPConfig
    repository: str
    licence: str
    quality: str
    file: str = ""
    sha256: str = ""
    alias: str = ""

    @property
    def address(self) -> str:
        """OpenAI's own address of the archive, or empty."""
        return f"{OPENAI_ADDRESS}/{self.sha256}/{self.file}" if self.sha256 else ""

    @property
    def bytes(self) -> int:
        """About how much is downloaded from the hub, where all are in float32.

        OpenAI's own archives are little more than half as large: in half precision, but for their embeddings.
        """
        return 4 * parameters(self.config)


def parameters(config: CLIPConfig) -> int:
    """How many numbers the model holds, batch norms' statistics included."""
    vision = config.vision
    assert not isinstance(vision, EfficientNetConfig)  # none is published as a CLIP
    image = (
        _vit(vision, config.embed_dim) if isinstance(vision, ViTConfig) else _resnet(vision, config.embed_dim)
    )
    return image + _text(config.text, config.embed_dim) + 1


def _blocks(width: int, layers: int) -> int:
    """Attention 4 w² + 4 w, MLP 8 w² + 5 w, two norms 4 w."""
    return layers * (12 * width * width + 13 * width)


def _text(text: TextConfig, embed_dim: int) -> int:
    tables = (text.vocab_size + text.context_length) * text.width
    return tables + _blocks(text.width, text.layers) + 2 * text.width + text.width * embed_dim


def _vit(vision: ViTConfig, embed_dim: int) -> int:
    width, tokens = vision.width, (vision.image_size // vision.patch_size) ** 2 + 1
    inputs = 3 * vision.patch_size**2 * width + width + tokens * width
    return inputs + _blocks(width, vision.layers) + 4 * width + width * embed_dim


def _resnet(vision: ResNetConfig, embed_dim: int) -> int:
    width, expansion = vision.width, 4

    def conv(inputs: int, outputs: int, kernel: int) -> int:
        return inputs * outputs * kernel * kernel + 4 * outputs + 1  # its batch norm counts its batches

    total = conv(3, width // 2, 3) + conv(width // 2, width // 2, 3) + conv(width // 2, width, 3)
    inputs = width
    for stage, layers in enumerate(vision.layers):
        planes = width * 2**stage
        for layer in range(layers):
            total += conv(inputs, planes, 1) + conv(planes, planes, 3) + conv(planes, planes * expansion, 1)
            if layer == 0:
                total += conv(inputs, planes * expansion, 1)
            inputs = planes * expansion
    tokens = (vision.image_size // 32) ** 2 + 1
    return total + tokens * inputs + 3 * (inputs * inputs + inputs) + inputs * embed_dim + embed_dim


def _openai(alias: str, repository: str, sha256: str, quality: str) -> PublishedModel:
    file = alias.replace("/", "-").replace("@", "-")
    config = architecture(file.removesuffix("px"))
    name = f"openai-{file.lower()}"
    return PublishedModel(
        name, replace(config, name=name), repository, "MIT", quality, f"{file}.pt", sha256, alias
    )


def _published(name: str, config: CLIPConfig, repository: str, licence: str, quality: str) -> PublishedModel:
    return PublishedModel(name, replace(config, name=name), repository, licence, quality)


def _gelu(name: str, **changes: object) -> CLIPConfig:
    return replace(architecture(name), activation="gelu", **changes)  # type: ignore[arg-type]


_B16, _L14 = architecture("ViT-B-16"), architecture("ViT-L-14")
_B32_256 = replace(_gelu("ViT-B-32"), vision=ViTConfig(256, 32, 768, 12, 12))

PUBLISHED: tuple[PublishedModel, ...] = (
    _openai("RN50", "timm/resnet50_clip.openai",
            "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762",
            "The smallest of the originals; ViT-B/32 is as quick and better."),
    _openai("RN101", "timm/resnet101_clip.openai",
            "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599",
            "A deeper RN50; ViT-B/32 is quicker and as good."),
    _openai("RN50x4", "timm/resnet50x4_clip.openai",
            "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd",
            "Four times RN50's work; ViT-B/16 is better for less."),
    _openai("RN50x16", "timm/resnet50x16_clip.openai",
            "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa",
            "Large and slow; for comparing with published work."),
    _openai("RN50x64", "timm/resnet50x64_clip.openai",
            "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c",
            "The largest ResNet; for comparing with published work."),
    _openai("ViT-B/32", "timm/vit_base_patch32_clip_224.openai",
            "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
            "The classic: quick on any machine, good results."),
    _openai("ViT-B/16", "timm/vit_base_patch16_clip_224.openai",
            "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
            "Sees finer detail than ViT-B/32 for four times the work."),
    _openai("ViT-L/14", "timm/vit_large_patch14_clip_224.openai",
            "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
            "Very good; wants a graphics card or patience."),
    _openai("ViT-L/14@336px", "timm/vit_large_patch14_clip_336.openai",
            "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
            "ViT-L/14 on larger pictures; the best of the originals."),
    _published("laion2b-vit-b-32", _gelu("ViT-B-32"), "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "MIT",
               "As quick as the classic ViT-B/32, and better."),
    _published("datacomp-vit-b-32-256", _B32_256, "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K", "MIT",
               "The best quick model: nearly as fast as ViT-B/32."),
    _published("datacomp-vit-b-16", _gelu("ViT-B-16"), "laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K", "MIT",
               "Better than any of the originals at its size."),
    _published("datacomp-vit-l-14", _gelu("ViT-L-14"), "laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K", "MIT",
               "Excellent; wants a graphics card or patience."),
    _published("dfn2b-vit-l-14", _L14, "apple/DFN2B-CLIP-ViT-L-14", "Apple's model licence",
               "Excellent; Apple's licence limits its use."),
    _published("laion2b-vit-l-14", _gelu("ViT-L-14", mean=HALF, std=HALF),
               "laion/CLIP-ViT-L-14-laion2B-s32B-b82K", "MIT",
               "Very good; wants a graphics card or patience."),
    _published("laion2b-vit-h-14", architecture("ViT-H-14"), "laion/CLIP-ViT-H-14-laion2B-s32B-b79K", "MIT",
               "Huge; for a graphics card with memory to spare."),
    _published("dfn5b-vit-h-14-378", architecture("ViT-H-14-378"), "apple/DFN5B-CLIP-ViT-H-14-378",
               "Apple's model licence", "The best here and the slowest; Apple's licence limits its use."),
    _published("metaclip-vit-b-16", _B16, "timm/vit_base_patch16_clip_224.metaclip_2pt5b", "CC BY-NC 4.0",
               "Good at its size; not for commercial use."),
)  # fmt: skip


def find(name: str) -> PublishedModel | None:
    """A published model by its name, its alias in openai/CLIP, or its repository."""
    return next((m for m in PUBLISHED if name and name in (m.name, m.alias, m.repository)), None)


def published(name: str) -> PublishedModel:
    """`find`, raising ModelError for a name that no published model has."""
    if (model := find(name)) is not None:
        return model
    raise ModelError(
        f'There is no published model "{name}"; known are {", ".join(model.name for model in PUBLISHED)}.'
    )
