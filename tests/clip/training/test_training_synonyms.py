from __future__ import annotations

from photoclip.clip.training.synonyms import SYNONYMS, found_in, without

TEXTS = ["A pooch, asleep", "two Candelabras on a table", "a saxophone", "swine", "a Stretch Limo!"]


def test_texts_with_a_word_kept_for_the_test_are_left_out() -> None:
    assert list(without(TEXTS)) == ["a saxophone", "swine"]
    assert found_in(TEXTS) == ["candelabra", "pooch", "stretch limo"]


def test_there_are_fifty_and_none_is_its_own_class() -> None:
    assert len(SYNONYMS) == 50
    assert not found_in(SYNONYMS.values())
