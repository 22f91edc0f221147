"""The queries of live albums: what may be saved, and which albums a query asks for by name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from photoclip.errors import PhotoClipError
from photoclip.library.query import Filter, Node, Not, parse
from photoclip.library.query.tree import And, Or

LONGEST_QUERY = 10_000  # characters


def check_query(text: str) -> str:
    """The query as it is saved. PhotoClipError where it asks for nothing, QueryError where it is wrong."""
    text = text.encode("utf-8", "replace").decode().strip()
    if len(text) > LONGEST_QUERY:
        raise PhotoClipError(
            f"A query of more than {LONGEST_QUERY:,} characters cannot be saved; shorten it."
        )
    if parse(text).tree == And():
        raise PhotoClipError("A live album needs a query: words or filters that its photos are found by.")
    return text


def albums_named(text: str) -> list[str]:
    """The names that `album:` asks for in a query, in their order."""
    return [condition.value for condition in _conditions(parse(text).tree) if condition.field == "album"]


def refuse_circle(connection: sqlite3.Connection, album_id: int, name: str, query: str) -> None:
    """Raises PhotoClipError where an album of this name and query would ask for itself in the end."""
    queries: dict[str, tuple[str, str]] = {}
    for row in connection.execute("SELECT id, name, query FROM album WHERE query IS NOT NULL"):
        if row["id"] != album_id:
            queries[row["name"].casefold()] = (row["name"], row["query"])
    queries[name.casefold()] = (name, query)
    circle = _way_back(queries, name)
    if circle is not None:
        raise PhotoClipError(circle_sentence(circle))


def circle_sentence(names: Sequence[str]) -> str:
    """What is wrong with live albums of which each asks for the next, and the last one for the first."""
    if len(names) == 1:
        return f"The live album {names[0]} asks for itself; change its query."
    return f"The live albums {', '.join(names)} ask for each other in a circle; change the query of one."


def _way_back(queries: Mapping[str, tuple[str, str]], start: str) -> list[str] | None:
    """The names from `start` over the albums asked for, each by the one before, back to `start`."""
    came_from: dict[str, str] = {}
    waiting, first = [start.casefold()], start.casefold()
    while waiting:
        here = waiting.pop()
        for wanted in map(str.casefold, albums_named(queries[here][1])):
            if wanted == first:
                way = [here]
                while way[-1] != first:
                    way.append(came_from[way[-1]])
                return [queries[each][0] for each in reversed(way)]
            if wanted in queries and wanted not in came_from:
                came_from[wanted] = here
                waiting.append(wanted)
    return None


def _conditions(node: Node) -> Iterator[Filter]:
    if isinstance(node, Filter):
        yield node
    elif isinstance(node, Not):
        yield from _conditions(node.part)
    elif isinstance(node, (And, Or)):
        for part in node.parts:
            yield from _conditions(part)
