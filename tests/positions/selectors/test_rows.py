"""Positions as the pages need them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from positions import selectors
from positions.domain.quotes import STALE
from positions.domain.state import EMPTY, dump
from positions.models import Exit, ExitPolicy, Mark, Position, Quote, Strategy
from tests.website import hold, tell

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def test_strategy_and_position_share_the_policy() -> None:
    strategy = Strategy.objects.create(name="mine")
    ExitPolicy.objects.create(strategy=strategy, document='{"stop_loss_pct": "10"}')
    hold(strategy=strategy, policy={"take_profit_price": Decimal("0.9")})
    (row,) = selectors.open_rows(timezone.now())
    assert (row.policy.stop_loss_pct, row.policy.take_profit_price) == (
        Decimal(10),
        Decimal("0.9"),
    )
    assert row.strategy == "mine"


def test_damaged_policy_is_told_and_stops_no_other_row() -> None:
    broken, sound = hold("broken"), hold("sound")
    ExitPolicy.objects.filter(position=broken).update(document='{"stop_loss_pct": "-5"}')
    rows = {row.id: row.broken for row in selectors.open_rows(timezone.now())}
    assert rows == {broken.pk: "stop_loss_pct: -5 is negative", sound.pk: ""}


def test_best_bid_of_the_column_counts() -> None:
    position = hold()
    Mark.objects.filter(position=position).update(state=dump(EMPTY), best=Decimal("0.70"))
    assert selectors.open_rows(timezone.now())[0].state.best == Decimal("0.70")


@pytest.mark.parametrize(("age", "problem"), [(119, ""), (121, STALE)])
def test_price_ages_out_after_the_larger_guard(age: int, problem: str) -> None:
    hold()
    now = timezone.now()
    Quote.objects.update(told_at=now - timedelta(seconds=age))
    assert selectors.open_rows(now)[0].problem == problem


def test_positions_own_problem_counts_when_the_quote_has_none() -> None:
    position = hold()
    Mark.objects.filter(position=position).update(problem="HTTP 502 from /books")
    assert selectors.open_rows(timezone.now())[0].problem == "HTTP 502 from /books"


def test_live_exit_is_shown_and_an_ended_one_is_not() -> None:
    position = hold()
    facts = {"rule": "manual", "shares": 950, "created_at": timezone.now()}
    Exit.objects.create(position=position, state="cancelled", **facts)
    assert selectors.open_rows(timezone.now())[0].exit is None
    Exit.objects.create(position=position, state="working", **facts)
    leave = selectors.open_rows(timezone.now())[0].exit
    assert leave is not None
    assert leave.state == "working"


def sold(position: Position, *parts: tuple[str, int]) -> None:
    """Closes the position by fills of (price, shares)."""
    now = timezone.now()
    leave = Exit.objects.create(
        position=position, rule="manual", shares=950, state="filled", created_at=now
    )
    for number, (price, shares) in enumerate(parts):
        leave.fills.create(attempt=1, number=number, price=Decimal(price), shares=shares, at=now)
    position.state, position.shares, position.closed_at = "closed", Decimal(0), now
    position.save()


def test_closed_position_shows_its_average_sale_for_a_day() -> None:
    position = hold()
    sold(position, ("0.60", 500), ("0.50", 450))
    (row,) = selectors.closed_rows(timezone.now())
    assert row.bid == (Decimal("0.60") * 500 + Decimal("0.50") * 450) / 950
    assert selectors.closed_rows(timezone.now() + timedelta(hours=25)) == []


def test_booked_today_is_summed_by_currency_without_the_demo() -> None:
    sold(hold("a", entry_fees=Decimal("9.5")), ("0.60", 500), ("0.50", 450))
    sold(hold("b", is_demo=True), ("0.60", 950))
    rupees = hold("c", bid="52", entry="60", shares="950", currency="PKR", payout=Decimal(100))
    sold(rupees, ("50", 950))
    found = selectors.realised_today(timezone.now())
    assert {name: (one.amount, one.count) for name, one in found.items()} == {
        # 500 x 0.02 - 450 x 0.08 - 9.50
        "USDC": (Decimal("-35.5"), 1),
        "PKR": (Decimal(-9500), 1),
    }


def test_yesterdays_booking_is_not_todays() -> None:
    sold(hold(), ("0.60", 950))
    assert selectors.realised_today(timezone.now() + timedelta(days=1)) == {}


def test_window_rules_get_every_past_bid_of_one_position() -> None:
    rule = {"window_minutes": Decimal(60), "pct": Decimal(5)}
    position = hold(policy={"adverse_move": rule})
    for bid in ("0.65", "0.66", "0.64"):
        tell(position, bid)
    row = selectors.row(position.pk, timezone.now())
    assert row is not None
    assert [str(run.bid) for run in row.runs] == ["0.634", "0.65", "0.66", "0.64"]


def test_unknown_position_is_none() -> None:
    assert selectors.row(999, timezone.now()) is None
