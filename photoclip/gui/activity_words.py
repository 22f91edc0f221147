"""What the activity line says, in ever fewer words for ever less room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from photoclip.gui import words

if TYPE_CHECKING:
    from photoclip.library.progress import Progress


def sentences(step: Progress | None, photos: int, serving: str) -> list[str]:
    """The same in one to six ways, the fullest first; the shortest of a count still has it.

    `step` is where the indexer is, `photos` how many there are, `serving` the model that searches.
    """
    if step is None or step.phase in ("idle", "done", "waiting", "scanning") or not step.total:
        return _resting(step, photos)
    counted = _tr("{0} of {1}").format(words.number(step.done), words.number(step.total))
    if step.phase == "paused":
        paused = _paused(step)
        return [f"{paused} · {counted}"] * 3 + [paused, counted]
    full, short, brief = _tr("Indexing {0}").format(counted), counted, counted
    if step.model:
        full = words.reading(serving, step.model, counted)
        short = _tr("{0} reads your photos: {1}").format(step.model, counted)
        brief = _tr("{0}: {1}").format(step.model, counted)
    left = [] if step.seconds_left is None else [words.time_left(step.seconds_left)]
    pace = [words.speed(step.per_second)] if step.per_second > 0 else []
    slowly = [_SLOWLY[step.yields]()] if step.yields else []
    with_left = " · ".join([full, *slowly, *left])
    return [" · ".join([full, *slowly, *pace, *left]), with_left, full, short, brief, counted]


def _paused(step: Progress) -> str:
    """That it is paused, and why if nobody did it."""
    return _PAUSED[step.yields]() if step.yields else _tr("Paused")


def _resting(step: Progress | None, photos: int) -> list[str]:
    """While nothing is counted. Of a message and how many photos there are, the message is the last to go."""
    if step is not None and step.phase == "waiting":
        return [step.message or _tr("Waiting for another PhotoClip that is indexing this library")]
    if step is not None and step.phase == "paused":
        return [_paused(step)]
    if step is not None and step.phase == "scanning":
        return [step.message or _tr("Looking through the folders…")]
    if not photos:
        return [_tr("No photos yet")]
    if step is not None and step.message:
        return [f"{words.photos(photos)} · {step.message}", step.message]
    return [f"{words.photos(photos)} · {_tr('up to date')}"]


def _tr(text: str) -> str:
    return QCoreApplication.translate("ActivityLine", text)


_PAUSED = {
    "battery": lambda: _tr("Paused on battery"),
    "use": lambda: _tr("Paused while you work"),
}
_SLOWLY = {
    "battery": lambda: _tr("slowly, on battery"),
    "use": lambda: _tr("slowly while you work"),
}
