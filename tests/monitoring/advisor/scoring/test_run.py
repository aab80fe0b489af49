"""Looking back: when, at which price, and what nobody can tell."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from monitoring.advisor.scoring.run import score_due
from monitoring.models import Decision, Score
from positions.models import Market, Position, Quote
from tests.monitoring.advisor.scoring.made import (
    DAY,
    HOUR,
    WEEK,
    Venue,
    decision,
    scores,
    sold,
    stood,
    told,
)
from tests.positions.holdings import NOON, holding

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
D = Decimal
MINUTE = timedelta(minutes=1)


def test_four_looks_are_planned_once() -> None:
    one = decision()
    first = score_due(NOON, source=Venue())
    again = score_due(NOON, source=Venue())
    assert (first.planned, again.planned) == (1, 0)
    assert {name: row.due_at for name, row in scores(one).items()} == {
        "1h": NOON + HOUR,
        "24h": NOON + DAY,
        "7d": NOON + WEEK,
        "end": None,
    }
    assert again.again_at == NOON + HOUR


def test_what_is_nobody_s_own_judgement_is_not_planned() -> None:
    held = holding()
    decision("ask", position=held)
    decision(position=held, confidence=None, provider="rules")
    decision(position=held, provider="demo-fixture")
    own = decision(position=held)
    decision(position=held, cached_from=own)
    shown = holding("Demo")
    Position.objects.filter(pk=shown.pk).update(is_demo=True)
    decision(position=shown)
    score_due(NOON, source=Venue())
    assert set(Score.objects.values_list("decision", flat=True)) == {own.pk}


def test_sale_is_held_against_what_it_brought_after_fees() -> None:
    one = decision("sell", bid="0.52")
    sold(one, "0.50", fee="1")  # 0.49 a share
    stood(one.position.market, "0.49", NOON + DAY - MINUTE, NOON + DAY + MINUTE)
    score_due(NOON + DAY, source=Venue())
    assert told(one, "24h") == (D("0.49"), True, D(0))


def test_sale_that_nobody_carried_out_is_held_against_the_bid_after_fees() -> None:
    # 0.04 x 0.25 = a cent a share at 0.50
    right = decision("sell", position=holding("R", fee_rate="0.04"))
    wrong = decision("sell", position=holding("W", fee_rate="0.04"))
    stood(right.position.market, "0.49", NOON + DAY)
    stood(wrong.position.market, "0.495", NOON + DAY)
    score_due(NOON + DAY, source=Venue())
    assert told(right, "24h") == (D("0.49"), True, D(0))
    assert told(wrong, "24h") == (D("0.495"), False, D("0.005"))


def test_earlier_answer_has_not_made_the_sale_of_a_later_one() -> None:
    one = decision("sell", bid="0.60")
    later = Decision.objects.create(
        question=one.question,
        position=one.position,
        provider="anthropic",
        verdict="sell",
        confidence=D("0.9"),
        bid=D("0.50"),
        at=NOON,
    )
    sold(later, "0.40")
    stood(one.position.market, "0.50", NOON + DAY)
    score_due(NOON + DAY, source=Venue())
    assert (told(one, "24h")[1], told(later, "24h")[1]) == (True, False)


def test_hold_may_lose_a_cent() -> None:
    one = decision("hold")
    stood(one.position.market, "0.49", NOON + HOUR)
    stood(one.position.market, "0.485", NOON + DAY)
    score_due(NOON + DAY, source=Venue())
    assert (told(one, "1h")[1], told(one, "24h")[1]) == (True, False)


def test_price_still_standing_in_the_quote_counts() -> None:
    one = decision("hold")
    Quote.objects.filter(market=one.position.market).update(
        bid=D("0.51"), bid_since=NOON, bid_at=NOON + HOUR
    )
    score_due(NOON + HOUR, source=Venue())
    assert told(one, "1h")[0] == D("0.51")


def test_downtime_is_caught_up_from_the_history() -> None:
    one = decision("hold")
    stood(one.position.market, "0.51", NOON + HOUR - 5 * MINUTE)
    stood(one.position.market, "0.52", NOON + DAY + 2 * HOUR)
    stood(one.position.market, "0.53", NOON + WEEK)
    result = score_due(NOON + WEEK + DAY, source=Venue())
    assert (result.planned, result.scored, result.excluded) == (1, 3, 0)
    bids = [told(one, horizon)[0] for horizon in ("1h", "24h", "7d")]
    assert bids == [D("0.51"), D("0.52"), D("0.53")]


def test_unknown_price_is_excluded_and_counted_once_it_is_too_late() -> None:
    one = decision("hold")
    stood(one.position.market, "0.51", NOON + HOUR - 6 * MINUTE)
    assert score_due(NOON + HOUR, source=Venue()).excluded == 0
    assert scores(one)["1h"].at is None
    result = score_due(NOON + HOUR + 6 * MINUTE, source=Venue())
    assert (result.scored, result.excluded) == (0, 1)
    assert told(one, "1h") == (None, None, None)


def test_decision_without_a_bid_is_excluded() -> None:
    one = decision("hold", bid=None)
    stood(one.position.market, "0.5", NOON + HOUR)
    assert score_due(NOON + HOUR, source=Venue()).excluded == 1
    assert told(one, "1h") == (D("0.5"), None, None)


def test_second_run_changes_nothing() -> None:
    one = decision("hold")
    stood(one.position.market, "0.51", NOON + HOUR)
    score_due(NOON + HOUR, source=Venue())
    before = list(Score.objects.order_by("pk").values())
    result = score_due(NOON + HOUR, source=Venue())
    assert (result.scored, list(Score.objects.order_by("pk").values())) == (0, before)


class TestUnwatched:
    def test_market_that_nobody_holds_any_more_is_asked_when_a_score_is_due(self) -> None:
        one = decision("sell")
        sold(one, "0.50")
        venue = Venue(bids={"A": "0.30"})
        score_due(NOON + HOUR - MINUTE, source=venue)
        assert venue.read_of == []
        score_due(NOON + HOUR + MINUTE, source=venue)
        assert (venue.read_of, told(one, "1h")) == ([["A"]], (D("0.30"), True, D(0)))

    def test_market_that_is_held_is_never_asked(self) -> None:
        one = decision("hold")
        venue = Venue(bids={"A": "0.30"}, ends={"A": "1"})
        score_due(NOON + HOUR, source=venue)
        assert (venue.read_of, venue.status_of) == ([], [])
        assert scores(one)["1h"].at is None

    def test_price_of_too_late_is_not_taken(self) -> None:
        one = decision("sell")
        sold(one, "0.50")
        venue = Venue(bids={"A": "0.30"})
        assert score_due(NOON + HOUR + 6 * MINUTE, source=venue).excluded == 1
        assert (venue.read_of, told(one, "1h")[0]) == ([], None)

    def test_venue_that_is_away_is_asked_again_in_time(self) -> None:
        one = decision("sell")
        sold(one, "0.50")
        score_due(NOON + HOUR, source=Venue(fails=True))
        assert scores(one)["1h"].at is None
        score_due(NOON + HOUR + MINUTE, source=Venue(bids={"A": "0.55"}))
        assert told(one, "1h") == (D("0.55"), False, D("0.05"))

    def test_its_end_is_asked_for_four_times_a_day_and_counts_by_the_payout(self) -> None:
        one = decision("sell")
        sold(one, "0.50")
        venue = Venue(bids={"A": "0.30"})
        for hours in (0, 3, 6, 7):
            score_due(NOON + hours * HOUR, source=venue)
        assert venue.status_of == [["A"], ["A"]]
        venue.ends["A"] = "1"
        score_due(NOON + 12 * HOUR, source=venue)
        assert told(one, "end") == (D(1), False, D("0.5"))
        market = Market.objects.get()
        assert (market.state, market.settle_price) == ("resolved", D(1))
        score_due(NOON + 20 * HOUR, source=venue)
        assert len(venue.status_of) == 3

    def test_market_that_ended_before_a_look_counts_by_its_payout_there_too(self) -> None:
        one = decision("hold")
        Market.objects.update(state="resolved", settle_price=D(0), status_at=NOON + 3 * HOUR)
        Position.objects.update(state="closed")
        stood(one.position.market, "0.50", NOON + HOUR)
        score_due(NOON + DAY, source=Venue())
        assert told(one, "1h") == (D("0.50"), True, D(0))
        assert told(one, "24h") == (D(0), False, D("0.5"))
        assert told(one, "end") == (D(0), False, D("0.5"))
        assert scores(one)["end"].due_at == NOON + 3 * HOUR
