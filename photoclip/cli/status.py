"""How a run ends: the exit status, and one sentence on stderr where something was in the way.

Kept apart from the commands, which take a third of a second to load, for the window alone to use.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from photoclip.errors import Cancelled, PhotoClipError, QueryError

WORLDS_FAULT = 1
WRONG_USE = 2
STOPPED = 130


@contextmanager
def exit_status() -> Iterator[None]:
    """Ends the process with a sentence and a status for errors that are the world's fault, and for Ctrl+C."""
    try:
        yield
    except Cancelled as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(STOPPED) from error
    except PhotoClipError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(WRONG_USE if isinstance(error, QueryError) else WORLDS_FAULT) from error
    except KeyboardInterrupt as error:
        sys.stderr.write("Stopped.\n")
        raise SystemExit(STOPPED) from error
