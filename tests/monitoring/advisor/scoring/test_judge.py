"""Right or wrong, and by how much: pure, with its laws."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.advisor.scoring.judge import Judged, Taken, cents, held, judge, sold

D = Decimal
prices = st.decimals(min_value="0.01", max_value="0.99", places=2)


def taken(verdict: str, *, bid: str = "0.50", net: str = "0.49", payout: str | None = "1") -> Taken:
    return Taken(verdict, D(bid), D(net), None if payout is None else D(payout))


@pytest.mark.parametrize("verdict", ["sell", "reduce"])
@pytest.mark.parametrize(
    ("later", "right", "regret"),
    [("0.49", True, "0"), ("0.48", True, "0"), ("0.495", False, "0.005"), ("1", False, "0.51")],
)
def test_sale_is_right_where_the_price_is_no_higher_than_what_it_brought(
    verdict: str, later: str, right: bool, regret: str
) -> None:
    assert judge(taken(verdict), D(later)) == Judged(right, D(regret))


@pytest.mark.parametrize(
    ("later", "right", "regret"),
    [("0.49", True, "0"), ("0.489", False, "0.001"), ("0.60", True, "0"), ("0", False, "0.49")],
)
def test_hold_is_right_where_no_more_than_a_cent_was_lost(
    later: str, right: bool, regret: str
) -> None:
    assert judge(taken("hold"), D(later)) == Judged(right, D(regret))


def test_cent_is_a_hundredth_of_the_payout_or_of_the_price() -> None:
    rupees = taken("hold", bid="50", net="50", payout="100")
    assert (held(rupees, D(49)).right, held(rupees, D("48.9")).right) == (True, False)
    index = taken("hold", bid="2000", net="2000", payout=None)
    assert (held(index, D(1980)).right, held(index, D("1979.9")).right) == (True, False)
    assert (cents(rupees, D(3)), cents(index, D(60))) == (D(3), D(3))


@given(bid=prices, net=prices, later=prices)
def test_one_of_the_two_is_without_regret_and_the_other_pays_the_difference(
    bid: Decimal, net: Decimal, later: Decimal
) -> None:
    choice = Taken("hold", bid, net, D(1))
    regrets = (held(choice, later).regret, sold(choice, later).regret)
    assert min(regrets) == 0
    assert max(regrets) == abs(later - net)


@given(bid=prices, net=prices, lower=prices, higher=prices)
def test_higher_price_never_makes_a_hold_wrong_nor_a_sale_right(
    bid: Decimal, net: Decimal, lower: Decimal, higher: Decimal
) -> None:
    lower, higher = sorted((lower, higher))
    choice = Taken("sell", bid, net, D(1))
    assert held(choice, higher).right or not held(choice, lower).right
    assert sold(choice, lower).right or not sold(choice, higher).right
