"""Labels and ratings in sidecars, and every byte of others where it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoclip.library.sidecars.described import Described, UnreadableXmp
from photoclip.library.sidecars.merging import Difference, Said, merge
from photoclip.library.sidecars.splicing import EMPTY, SidecarText
from photoclip.library.sidecars.xmp import read_xmp
from tests.library.xmp_samples import BOMB, DARKTABLE, DIGIKAM, SAMPLES

NOTHING = Described()


def merged(before: bytes | None, said: Said, inside: Described = NOTHING) -> bytes:
    data = merge(before, said, inside).data
    assert data is not None
    return data


def without_ours(data: bytes) -> bytes:
    """The sidecar without the description that PhotoClip has added."""
    return re.sub(
        rb'\r?\n  <rdf:Description rdf:about="[^"]*" xmlns:rdf=.*?</rdf:Description>', b"", data, flags=re.S
    )


def test_a_new_sidecar() -> None:
    data = merged(None, Said(("Beach", "Fish & <chips>"), ("Dog",), 4))
    found = read_xmp(data)
    assert found.keywords == ("Beach", "Fish & <chips>", "Dog")
    assert found.hierarchies == (("Beach",), ("Fish & <chips>",), ("Dog",))
    assert (found.automatic, found.rating) == (("Dog",), 4)


def test_nothing_to_say() -> None:
    assert merge(None, Said(), NOTHING).data is None
    assert merge(None, Said(("sea",)), Described(keywords=("sea",))).data is None
    for sample in SAMPLES.values():
        assert merge(sample, Said(), NOTHING) == merge(sample, Said(), Described(keywords=("x",)))
        assert merge(sample, Said(), NOTHING).data == sample


def test_a_new_sidecar_begins_with_the_keywords_in_the_photo() -> None:
    inside = Described(keywords=("Rome", "sea"), hierarchies=(("Places", "Rome"), ("sea",)))
    first = merge(None, Said(("Beach", "sea")), inside)
    assert first.difference.added == ("Beach",)
    found = read_xmp(first.data or b"")
    assert found.keywords == ("Rome", "sea", "Beach")
    assert found.hierarchies == (("Places", "Rome"), ("sea",), ("Beach",))
    assert read_xmp(merged(first.data, Said())).keywords == ("Rome", "sea")


def test_a_sidecar_without_keywords_takes_those_in_the_photo_with_ours() -> None:
    inside = Described(keywords=("Rome",), hierarchies=(("Places", "Rome"),))
    assert merge(DARKTABLE, Said(("Rome",)), inside).data == DARKTABLE
    rated = merged(None, Said(rating=3), inside)
    assert read_xmp(rated).keywords == ()
    found = read_xmp(merged(DARKTABLE, Said(("Beach",)), inside))
    assert found.keywords == ("Rome", "Beach", "sea")
    assert found.hierarchies == (("nature", "sea"), ("Beach",), ("Places", "Rome"))
    assert read_xmp(merged(DIGIKAM, Said(("Beach",)), Described(keywords=("x",)))).keywords[0] == "Rome"


@pytest.mark.parametrize("name", SAMPLES)
def test_every_other_byte_stays(name: str) -> None:
    """All bytes that were there are there, in order, and alone again when ours are taken away."""
    sample = SAMPLES[name]
    added = merged(sample, Said(("Beach", "Rome"), ("Dog",)))
    rest = iter(added)
    assert all(byte in rest for byte in sample)
    assert merged(added, Said()) == sample
    rated = merged(sample, Said(rating=5))
    assert without_ours(re.sub(rb'xmp:Rating="5"', b'xmp:Rating="*"', rated)) == re.sub(
        rb'xmp:Rating="-?\d"', b'xmp:Rating="*"', sample
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_again_changes_nothing(name: str) -> None:
    said = Said(("Beach", "Rome", "a/b|c"), ("Dog",), 5)
    once = merge(SAMPLES[name], said, NOTHING)
    again = merge(once.data, said, NOTHING)
    assert again.data == once.data
    assert again.difference == Difference(rating_before=5, rating_after=5)


def test_a_keyword_of_another_program_stays_its_own() -> None:
    """digiKam has Rome inside Places and Italy: no second Rome at the top, none lost without the label."""
    added = merge(DIGIKAM, Said(("Rome", "Beach")), NOTHING)
    assert added.difference.added == ("Beach",)
    found = read_xmp(added.data or b"")
    assert found.keywords == ("Rome", "Café", "Beach")
    assert found.hierarchies == (("Places", "Italy", "Rome"), ("Café",), ("Beach",))
    gone = merge(added.data, Said(), NOTHING)
    assert gone.difference.removed == ("Beach",)
    assert read_xmp(gone.data or b"").keywords == ("Rome", "Café")


def test_from_automatic_to_a_persons_word_and_back() -> None:
    automatic = merged(DARKTABLE, Said(automatic=("Dog",)))
    assert read_xmp(automatic).automatic == ("Dog",)
    human = merge(automatic, Said(("Dog",)), NOTHING)
    assert (human.difference.added, human.difference.removed) == (("Dog",), ())
    found = read_xmp(human.data or b"")
    assert (found.keywords, found.automatic) == (("Dog", "sea"), ())
    assert merge(automatic, Said(), NOTHING).difference.removed == ("Dog",)


def test_ratings() -> None:
    rated = merge(DIGIKAM, Said(rating=5), NOTHING)
    assert (rated.difference.rating_before, rated.difference.rating_after) == (3, 5)
    assert read_xmp(rated.data or b"").rating == 5
    assert read_xmp(merged(rated.data, Said())).rating is None  # PhotoClip's own is taken away again
    assert merged(DIGIKAM, Said(rating=3)) == DIGIKAM
    assert read_xmp(merged(DIGIKAM, Said())).rating == 3  # another program's is not
    assert merge(rated.data, Said(rating=None), NOTHING).data == rated.data  # nobody says anything of it
    other = (rated.data or b"").replace(b'xmp:Rating="5"', b'xmp:Rating="2"')
    assert read_xmp(merged(other, Said())).rating == 2
    element = merged(EMPTY, Said(rating=1))
    assert read_xmp(merged(element, Said(rating=2))).rating == 2


def test_names_that_would_be_taken_for_several() -> None:
    found = read_xmp(merged(None, Said(("black/white", "a|b"))))
    assert found.keywords == ("black/white", "a|b")
    assert set(found.hierarchies) == {("black/white",), ("a|b",)}


@pytest.mark.parametrize(
    "sidecar",
    [
        b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        b"<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' >"
        b"<r:Description r:about='uuid:1'/></r:RDF>",
        b"\xef\xbb\xbf" + DIGIKAM.replace(b"\n", b"\r\n") + b"\r\n\r\n",
        DIGIKAM.replace(b"rdf:Bag>", b"rdf:Seq>").replace(b"    <rdf:li>", b"\t<rdf:li>"),
        b'<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><Description about=""'
        b' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><Bag><li>x&gt;</li></Bag></dc:subject>'
        b"</Description></RDF>",
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc='
        b'"http://purl.org/dc/elements/1.1/" dc:subject="one>"><dc:title><![CDATA[<rdf:RDF>]]></dc:title>'
        b"<!-- <dc:subject/> --></rdf:Description></rdf:RDF>",
    ],
)
def test_other_forms_of_rdf(sidecar: bytes) -> None:
    before = read_xmp(sidecar)
    added = merged(sidecar, Said(("Beach",), ("Dog",), 2))
    found = read_xmp(added)
    assert found.keywords == (*before.keywords, "Beach", "Dog")
    assert found.hierarchies == (*before.hierarchies, ("Beach",), ("Dog",))
    assert (found.title, found.regions, found.rating) == (before.title, before.regions, 2)
    assert merged(added, Said(("Beach",), ("Dog",), 2)) == added
    assert read_xmp(merged(added, Said())).keywords == before.keywords


@pytest.mark.parametrize(
    ("sidecar", "reason"),
    [
        (BOMB, "document type"),
        (DIGIKAM[:-200], "not well-formed"),
        (b"", "not well-formed"),
        (b"<html/>", "no XMP"),
        (DIGIKAM.decode().encode("utf-16"), "not in UTF-8"),
        (b'<?xml version="1.0" encoding="latin1"?><x/>', "not in UTF-8"),
        (
            DIGIKAM.replace(b"<rdf:Bag>\n     <rdf:li>Rome", b"<rdf:Bag>\n     <rdf:lie/><rdf:li>Rome"),
            "a form PhotoClip does not know",
        ),
    ],
)
def test_a_sidecar_that_cannot_be_changed_is_refused(sidecar: bytes, reason: str) -> None:
    with pytest.raises(UnreadableXmp, match=reason):
        merge(sidecar, Said(("Beach",)), NOTHING)


words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
labels = st.lists(words, unique=True, max_size=4)


@given(
    st.sampled_from([None, *SAMPLES.values()]), labels, labels, st.integers(1, 5), labels, st.integers(0, 5)
)
def test_what_is_written_is_read_back(
    sidecar: bytes | None,
    human: list[str],
    found: list[str],
    rating: int,
    later: list[str],
    later_rating: int,
) -> None:
    theirs = read_xmp(sidecar).keywords if sidecar else ()
    automatic = tuple(label for label in found if label not in human)
    first = merged(sidecar, Said(tuple(human), automatic, rating))
    read = read_xmp(first)
    assert set(read.keywords) == {*theirs, *human, *automatic}
    assert set(read.automatic) == set(automatic) - set(theirs)
    assert read.rating == rating
    second = merged(first, Said(tuple(later), (), later_rating))
    read = read_xmp(second)
    assert set(read.keywords) == {*theirs, *later}
    assert read.automatic == ()
    if later_rating:
        assert read.rating == later_rating


@given(st.data())
def test_damaged_sidecars_are_refused_or_kept_whole(data: st.DataObject) -> None:
    sample = bytearray(data.draw(st.sampled_from(list(SAMPLES.values()))))
    for _ in range(data.draw(st.integers(1, 4))):
        sample[data.draw(st.integers(0, len(sample) - 1))] = data.draw(st.integers(32, 126))
    try:
        result = merge(bytes(sample), Said(("Beach",)), NOTHING)
    except UnreadableXmp:
        return
    assert result.data is not None
    assert "Beach" in read_xmp(result.data).keywords


def test_a_long_text_is_not_slow() -> None:
    lines = b"<rdf:li>" + b"gz02eJxjZGBg\n" * 400_000 + b"</rdf:li>"
    large = DARKTABLE.replace(b"<rdf:Seq>\n     <rdf:li\n", b"<rdf:Seq>" + lines + b"<rdf:li\n")
    assert len(large) > 5_000_000
    assert SidecarText(large).items("dc:subject") == []


def test_many_keywords_are_not_slow() -> None:
    """Tens of thousands that are to go, as somebody may write them who means harm; more are refused."""

    def sidecar(count: int) -> bytes:
        entries = b"".join(b"<rdf:li>%d</rdf:li>" % number for number in range(count))
        lists = (
            b"<%s><rdf:Bag>%s</rdf:Bag></%s>" % (name, entries, name) for name in (b"dc:subject", b"p:Labels")
        )
        spaces = b'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:p="urn:photoclip:xmp:1.0/"'
        opened = (
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description %s>' % spaces
        )
        return opened + b"".join(lists) + b"</rdf:Description></rdf:RDF>"

    assert read_xmp(merged(sidecar(40_000), Said(("7", "Beach")))).keywords == ("7", "Beach")
    with pytest.raises(UnreadableXmp, match="larger or other"):
        merge(sidecar(60_000), Said(("Beach",)), NOTHING)
