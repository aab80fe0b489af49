"""P9, blind is not quiet: one entry for the venue, none sold, all told when it is back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.models import Source
from positions.models import JournalEntry
from positions.venues.base import TransientError
from tests.monitoring.engine.house import House, demo, kinds, last

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
STOP: dict[str, Any] = {"stop_loss_price": "0.45", "confirm_seconds": 0}
AWAY = TransientError("POST venue/books: 503")


def blind(house: House, *, venue: str = "polymarket") -> None:
    house.sources[venue].failure = AWAY


def back(house: House, *, venue: str = "polymarket") -> None:
    house.sources[venue].failure = None


def passes(house: House, number: int, every: float = 30) -> None:
    for _ in range(number):
        house.run()
        house.clock.later(every)


def test_answer_is_remembered_with_its_time(house: House) -> None:
    house.position(policy=STOP)
    house.runs("0.60", "0.60")
    source = Source.objects.get()
    assert (source.venue, source.blind_since, source.told) == ("polymarket", None, False)
    assert (house.clock.at - source.answered_at).total_seconds() == 30  # type: ignore[operator]


def test_blind_venue_is_told_once_and_before_its_positions(house: House) -> None:
    for name in ("A", "B", "C"):
        house.position(name, policy=STOP)
        house.says(name, "0.60")
    passes(house, 1)
    began = house.clock.at
    blind(house)
    passes(house, 8)
    assert kinds() == ["source_down", "unpriced", "unpriced", "unpriced"]
    down = last("source_down")
    assert (down.urgency, down.data) == (
        "critical",
        {
            "venue": "polymarket",
            "since": began.isoformat(),
            "positions": 3,
            "stops": 3,
            "near": 0,
            "problem": "POST venue/books: 503",
        },
    )
    assert down.text == (
        "Polymarket tells no prices: 3 positions are not guarded, 0 within 5 % of their stop"
        " (POST venue/books: 503)"
    )
    for entry in JournalEntry.objects.filter(kind="unpriced"):
        assert (entry.data["venue"], entry.data["blind"], entry.at) == (
            "polymarket",
            True,
            down.at,
        )


def test_demo_alone_says_that_it_is_one(house: House) -> None:
    demo(house.position(policy=STOP))
    house.says("A", "0.60")
    passes(house, 1)
    blind(house)
    passes(house, 8)
    assert last("source_down").data["demo"] is True


def test_it_is_told_at_once_near_a_stop_and_says_how_many(house: House) -> None:
    house.position("A", policy=STOP)
    house.position("B", policy=STOP)
    house.says("A", "0.47")
    house.says("B", "0.60")
    passes(house, 1)
    blind(house)
    passes(house, 1)
    assert (kinds(), last("source_down").data["near"]) == (["source_down", "unpriced"], 1)
    passes(house, 4)
    assert kinds() == ["source_down", "unpriced", "unpriced"]
    assert all(e.data["blind"] for e in JournalEntry.objects.filter(kind="unpriced"))


def test_without_a_stop_there_it_is_high_only(house: House) -> None:
    house.position(policy={"take_profit_price": "0.90"})
    house.runs("0.60")
    blind(house)
    passes(house, 5)
    assert last("source_down").urgency == "high"


def test_unarmed_stop_is_no_stop(house: House) -> None:
    house.position(policy=STOP, age=1000)
    house.runs("0.40")
    blind(house)
    passes(house, 5)
    assert last("source_down").urgency == "high"


def test_short_silence_is_not_told(house: House) -> None:
    house.position(policy=STOP)
    house.runs("0.60")
    blind(house)
    passes(house, 1)
    back(house)
    passes(house, 2)
    assert kinds() == []
    assert Source.objects.get().blind_since is None


def test_recovery_is_told_once_after_the_prices_it_brings(house: House) -> None:
    house.position("A", policy=STOP)
    house.position("B", policy=STOP)
    for name in ("A", "B"):
        house.says(name, "0.60")
    passes(house, 1)
    blind(house)
    passes(house, 5)
    back(house)
    passes(house, 3)
    # Passes without any price guard nobody: the span is told too, by what moved in it.
    assert kinds()[3:] == ["priced", "priced", "source_back", "unguarded"]
    assert all(e.data["blind"] for e in JournalEntry.objects.filter(kind="priced"))
    over = last("source_back")
    assert (over.text, over.data["seconds"]) == (
        "Polymarket tells prices again after 2 min",
        150,
    )


def test_second_blindness_is_told_again(house: House) -> None:
    house.position(policy=STOP)
    house.runs("0.60")
    for _ in range(2):
        blind(house)
        passes(house, 5)
        back(house)
        passes(house, 1)
    assert kinds(told="source_down") == ["source_down"] * 2
    assert kinds(told="source_back") == ["source_back"] * 2


def test_single_market_without_a_price_does_not_make_its_venue_blind(house: House) -> None:
    house.position("A", policy=STOP)
    house.position("B", policy=STOP)
    house.says("A", "0.60")
    house.says("B", "0.60")
    passes(house, 1)
    house.says("B", AWAY)
    passes(house, 6)
    assert kinds() == ["unpriced"]
    assert (last("unpriced").data["venue"], last("unpriced").data["blind"]) == (
        "polymarket",
        False,
    )


def test_every_market_failing_by_itself_makes_the_venue_blind(house: House) -> None:
    house.position("A", policy=STOP)
    house.position("B", policy=STOP)
    house.says("A", "0.60")
    house.says("B", "0.60")
    passes(house, 1)
    house.says("A", AWAY)
    house.says("B", AWAY)
    passes(house, 5)
    assert kinds()[0] == "source_down"


def test_other_venue_stays_guarded_and_untold(house: House) -> None:
    house.position("A", policy=STOP)
    house.position("S", policy=STOP, venue="sim")
    house.says("A", "0.60")
    house.says("S", "0.60", venue="sim")
    passes(house, 1)
    blind(house)
    passes(house, 5)
    house.says("S", "0.40", venue="sim")
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]
    assert dict(Source.objects.values_list("venue", "told")) == {"polymarket": True, "sim": False}


def test_nothing_is_sold_on_a_quote_from_before_the_blindness(house: House) -> None:
    """The bid that was stored lies below a stop that is set only now."""
    house.position(policy={**STOP, "stop_loss_price": "0.30"})
    house.runs("0.40")
    blind(house)
    house.position("B", policy=STOP)
    for _ in range(20):
        result = house.run()
        assert (result.triggers, result.exits, house.exchange.sent) == ([], [], [])
        house.clock.later(30)
    back(house)
    house.says("A", "0.40")
    house.says("B", "0.40")
    assert [exit_["rule"] for exit_ in house.run().exits] == ["stop_loss"]


def test_clock_set_back_begins_the_count_anew(house: House) -> None:
    house.position(policy=STOP)
    house.runs("0.60")
    blind(house)
    passes(house, 1)
    house.clock.later(-3600)
    passes(house, 5)
    assert kinds() == ["source_down", "unpriced"]
    assert last("source_down").at < house.clock.at


@pytest.mark.parametrize("venues", [1, 2])
def test_sources_cost_a_read_and_one_write_a_look(house: House, venues: int) -> None:
    for venue in ("polymarket", "sim")[:venues]:
        house.position(venue, policy=STOP, venue=venue)
        house.says(venue, "0.60", venue=venue)
    house.interval = Decimal(30)
    passes(house, 2)
    with CaptureQueriesContext(connection) as captured:
        house.run()
    ours = [row["sql"].split()[0] for row in captured if "monitoring_source" in row["sql"]]
    assert ours == ["SELECT", "INSERT"]
