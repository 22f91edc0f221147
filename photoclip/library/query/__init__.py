"""The query language: what a person types, as a value.

    a dog in snow            free words are meaning
    -people  -"red car"      meanings that should not be in the picture
    "IMG_1234"               exact: the file name, a label, an album, the title, the description or a
                             keyword contains it
    label: album: folder: date: camera: lens: keyword: title: rating: is: type: size: place:
    near:
                             filters; a value with blanks goes in quotes, "-" in front negates
    a dog OR label:Pets      either; binds less than standing side by side
    (a dog OR a cat) snow    groups; "-" in front negates
    sunset^2 (red car)^0.5   weights of meanings
    similar:IMG_1234.jpg     a meaning, too: what a photo of the library shows

A quotation mark inside quotes is written twice. `str(query)` is the canonical text, and
`parse(str(query)) == query` for every query. The parser knows nothing of a library: whether a label exists is
found out by the search.
"""

from photoclip.library.query.parsing import Query, all_of, is_grouped, parse
from photoclip.library.query.tree import And, Condition, Exact, Filter, Node, Not, Or, SimilarTo, Words
from photoclip.library.query.values import FIELDS

__all__ = [
    "FIELDS",
    "And",
    "Condition",
    "Exact",
    "Filter",
    "Node",
    "Not",
    "Or",
    "Query",
    "SimilarTo",
    "Words",
    "all_of",
    "is_grouped",
    "parse",
]
