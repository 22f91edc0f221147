"""`python -m tests.evaluation`: how well search tells photos that show what was asked from those that do not.

The labelled pictures of the starter's data are a library, searched as shipped with the starter model, for
what is in them and for what is not. Prints tables in Markdown. The folder that holds starter-data is named
by PHOTOCLIP_TEST_DATA. The first run embeds the pictures (minutes), later ones take seconds.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from photoclip.errors import PhotoClipError
from tests.evaluation import measures
from tests.evaluation.methods import FLAT, METHODS
from tests.evaluation.pictures import TRAIN_PHASES, StarterModel, Vectors, embedded, labelled, sample
from tests.evaluation.questions import ABSENT, Question, found_after_all, questions
from tests.evaluation.shelf import Answer, Shelf, shelf_of

SPLITS = ("dev", *(f"train-{phase}" for phase in range(TRAIN_PHASES)))
CACHE = Path(tempfile.gettempdir()) / "photoclip-evaluation"


@dataclass(frozen=True)
class Asked:
    """What was asked, and what search answered."""

    present: Sequence[Question]
    absent: Sequence[str]
    of_present: Sequence[Answer]
    of_absent: Sequence[Answer]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation", description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=SPLITS, default="dev", help="default: dev")
    parser.add_argument(
        "--cache", type=Path, default=CACHE, metavar="FOLDER", help="for vectors (default: %(default)s)"
    )
    arguments = parser.parse_args()
    data = os.environ.get("PHOTOCLIP_TEST_DATA")
    if not data:
        parser.error("PHOTOCLIP_TEST_DATA does not name the folder that holds starter-data")
    try:
        print("\n".join(report(Path(data), arguments.split, arguments.cache)))
    except PhotoClipError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def report(data: Path, split: str, cache: Path) -> list[str]:
    """The lines of all tables."""
    pictures = sample(data, split)
    known = labelled(pictures)
    gone = set(found_after_all(known))
    present, absent = questions(known), [text for text in ABSENT if text not in gone]
    model = StarterModel()
    vectors = embedded(pictures, split, model, cache)
    cosines = model.encode_texts([*(question.text for question in present), *absent]) @ vectors.T
    with shelf_of(vectors, model) as shelf:
        asked = _ask(shelf, present, absent)
    return [
        f"{split}: {len(pictures):,} pictures, {len(present)} questions about what is there,"
        f" {len(absent)} about what is not.",
        "",
        *_methods(asked, cosines),
        "",
        *_by_set(asked, cosines),
        "",
        *_wrong(asked),
    ]


def _ask(shelf: Shelf, present: Sequence[Question], absent: Sequence[str]) -> Asked:
    of_present = [shelf.search(question.text) for question in present]
    return Asked(present, absent, of_present, [shelf.search(text) for text in absent])


def _methods(asked: Asked, cosines: Vectors) -> list[str]:
    lines = [
        "| which photos are confident | mean F1 | of those there, with any | of those not there, with none |",
        "|---|---|---|---|",
    ]
    here = float(np.mean([len(answer.confident) > 0 for answer in asked.of_present]))
    none = float(np.mean([len(answer.confident) == 0 for answer in asked.of_absent]))
    lines.append(_row("**PhotoClip, as shipped**", _shipped_f1(asked).mean(), here, none))
    count = len(asked.present)
    for name, method in METHODS.items():
        scores = [method(row) for row in cosines]
        curves = _curves(scores[:count], asked.present)
        f1, cut = measures.best_flat(curves)
        rates = measures.reaching(scores[:count], cut), 1 - measures.reaching(scores[count:], cut)
        lines.append(_row(f"{name}, the best: {abs(cut):.3g}", f1, *rates))
        if name == FLAT:
            cut = measures.silent_cut(scores[count:], none)
            rates = measures.reaching(scores[:count], cut), 1 - measures.reaching(scores[count:], cut)
            lines.append(_row(f"{name}, as silent: {cut:.3g}", measures.flat_at(curves, cut), *rates))
    ranked = _curves([answer.places() for answer in asked.of_present], asked.present)
    for name, curves in (("cosines'", _curves(cosines[:count], asked.present)), ("PhotoClip's", ranked)):
        lines.append(f"| oracle: the best cut for each question in {name} order | {_mean(curves)} | | |")
    return lines


def _by_set(asked: Asked, cosines: Vectors) -> list[str]:
    """For questions whose right answers are all of one set, beside the cut that is best for all questions."""
    lines = [
        "| right answers in | questions | PhotoClip | best one cosine | oracle |",
        "|---|---|---|---|---|",
    ]
    curves = _curves(cosines[: len(asked.present)], asked.present)
    _, cut = measures.best_flat(curves)
    shipped = _shipped_f1(asked)
    keys = sorted({key for question in asked.present for key in question.keys})
    for name, wanted in [*((key, frozenset({key})) for key in keys), ("several of them", None)]:
        chosen = [
            at
            for at, question in enumerate(asked.present)
            if (question.keys == wanted if wanted else len(question.keys) > 1)
        ]
        flat = [
            measures.f1(np.flatnonzero(METHODS[FLAT](cosines[at]) >= cut), asked.present[at]) for at in chosen
        ]
        best = measures.oracle([curves[at] for at in chosen])
        lines.append(
            f"| {name} | {len(chosen)} | {shipped[chosen].mean():.3f} | {np.mean(flat):.3f} | {best:.3f} |"
        )
    return lines


def _wrong(asked: Asked) -> list[str]:
    first = np.mean(
        [
            answer.ranked[0] in question.right | question.unsure
            for answer, question in zip(asked.of_present, asked.present, strict=True)
        ]
    )
    silent = [
        question.text
        for answer, question in zip(asked.of_present, asked.present, strict=True)
        if not len(answer.confident)
    ]
    loud = [
        f"{text} ({len(answer.confident)})"
        for answer, text in zip(asked.of_absent, asked.absent, strict=True)
        if len(answer.confident)
    ]
    return [
        f"The first photo is right for {first:.1%} of what is there.",
        "",
        f"There, but no confident match: {', '.join(silent)}.",
        "",
        f"Not there, but confident (of so many photos): {', '.join(loud)}.",
    ]


def _shipped_f1(asked: Asked) -> np.ndarray:
    answers = zip(asked.of_present, asked.present, strict=True)
    return np.array([measures.f1(answer.confident, question) for answer, question in answers])


def _curves(scores: Sequence[measures.Scores] | Vectors, present: Sequence[Question]) -> list[measures.Curve]:
    return [measures.curve(one, question) for one, question in zip(scores, present, strict=True)]


def _mean(curves: Sequence[measures.Curve]) -> str:
    return f"{measures.oracle(curves):.3f}"


def _row(name: str, f1: float, here: float, none: float) -> str:
    return f"| {name} | {f1:.3f} | {here:.1%} | {none:.1%} |"


if __name__ == "__main__":
    sys.exit(main())
