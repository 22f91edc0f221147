"""WordNet's other words for a class, so that pictures are learned under more names than their folder's.

Reads the files `data.*` (format: wndb(5WN), https://wordnet.princeton.edu). A name that
could mean several visible things keeps to itself: a wrong synonym teaches more harm than a right one good.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

VISIBLE = frozenset({"05", "06", "08", "13", "17", "19", "20", "27"})
"""Lexicographer files of what a photo can show: animals, artifacts, body parts, food, natural objects,
phenomena, plants and substances. Persons are left out: a surname is often a thing too."""


@dataclass(frozen=True)
class Sense:
    """One meaning: its names, its definition without examples, and its lexicographer file."""

    lemmas: tuple[str, ...]
    definition: str
    kind: str


class WordNet:
    """The visible nouns of a folder with WordNet's files; without them it knows no words."""

    def __init__(self, folder: Path) -> None:
        self._by_lemma: dict[str, list[Sense]] = {}
        for sense in (sense for path in sorted(folder.rglob("data.noun")) for sense in senses(path)):
            for lemma in sense.lemmas if sense.kind in VISIBLE else ():
                self._by_lemma.setdefault(lemma.casefold(), []).append(sense)

    def further(self, names: Sequence[str]) -> tuple[str, ...]:
        """Synonyms and the definition of what `names` (of one class, the usual one first) mean together, or
        nothing where WordNet knows no such noun or several."""
        meant = self._by_lemma.get(names[0].casefold(), [])
        if len(meant) > 1:
            others = {name.casefold() for name in names[1:]}
            meant = [sense for sense in meant if others & {lemma.casefold() for lemma in sense.lemmas}]
        if len(meant) != 1:
            return ()
        known = {name.casefold() for name in names}
        words = (*meant[0].lemmas, meant[0].definition)
        return tuple(word for word in words if word.casefold() not in known)


def senses(path: Path) -> Iterator[Sense]:
    """The meanings that a `data.*` file lists."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            continue  # the licence
        data, _, gloss = line.partition(" | ")
        parts = data.split()
        count = int(parts[3], 16)
        names = (parts[4 + 2 * index].replace("_", " ") for index in range(count))
        lemmas = tuple(name.removesuffix("(a)").removesuffix("(p)") for name in names)
        yield Sense(lemmas, gloss.partition(";")[0].strip(), parts[1])
