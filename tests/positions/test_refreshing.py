"""Facts of markets: what the venue changes reaches the rules, what it does not say stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from positions.markets import market_ensure, resolve_reference
from positions.models import JournalEntry, Mark, Market, Position
from positions.refreshing import refresh_open
from positions.services import position_open
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
LATER = NOW + timedelta(minutes=10)
END = datetime(2027, 6, 30, tzinfo=UTC)
FACTS = ("ends_at", "game_at", "tick", "min_size", "fee_rate", "fee_exponent")
CHANGES = {
    "end": "2028-06-30T00:00:00Z",
    "game_start": "2027-06-29 20:00:00+00",
    "tick": "0.001",
    "min_size": "1",
    "fee_rate": "0.07",
    "fee_exponent": 2,
}


def held_in(reference: str, outcome: str = "Yes", *, shares: str = "100") -> Position:
    return position_open(
        market=market_ensure(resolve_reference(reference, outcome)),
        entry_price=Decimal("0.40"),
        shares=Decimal(shares),
        now=NOW,
    )


@pytest.fixture
def position(fed: FakeMarket) -> Position:
    """100 Yes, and a watch that is calm."""
    made = held_in("fed-dec")
    Mark.objects.update(quiet_low=0.1, quiet_high=0.9, quiet_until=LATER)
    return made


def stored() -> tuple[object, ...]:
    market = Market.objects.get()
    return tuple(getattr(market, name) for name in FACTS)


def told() -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(kind="market_changed").order_by("pk"))


def test_unchanged_facts_write_nothing(position: Position) -> None:
    assert refresh_open(LATER) == []
    assert (told(), Mark.objects.get().quiet_low) == ([], 0.1)


def test_changed_facts_are_stored_told_and_judged_anew(
    polymarket: PolymarketServer, position: Position
) -> None:
    polymarket.edit_market("fed-dec", **CHANGES)
    assert refresh_open(LATER) == [position.market_id]
    game = datetime(2027, 6, 29, 20, tzinfo=UTC)
    end = END.replace(year=2028)
    assert stored() == (end, game, Decimal("0.001"), Decimal(1), Decimal("0.07"), 2)
    mark = Mark.objects.get()
    assert (mark.quiet_low, mark.quiet_high, mark.quiet_until) == (None, None, None)
    [entry] = told()
    assert (entry.position, entry.at) == (position, LATER)
    assert entry.text == (
        "the market changed: end 2027-06-30T00:00:00Z → 2028-06-30T00:00:00Z;"
        " game start none → 2027-06-29T20:00:00Z; tick 0.01 → 0.001; minimum order 5 → 1;"
        " fee rate 0.05 → 0.07; fee exponent 1 → 2"
    )
    assert entry.data["changes"]["min_size"] == {"old": "5", "new": "1"}
    assert refresh_open(LATER) == []


def test_how_it_resolves_is_kept_fresh_without_a_word(
    polymarket: PolymarketServer, position: Position
) -> None:
    for text, kept in (("Yes if it is so.", "Yes if it is so."), ("", "Yes if it is so.")):
        polymarket.edit_market("fed-dec", description=text)
        assert refresh_open(LATER) == []
        assert (Market.objects.get().criteria, told()) == (kept, [])


def test_each_open_position_is_told_and_no_closed_one(
    polymarket: PolymarketServer, position: Position
) -> None:
    second, closed = held_in("fed-dec"), held_in("fed-dec")
    Position.objects.filter(pk=closed.pk).update(state="closed", shares=0)
    polymarket.edit_market("fed-dec", end=CHANGES["end"])
    refresh_open(LATER)
    assert [entry.position_id for entry in told()] == [position.pk, second.pk]


def test_market_without_open_position_is_left_alone(
    polymarket: PolymarketServer, position: Position
) -> None:
    Position.objects.update(state="closed", shares=0)
    polymarket.edit_market("fed-dec", end=CHANGES["end"])
    assert (refresh_open(LATER), stored()[0]) == ([], END)


def test_end_that_gamma_leaves_out_stays(polymarket: PolymarketServer, position: Position) -> None:
    polymarket.edit_market("fed-dec", end=None)
    assert (refresh_open(LATER), stored()[0]) == ([], END)


def test_lower_minimum_frees_what_was_too_small(
    polymarket: PolymarketServer, fed: FakeMarket
) -> None:
    small, smaller = held_in("fed-dec", shares="2.5"), held_in("fed-dec", shares="0.5")
    Position.objects.update(is_dust=True)
    polymarket.edit_market("fed-dec", min_size="1")
    refresh_open(LATER)
    rows = Position.objects.order_by("pk").values_list("pk", "is_dust")
    assert list(rows) == [(small.pk, False), (smaller.pk, True)]


@pytest.mark.parametrize("route", ["gamma/markets/keyset", "gamma/*"])
def test_gamma_s_failure_leaves_the_old_facts(
    polymarket: PolymarketServer, position: Position, route: str
) -> None:
    before = stored()
    polymarket.edit_market("fed-dec", **CHANGES)
    polymarket.knob("404", route=route)
    assert (refresh_open(LATER), stored()) == ([], before)


def test_clob_s_failure_leaves_tick_minimum_and_fee(
    polymarket: PolymarketServer, position: Position
) -> None:
    polymarket.edit_market("fed-dec", **CHANGES)
    polymarket.knob("404", route="clob/clob-markets/*")
    refresh_open(LATER)
    assert stored()[2:] == (Decimal("0.01"), Decimal(5), Decimal("0.05"), 1)
    assert stored()[0] == END.replace(year=2028)


def test_both_outcomes_ask_for_their_market_s_terms_once(
    polymarket: PolymarketServer, position: Position
) -> None:
    held_in("fed-dec", "No")
    polymarket.edit_market("fed-dec", min_size="1")
    before = len(polymarket.requests("/clob-markets/"))
    assert len(refresh_open(LATER)) == 2
    assert len(polymarket.requests("/clob-markets/")) - before == 1


def test_market_of_another_venue_is_not_asked_for() -> None:
    held_in("sim:rain")
    assert refresh_open(LATER) == []
