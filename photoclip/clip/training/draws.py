"""What a step of contrastive training sees: pictures cropped at random, one caption of each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photoclip import pixels
from photoclip.clip.config import CLIPConfig
from photoclip.clip.preprocess import Normalize, pixel_spec
from photoclip.clip.tokenizer import load_tokenizer
from photoclip.clip.training.augment import random_crop
from photoclip.clip.training.captions import READERS, Captioned, Wording
from photoclip.errors import PhotoClipError, UnreadablePhoto


class Draws:
    """Batches of `size` pairs as a function of the seed and the step, in passes over all `pictures`."""

    def __init__(self, pictures: Sequence[Captioned], config: CLIPConfig, size: int, seed: int) -> None:
        self.pictures, self.size, self.seed = pictures, size, seed
        self.spec = pixel_spec(config)
        self.normalize = Normalize(config, torch.device("cpu"), torch.float32)
        self.tokenizer = load_tokenizer(config.text.vocab_size, config.text.context_length)
        self.wording = Wording(pictures)

    def batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures [B, 3, S, S], tokens [B, L], and which caption fits which picture, [B, B].

        A picture's row has all captions that are its own: the one drawn with it, and those drawn with other
        pictures that say the same as any caption of its or of a copy of it. Raises PhotoClipError for a
        picture that cannot be read any more.
        """
        rows = drawn(len(self.pictures), step * self.size, self.size, self.seed)
        random = np.random.default_rng((self.seed, 1, step))
        texts = [str(random.choice(self.pictures[row].captions)) for row in rows]
        seeds = [(self.seed, 2, step, place) for place in range(len(rows))]

        def crop(row: int, seed: tuple[int, ...]) -> NDArray[np.uint8]:
            picture = np.asarray(self._open(self.pictures[row]).image)
            return random_crop(picture, self.spec.size, np.random.default_rng(seed))

        with ThreadPoolExecutor(READERS, "photoclip-training") as pool:
            images = self.normalize(np.stack(list(pool.map(crop, rows, seeds))))
        tokens = self.tokenizer(texts, truncate=True)
        read = tokens.unique(dim=0, return_inverse=True)[1]  # equal tokens are equal captions to the model
        fits = torch.from_numpy(self.wording.fits([self.pictures[row] for row in rows], texts))
        return images, tokens, fits | (read[:, None] == read)

    def plain(self, pictures: Sequence[Captioned]) -> Tensor:
        """[N, 3, S, S], as the library makes them."""

        def whole(picture: Captioned) -> NDArray[np.uint8]:
            opened = self._open(picture)
            return pixels.model_pixels(opened.image, self.spec, block_means=opened.block_means)

        with ThreadPoolExecutor(READERS, "photoclip-training") as pool:
            return self.normalize(np.stack(list(pool.map(whole, pictures))))

    def _open(self, picture: Captioned) -> pixels.Decoded:
        try:
            data = picture.path.read_bytes()
            return pixels.decode(data, shortest_side=pixels.decoded_side(self.spec))
        except (OSError, UnreadablePhoto) as error:  # it could be read when the run began
            raise PhotoClipError(f"{picture.path} cannot be read any more: {error}") from error


def drawn(pictures: int, start: int, count: int, seed: int) -> list[int]:
    """`count` places from `start` on in an endless row of shuffled passes over all pictures."""
    found: list[int] = []
    while len(found) < count:
        done, place = divmod(start + len(found), pictures)
        shuffled = np.random.default_rng((seed, 0, done)).permutation(pictures)
        found += shuffled[place : place + count - len(found)].tolist()
    return found
