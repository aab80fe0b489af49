"""Brier score, reliability and baselines: pure, with their laws."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.advisor.scoring.figures import (
    ENOUGH,
    Bin,
    Figures,
    Sample,
    always,
    bins,
    brier,
    figures,
    undecided,
)
from monitoring.advisor.scoring.judge import Judged

D = Decimal
confidences = st.decimals(min_value=0, max_value=1, places=4)
samples = st.builds(Sample, confidences, st.booleans(), st.decimals(0, 100, places=2))


def sample(confidence: str, right: bool, regret: str = "0") -> Sample:
    return Sample(D(confidence), right, D(regret))


def test_brier_is_the_mean_squared_distance() -> None:
    assert brier([sample("0.8", True), sample("0.6", False)]) == D("0.2")  # (.04 + .36) / 2


def test_nothing_but_the_number_is_said_below_fifty() -> None:
    few = [sample("0.8", True)] * (ENOUGH - 1)
    assert figures(few) == Figures(49)
    assert figures([*few, sample("0.3", False, "5")]) == Figures(
        50, D("0.98"), D("0.1"), D("0.041")
    )
    assert (figures([], least=0), figures(few).enough) == (Figures(0), False)


def test_bins_tell_how_sure_and_how_often_right() -> None:
    found = bins(
        [sample("0.81", True), sample("0.99", False), sample("1", True), sample("0", True)]
    )
    assert found[0] == Bin(D(0), D("0.2"), 1, D(0), D(1))
    assert found[1:4] == [Bin(D(n) / 5, D(n + 1) / 5, 0, None, None) for n in (1, 2, 3)]
    assert (found[4].n, found[4].low, found[4].high) == (3, D("0.8"), D(1))
    assert found[4].sure == D("2.8") / 3
    assert found[4].right == D(2) / 3


@pytest.mark.parametrize(("confidence", "place"), [("0.19", 0), ("0.2", 1), ("0.8", 4), ("1", 4)])
def test_edge_belongs_to_the_upper_bin(confidence: str, place: int) -> None:
    found = bins([sample(confidence, True)])
    assert [one.n for one in found] == [int(number == place) for number in range(5)]


@given(st.lists(samples, min_size=1, max_size=60))
def test_bins_hold_every_sample_once_within_their_edges(given_: list[Sample]) -> None:
    found = bins(given_)
    assert sum(one.n for one in found) == len(given_)
    for one in found:
        assert one.sure is None or one.low <= one.sure <= one.high


@given(st.lists(samples, min_size=1, max_size=60))
def test_brier_lies_between_none_and_one_and_half_sure_is_a_quarter(given_: list[Sample]) -> None:
    assert 0 <= brier(given_) <= 1
    assert brier(undecided(given_)) == D("0.25")


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_who_is_always_sure_has_the_part_that_was_wrong_as_score(right: list[bool]) -> None:
    found = always((Judged(one, D(0)), D(0)) for one in right)
    told = figures(found, least=1)
    assert told.right is not None
    assert told.brier is not None
    assert abs(told.brier + told.right - 1) < D("1e-20")


@given(st.lists(samples, min_size=2, max_size=60))
def test_order_does_not_matter(given_: list[Sample]) -> None:
    turned = given_[::-1]
    assert figures(turned, least=1).n == figures(given_, least=1).n
    assert abs(brier(turned) - brier(given_)) < D("1e-20")
