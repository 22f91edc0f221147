"""Small models of open_clip's own making, with random weights, in folders as they are on the hub."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from photoclip.clip.torchvision_compat import import_torchvision

CONFIG, WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"
SENTENCES = [
    "a photo of a dog on a beach",
    "Zwei Hunde, am Strand!",
    "",
    "word " * 200,
    "A  DOG &amp; a _cat_\n",
]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
WORDS = ["a", "an", "of", "on", "in", "the", "photo", "dog", "cat", "beach", "red", "house", "two"]
WORDS += ["zwei", "hunde", "am", "strand", "word", "A", "DOG", "Zwei", "Strand"]
VOCABULARY = len(SPECIAL) + len(WORDS)
PLAIN_VIT = {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16}

SETTINGS: dict[str, dict[str, Any]] = {
    "siglip": {
        "model_cfg": {
            "embed_dim": 96,
            "init_logit_bias": -10,
            "custom_text": True,
            "vision_cfg": {
                "image_size": 160,
                "timm_model_name": "test_vit3",
                "timm_model_pretrained": False,
                "timm_pool": "map",
                "timm_proj": "none",
            },
            "text_cfg": {
                "context_length": 64,
                "vocab_size": VOCABULARY,
                "hf_tokenizer_name": "somebody/siglip",
                "tokenizer_kwargs": {"clean": "canonicalize"},
                "width": 64,
                "heads": 2,
                "layers": 2,
                "no_causal_mask": True,
                "proj_bias": True,
                "pool_type": "last",
                "norm_kwargs": {"eps": 1e-6},
                "act_kwargs": {"approximate": "tanh"},
            },
        },
        "preprocess_cfg": {
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "interpolation": "bicubic",
            "resize_mode": "squash",
        },
    },
    "xlm-roberta": {
        "model_cfg": {
            "embed_dim": 48,
            "vision_cfg": PLAIN_VIT,
            "text_cfg": {
                "hf_model_name": "somebody/tiny-xlm-roberta",
                "hf_tokenizer_name": "somebody/tiny-xlm-roberta",
                "hf_pooler_type": "mean_pooler",
            },
        },
    },
    "mobileclip": {
        "model_cfg": {
            "embed_dim": 32,
            "custom_text": True,
            "vision_cfg": {
                "image_size": 160,
                "timm_model_name": "test_convnext",
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": None,
                "timm_drop": 0.0,
                "timm_drop_path": 0.0,
            },
            "text_cfg": {"width": 32, "heads": 2, "layers": 2, "no_causal_mask": True},
        },
        "preprocess_cfg": {
            "size": [160, 160],
            "mean": [0.0, 0.0, 0.0],
            "std": 1.0,
            "interpolation": "bilinear",
            "resize_mode": "shortest",
        },
    },
}
TEXT_TOWER = {
    "model_type": "xlm-roberta",
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 90,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,
    "bos_token_id": 0,
    "pad_token_id": 1,
    "eos_token_id": 2,
    "architectures": ["XLMRobertaModel"],
}


def write(folder: Path, kind: str, seed: int = 0) -> Path:
    """A model of `SETTINGS`, no parameter of it at a neutral value."""
    folder.mkdir(parents=True)
    settings = copy.deepcopy(SETTINGS[kind])
    (folder / CONFIG).write_text(json.dumps(settings))
    if "hf_tokenizer_name" in settings["model_cfg"]["text_cfg"]:
        write_tokenizer(folder)
    if "hf_model_name" in settings["model_cfg"]["text_cfg"]:
        (folder / "config.json").write_text(json.dumps(TEXT_TOWER))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = reference(folder, load_weights=False)[0]
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.ndim and not name.startswith("logit"):
                    parameter.add_(0.05 * torch.randn_like(parameter))
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, folder / WEIGHTS)
    return folder


def write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)


def reference(folder: Path, load_weights: bool = True) -> tuple[Any, Any, Any]:
    """open_clip's own model, preprocessing and tokenizer of `folder`."""
    import_torchvision("torchvision.transforms")
    import open_clip

    text = json.loads((folder / CONFIG).read_text())["model_cfg"]["text_cfg"]
    local = {"hf_model_name": str(folder), "hf_model_pretrained": False} if "hf_model_name" in text else {}
    name = f"local-dir:{folder}"
    model, _, preprocess = open_clip.create_model_and_transforms(
        name, load_weights=load_weights, pretrained_text=False, text_cfg={**text, **local}
    )
    return model.eval(), preprocess, open_clip.get_tokenizer(name)


def edit(folder: Path, part: str, **entries: Any) -> None:
    """Puts entries into a part of the settings, "model_cfg.text_cfg" for one."""
    path = folder / CONFIG
    settings = json.loads(path.read_text())
    target = settings
    for name in part.split("."):
        target = target.setdefault(name, {})
    target.update(entries)
    path.write_text(json.dumps(settings))
