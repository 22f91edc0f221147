"""Which texts there are to learn from: captions, class names in templates, and a large body of other
English."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from photoclip.clip.training.wordnet import senses
from photoclip.errors import PhotoClipError

TEMPLATES = (
    "{}",
    "a {}",
    "a photo of a {}",
    "a photo of {}",
    "a picture of the {}",
    "a close-up photo of a {}",
    "a snapshot with a {} in it",
    "{} in a photograph",
)


def with_templates(name: str) -> list[str]:
    """`name` in every template, "a" before a vowel as "an"; names that carry an article keep it alone."""
    bare = re.sub(r"^(a|an|the) ", "", name)
    filled = (template.format(bare) for template in TEMPLATES)
    return [re.sub(r"\b([Aa]) (?=[aeiouAEIOU])", r"\1n ", text) for text in filled]


def corpus_texts(folder: Path) -> Iterator[str]:
    """Every text of a corpus folder: `*.txt` and `*.gz` by line, COCO-style `*.json` captions, and WordNet's
    `data.noun`, `data.verb` and `data.adj`."""
    for path in sorted(folder.rglob("*")):
        if path.name.startswith("data.") and path.suffix in (".noun", ".verb", ".adj"):
            yield from _wordnet(path)
        elif path.suffix == ".gz":
            yield from gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines()
        elif path.suffix == ".txt":
            yield from path.read_text(encoding="utf-8", errors="replace").splitlines()
        elif path.suffix == ".json":
            yield from (entry["caption"] for entry in json.loads(path.read_text("utf-8"))["annotations"])


def _wordnet(path: Path) -> Iterator[str]:
    for sense in senses(path):
        yield from sense.lemmas
        if path.suffix == ".noun":
            yield f"a photo of a {sense.lemmas[0]}"
        if path.suffix == ".noun" and len(sense.lemmas) > 1:
            yield sense.definition  # what several names share is worth a sentence


def everyday(texts: Sequence[str], pieces: Callable[[str], int], *, most: int, seed: int) -> list[str]:
    """At most `most` of `texts` in random order, without those whose words are so rare that the vocabulary
    cuts them into many pieces (Latin species, chemicals, surnames)."""
    common = [text for text in texts if pieces(text) <= 1.4 * len(text.split()) + 1]
    order = np.random.default_rng(seed).permutation(len(common))[:most]
    return [common[index] for index in order]


def unique(texts: Iterable[str], *, without: Iterable[str] = (), longest: int = 200) -> list[str]:
    """Tidy, distinct texts in their first order, leaving out those that say the same as one of `without`."""
    seen = {folded(text) for text in without}
    kept = []
    for text in texts:
        tidy = " ".join(text.split())
        same = folded(tidy)
        if tidy and len(tidy) <= longest and same not in seen:
            seen.add(same)
            kept.append(tidy)
    if not kept:
        raise PhotoClipError("There are no texts to learn from.")
    return kept


def folded(text: str) -> str:
    """What two texts share that differ only in case and punctuation."""
    return re.sub(r"[\W_]+", " ", text).strip().casefold()
