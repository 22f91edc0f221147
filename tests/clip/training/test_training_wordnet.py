"""WordNet's further words for a class."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoclip.clip.training.wordnet import WordNet, senses

LINES = """  1 a line of the licence
00000010 05 n 02 goldfish 0 Carassius_auratus 0 001 @ 00000001 n 0000 | small golden fish; "they swim"
00000020 05 n 02 crane 0 wading_bird 0 000 | a long-legged bird
00000030 06 n 02 crane 0 hoist 0 000 | a machine that lifts
00000040 18 n 02 Crane 0 Stephen_Crane 0 000 | a writer
00000050 06 n 01 wheelchair 0 000 | a movable chair
"""


@pytest.fixture
def wordnet(tmp_path: Path) -> WordNet:
    (tmp_path / "data.noun").write_text(LINES, encoding="utf-8")
    return WordNet(tmp_path)


def test_a_name_with_one_meaning_gets_its_synonyms_and_its_definition(wordnet: WordNet) -> None:
    assert wordnet.further(("Goldfish",)) == ("Carassius auratus", "small golden fish")
    assert wordnet.further(("wheelchair",)) == ("a movable chair",)


def test_what_is_known_already_is_not_said_twice(wordnet: WordNet) -> None:
    assert wordnet.further(("goldfish", "carassius auratus")) == ("small golden fish",)


def test_a_name_with_several_meanings_needs_another_that_decides(wordnet: WordNet) -> None:
    assert wordnet.further(("crane",)) == ()
    assert wordnet.further(("crane", "hoist")) == ("a machine that lifts",)


def test_unknown_names_and_persons_get_nothing(wordnet: WordNet) -> None:
    assert wordnet.further(("zeppelin",)) == ()
    assert wordnet.further(("Stephen Crane",)) == ()


def test_without_its_files_it_knows_no_words(tmp_path: Path) -> None:
    assert WordNet(tmp_path).further(("goldfish",)) == ()


def test_adjectives_lose_the_marks_of_their_place(tmp_path: Path) -> None:
    path = tmp_path / "data.adj"
    path.write_text("00000010 00 a 02 live(a) 0 alive(p) 0 000 | having life\n", encoding="utf-8")
    assert [sense.lemmas for sense in senses(path)] == [("live", "alive")]
