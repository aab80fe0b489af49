from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.advisor.news.keys import key, normalise, without_publisher

WORDS = st.lists(st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1), min_size=1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hart says he will resign", "Hart says he will not resign"),
        ("Senate approves the bill", "Senate blocks the bill"),
        ("Powell resigns", "Powell resigns?"),
        ("Inflation rises to 5", "Inflation rises to 5%"),
        ("5 degrees", "-5 degrees"),
        ("Fed cuts rate", "Fed cuts rates"),
        ("Rates cut by Fed", "Fed cut by rates"),
        ("Index at 15.3", "Index at 153"),
    ],
)
def test_headlines_of_other_meaning_never_merge(one: str, other: str) -> None:
    assert key(one) != key(other)


@pytest.mark.parametrize(
    "copy",
    [
        "fed cuts rates, markets rally",
        "  Fed  cuts rates,\tmarkets rally. ",
        "“Fed cuts rates, markets rally”",
        "Ｆｅｄ cuts rates, markets rally!",
    ],
)
def test_copies_of_a_headline_have_its_key(copy: str) -> None:
    assert key(copy) == key("Fed cuts rates, markets rally")


@given(WORDS, WORDS)
def test_titles_that_differ_in_any_word_never_merge(one: list[str], other: list[str]) -> None:
    assert (key(" ".join(one)) == key(" ".join(other))) == (one == other)


@given(st.text())
def test_normalising_again_changes_nothing(title: str) -> None:
    assert normalise(normalise(title)) == normalise(title)


def test_demo_headline_never_meets_a_real_one() -> None:
    assert key("Fed cuts rates", demo=True) != key("Fed cuts rates")


@pytest.mark.parametrize(
    ("title", "publisher", "left"),
    [
        ("Fed cuts - at last - Reuters", "Reuters", "Fed cuts - at last"),
        ("Fed cuts - REUTERS", "Reuters", "Fed cuts"),
        ("Fed cuts - The Independent", "Reuters", "Fed cuts - The Independent"),
        ("Fed cuts", "", "Fed cuts"),
    ],
)
def test_only_the_publisher_s_own_name_is_taken_off(title: str, publisher: str, left: str) -> None:
    assert without_publisher(title, publisher) == left
