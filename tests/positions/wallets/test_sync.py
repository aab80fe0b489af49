"""Wallets: mirrored in full, whatever the answers look like."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from positions.domain.judge import ARMING_AGE
from positions.markets import market_ensure, resolve_reference
from positions.models import Exit, ExitPolicy, JournalEntry, Position, Strategy, Wallet
from positions.services import policy_set
from positions.venues.base import VenueError
from positions.wallets import sync_all, wallet_sync
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.conftest import NOW
from tests.positions.wallets.kit import (
    ADDRESS,
    Meanwhile,
    fresh,
    later,
    row,
    sync,
    wallet_venue,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def test_a_holding_is_taken_over_with_its_entry(held: Position, fed: FakeMarket) -> None:
    assert (held.market.key, held.market.outcome) == (fed.condition_id, "Yes")
    assert (held.shares, held.entry_price, held.wallet_shares) == (
        Decimal(100),
        Decimal("0.4"),
        Decimal(100),
    )
    assert (held.opened_at, held.source) == (NOW - timedelta(days=2), "wallet")
    assert Wallet.objects.get().synced_at == NOW


def test_an_entry_nobody_knows_counts_as_old(polymarket: PolymarketServer, fed: FakeMarket) -> None:
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100")])
    [opened] = sync().opened
    assert NOW - Position.objects.get(pk=opened).opened_at > ARMING_AGE


def test_all_pages_are_read_and_dust_is_marked(polymarket: PolymarketServer) -> None:
    markets = [polymarket.add_market(f"Market {n}") for n in range(5)]
    sizes = ["100", "4.99", "0.02", "5", "7"]
    rows = [row(m.tokens[0], size) for m, size in zip(markets, sizes, strict=True)]
    polymarket.set_wallet(ADDRESS, rows)
    polymarket.set_page_limit(2)
    synced = sync()
    assert (synced.holdings, len(synced.opened), len(synced.dust)) == (5, 5, 2)
    dust = Position.objects.filter(is_dust=True).values_list("shares", flat=True)
    assert sorted(dust) == [Decimal("0.02"), Decimal("4.99")]


def test_a_second_sync_changes_nothing(held: Position) -> None:
    entries = JournalEntry.objects.count()
    synced = sync(later(300))
    assert (synced.opened, synced.changed, synced.missing) == ([], [], [])
    assert JournalEntry.objects.count() == entries
    assert fresh(held).wallet_seen_at == later(300)


def test_two_rows_of_one_token_stay_two_positions(
    polymarket: PolymarketServer, fed: FakeMarket
) -> None:
    token = fed.tokens[0]
    polymarket.set_wallet(ADDRESS, [row(token, "100"), row(token, "0.4")])
    first = sync()
    assert (len(first.opened), len(first.dust)) == (2, 1)
    polymarket.set_wallet(ADDRESS, [row(token, "0.4"), row(token, "120")])
    second = sync(later(300))
    assert (second.opened, second.missing) == ([], [])
    assert second.changed == [first.opened[0]]
    shares = Position.objects.order_by("pk").values_list("shares", flat=True)
    assert list(shares) == [Decimal(120), Decimal("0.4")]


def test_a_sync_that_began_earlier_adds_nothing_twice(
    polymarket: PolymarketServer, fed: FakeMarket
) -> None:
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100")])
    slow = Meanwhile(wallet_venue(), sync)
    assert wallet_sync(ADDRESS, now=NOW, venue=slow).opened == []
    assert Position.objects.count() == 1


def test_redeemable_rows_open_nothing(polymarket: PolymarketServer, fed: FakeMarket) -> None:
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100", redeemable=True)])
    synced = sync()
    assert (synced.redeemable, Position.objects.count()) == (1, 0)


def test_more_shares_raise_size_and_average_with_levels_told(
    polymarket: PolymarketServer, held: Position
) -> None:
    policy_set(position_id=held.pk, document={"stop_loss_pct": "10"}, actor="t", now=NOW)
    polymarket.set_wallet(ADDRESS, [row(held.market.token, "150", "0.44", entry_fees_usdc=1.5)])
    assert sync(later(300)).changed == [held.pk]
    now = fresh(held)
    assert (now.shares, now.bought, now.entry_price, now.entry_fees) == (
        Decimal(150),
        Decimal(150),
        Decimal("0.44"),
        Decimal("1.5"),
    )
    entry = JournalEntry.objects.get(position=held, kind="wallet_changed")
    assert entry.data["changes"]["stop_loss"] == {"old": "0.36", "new": "0.396"}
    assert entry.data["changes"]["shares"] == {"old": "100", "new": "150"}
    assert entry.text.endswith("shares 100 → 150; entry 40.0¢ → 44.0¢; stop 36.0¢ → 39.6¢")


def test_fewer_shares_never_leave_more_than_the_wallet_has(
    polymarket: PolymarketServer, held: Position
) -> None:
    polymarket.set_wallet(ADDRESS, [row(held.market.token, "60")])
    sync(later(300))
    assert (fresh(held).shares, fresh(held).bought) == (Decimal(60), Decimal(100))


def test_a_running_exit_is_left_alone(polymarket: PolymarketServer, held: Position) -> None:
    Exit.objects.create(position=held, rule="stop_loss", shares=100, created_at=NOW)
    polymarket.set_wallet(ADDRESS, [row(held.market.token, "60")])
    assert sync(later(300)).changed == []
    assert (fresh(held).shares, fresh(held).version) == (Decimal(100), held.version)


def test_a_holding_without_a_price_is_named_and_the_others_come_in(
    polymarket: PolymarketServer, fed: FakeMarket
) -> None:
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100", "0"), row(fed.tokens[1], "100")])
    synced = sync()
    assert len(synced.opened) == 1
    assert [problem.split(":")[0] for problem in synced.problems] == ["Fed cuts in Dec?"]


def test_an_empty_wallet_gets_the_hint_about_proxies(polymarket: PolymarketServer) -> None:
    assert "proxy" in sync().hint


def test_what_is_no_address_is_not_stored(polymarket: PolymarketServer) -> None:
    with pytest.raises(VenueError, match="no wallet address"):
        wallet_sync("0x12", now=NOW)
    assert Wallet.objects.count() == 0


def test_all_wallets_are_synced_though_one_fails(
    polymarket: PolymarketServer, held: Position
) -> None:
    Wallet.objects.create(address="0x12")
    assert [synced.address for synced in sync_all(now=lambda: later(300))] == [ADDRESS]
    assert fresh(held).wallet_seen_at == later(300)


def test_rules_that_do_not_fit_one_holding_do_not_stop_the_others(
    polymarket: PolymarketServer, fed: FakeMarket
) -> None:
    strategy = Strategy.objects.create(name="high")
    ExitPolicy.objects.create(strategy=strategy, document='{"take_profit_price":"1.5"}')
    market_ensure(replace(resolve_reference("fed-dec", "No"), payout=Decimal(2)))
    polymarket.set_wallet(ADDRESS, [row(token, "50") for token in fed.tokens])
    synced = wallet_sync(ADDRESS, now=NOW, strategy=strategy)
    assert [Position.objects.get(pk=pk).market.outcome for pk in synced.opened] == ["No"]
    [problem] = synced.problems
    assert "take_profit_price" in problem
    assert Wallet.objects.get().error == problem


def test_unreadable_rules_of_one_holding_do_not_stop_the_others(
    polymarket: PolymarketServer, fed: FakeMarket, held: Position
) -> None:
    ExitPolicy.objects.create(position=held, document='{"stop_loss_pct":"x"}')
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "90"), row(fed.tokens[1], "50")])
    synced = sync(later(300))
    assert (synced.changed, len(synced.opened), len(synced.problems)) == ([], 1, 1)
    assert (fresh(held).shares, synced.unguarded) == (Decimal(100), [held.pk, *synced.opened])


def test_long_and_garbled_words_of_a_venue_are_stored(polymarket: PolymarketServer) -> None:
    made = polymarket.add_market("Q" * 600 + "\x00", event_slug="e\x00\ud800", slug="long")
    polymarket.set_wallet(ADDRESS, [row(made.tokens[0], "50")])
    [opened] = sync().opened
    market = Position.objects.select_related("market").get(pk=opened).market
    assert (market.question, market.data["event"]) == ("Q" * 500, "e?")
