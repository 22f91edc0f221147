"""Whether a model fits into the memory that is free, asked before it is loaded.

A machine that runs out of memory ends processes, and not always the one that took it.
"""

from __future__ import annotations

import psutil

from photoclip.errors import ModelError

NEEDED = 1.5
"""Times the model's size in float32: it is loaded so, then copied in the precision it will run in."""
FLOAT32 = 4


def require_memory(name: str, numbers: int) -> None:
    """Raises ModelError, saying what is needed and what is free, for a model of too many `numbers`."""
    needed, free = round(NEEDED * FLOAT32 * numbers), psutil.virtual_memory().available
    if needed > free:
        raise ModelError(
            f"The model {name} needs about {_gigabytes(needed)} of memory to load, and {_gigabytes(free)} "
            "are free; close other programs or choose a smaller model."
        )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
