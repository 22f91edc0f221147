"""`python -m tests.bench`: all measurements, or some of them, as a Markdown table or JSON.

Nothing here passes or fails a test run: figures belong to a machine, named below the table.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from tests.bench.report import RUNS, Row, as_json, table

# Each a module with measure(runs) -> list of rows.
PARTS = ("ingest", "decode", "model", "start", "window", "watch", "neighbours", "large", "cuda")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", choices=PARTS, action="append", help="measure only this part; may be repeated"
    )
    parser.add_argument(
        "--runs", type=int, default=RUNS, help="runs that a median is of (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    arguments = parser.parse_args()

    rows: list[Row] = []
    for part in arguments.only or PARTS:
        print(f"{part} …", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"tests.bench.{part}").measure(arguments.runs)
    print(table(rows))
    if arguments.json:
        arguments.json.write_text(as_json(rows), encoding="utf-8")


if __name__ == "__main__":
    main()  # guarded: worker processes import this module again
