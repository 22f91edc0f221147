"""`photoclip score`: how well texts describe one picture. Needs no library.

Prints {path, model, scores: [{text, probability, cosine}]}, in the order of the texts.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer

from photoclip.cli.terminal import JsonOption, LibraryOption, Terminal, absolute
from photoclip.library import relevance
from photoclip.library.query_vectors import QueryVectors
from photoclip.paths import path_json


def register(app: typer.Typer) -> None:
    app.command("score")(score)


def score(
    context: typer.Context,
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="A picture file.")],
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="Descriptions to compare.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print how probable each text is for a picture.

    The probabilities of several texts add up to 1; a single one is held against generic descriptions.
    """
    terminal = Terminal.of(context, library, as_json)
    with terminal.encoder() as encoder:
        queries = QueryVectors(encoder)
        picture = queries.pictures([absolute(photo)])  # [1, D]
        vectors = queries.texts(texts)
        scale = encoder.info.logit_scale
        cosines = vectors @ picture[0]
        if len(texts) > 1:
            probabilities = relevance.shares(cosines, scale)
        else:
            level = relevance.background_level(picture @ queries.background().T, scale)
            probabilities = relevance.score(relevance.text_odds(cosines, float(level[0]), scale))
        name = encoder.info.name
    rows = list(zip(texts, np.asarray(probabilities).tolist(), cosines.tolist(), strict=True))
    if terminal.json:
        scores = [{"text": t, "probability": round(p, 6), "cosine": round(c, 6)} for t, p, c in rows]
        terminal.document({**path_json(absolute(photo)), "model": name, "scores": scores})
    else:
        terminal.table((">probability", "text"), [(f"{p:.1%}", text) for text, p, _ in rows])
