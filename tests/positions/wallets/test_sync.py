"""Wallets: mirrored in full, and never closed by a hiccup of the venue."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from django.core.management import CommandError, call_command

from positions.domain.judge import ARMING_AGE
from positions.models import Exit, JournalEntry, Position, Quote, Wallet
from positions.services import policy_set
from positions.venues.base import MarketInfo, VenueError, WalletHolding
from positions.venues.registry import source_for
from positions.wallets import Synced, sync_all, wallet_sync
from positions.wallets.activity import Event
from positions.wallets.sync import WalletVenue
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
ADDRESS = "0x" + "ab" * 20


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def sync(at: datetime = NOW) -> Synced:
    return wallet_sync(ADDRESS, now=at)


def row(token: str, size: str, price: str = "0.40", **more: Any) -> dict[str, Any]:
    return {"token_id": token, "current_size": size, "avg_price": price, **more}


def deed(token: str, size: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "type": "TRADE",
        "side": "SELL",
        "token_id": token,
        "size": float(size),
        "price": 0.44,
        "timestamp": int(at.timestamp()),
        **more,
    }


@pytest.fixture
def held(polymarket: PolymarketServer, fed: FakeMarket) -> Position:
    """100 Yes at 40 cents, bought two days ago, taken over just now."""
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100")])
    bought = deed(fed.tokens[0], "100", NOW - timedelta(days=2), side="BUY")
    polymarket.set_activity(ADDRESS, [bought])
    [opened] = sync().opened
    return Position.objects.select_related("market").get(pk=opened)


def fresh(position: Position) -> Position:
    return Position.objects.select_related("market").get(pk=position.pk)


def journal(position: Position, kind: str) -> list[str]:
    rows = JournalEntry.objects.filter(position=position, kind=kind).order_by("pk")
    return list(rows.values_list("text", flat=True))


class Meanwhile:
    """A venue during whose answers somebody else does something, once the holdings are known."""

    def __init__(self, venue: WalletVenue, deed: Callable[[], object]) -> None:
        self.venue, self.deed = venue, deed

    def holdings(self, address: str, *, deadline: float | None = None) -> list[WalletHolding]:
        return self.venue.holdings(address)

    def activity(
        self, address: str, *, since: datetime | None = None, deadline: float | None = None
    ) -> Sequence[Event]:
        self.deed()
        return self.venue.activity(address, since=since)

    def find(self, reference: str, outcome: str = "") -> Sequence[MarketInfo]:
        return self.venue.find(reference, outcome)


def wallet_venue() -> WalletVenue:
    return cast("WalletVenue", source_for("polymarket"))


def sell_on_paper(position: Position) -> None:
    rows = Position.objects.filter(pk=position.pk)
    rows.update(shares=0, state="closed", closed_at=NOW, close_reason="stop_loss")


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


def test_an_old_size_that_comes_back_is_a_new_purchase(
    polymarket: PolymarketServer, held: Position
) -> None:
    token = held.market.token
    sell_on_paper(held)
    polymarket.set_wallet(ADDRESS, [row(token, "130")])
    [second] = sync(later(300)).opened
    sell_on_paper(Position.objects.get(pk=second))
    polymarket.set_wallet(ADDRESS, [row(token, "100")])
    assert len(sync(later(600)).opened) == 1


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


def test_what_paper_sold_stays_sold_when_the_wallet_follows(
    polymarket: PolymarketServer, held: Position
) -> None:
    Position.objects.filter(pk=held.pk).update(shares=50)
    polymarket.set_wallet(ADDRESS, [row(held.market.token, "50")])
    sync(later(300))
    assert fresh(held).shares == Decimal(50)


def test_a_running_exit_is_left_alone(polymarket: PolymarketServer, held: Position) -> None:
    Exit.objects.create(position=held, rule="stop_loss", shares=100, created_at=NOW)
    polymarket.set_wallet(ADDRESS, [row(held.market.token, "60")])
    assert sync(later(300)).changed == []
    assert (fresh(held).shares, fresh(held).version) == (Decimal(100), held.version)


def test_one_empty_answer_closes_nothing(polymarket: PolymarketServer, held: Position) -> None:
    polymarket.set_wallet(ADDRESS, [])
    assert sync(later(300)).missing == [held.pk]
    polymarket.set_wallet(ADDRESS, [row(held.market.token, "100")])
    sync(later(600))
    assert (fresh(held).state, fresh(held).absent_since) == ("open", None)


def test_two_answers_too_close_together_close_nothing(
    polymarket: PolymarketServer, held: Position
) -> None:
    polymarket.set_wallet(ADDRESS, [])
    polymarket.set_activity(ADDRESS, [deed(held.market.token, "100", later(100))])
    sync(later(300))
    assert sync(later(359)).closed == []
    assert fresh(held).state == "open"


def test_absence_that_activity_confirms_closes_at_its_price(
    polymarket: PolymarketServer, held: Position
) -> None:
    polymarket.set_wallet(ADDRESS, [])
    polymarket.set_activity(ADDRESS, [deed(held.market.token, "100", later(100))])
    sync(later(300))
    assert sync(later(360)).closed == [held.pk]
    now = fresh(held)
    assert (now.state, now.close_reason, now.shares) == ("closed", "wallet", Decimal(0))
    assert now.realised_pnl == Decimal("4.00")
    assert journal(held, "wallet_closed") == ["sold outside"]
    assert len(journal(held, "position_closed")) == 1


def test_absence_that_nothing_explains_asks_once(
    polymarket: PolymarketServer, held: Position
) -> None:
    polymarket.set_wallet(ADDRESS, [])
    for seconds in (300, 600, 900):
        assert sync(later(seconds)).closed == []
    assert fresh(held).state == "open"
    assert [text[:17] for text in journal(held, "wallet_vanished")] == ["closed elsewhere?"]


def test_an_activity_that_cannot_be_read_confirms_nothing(
    polymarket: PolymarketServer, held: Position
) -> None:
    polymarket.set_wallet(ADDRESS, [])
    polymarket.set_activity(ADDRESS, [deed(held.market.token, "100", later(100))])
    sync(later(300))
    polymarket.knob("404", route="data/v2/activity")
    assert sync(later(600)).closed == []
    assert fresh(held).state == "open"


def test_a_redeemed_holding_waits_for_its_settlement(
    polymarket: PolymarketServer, held: Position
) -> None:
    polymarket.set_wallet(ADDRESS, [])
    redeemed = deed("", "100", later(100), type="REDEEM", side="", condition_id=held.market.key)
    polymarket.set_activity(ADDRESS, [redeemed])
    sync(later(300))
    assert sync(later(600)).closed == []
    assert (fresh(held).state, journal(held, "wallet_vanished")) == ("open", [])


def test_a_merge_closes_at_the_last_bid_and_says_so(
    polymarket: PolymarketServer, held: Position
) -> None:
    Quote.objects.filter(market=held.market).update(bid=Decimal("0.47"))
    polymarket.set_wallet(ADDRESS, [])
    merged = deed("", "100", later(100), type="MERGE", side="", condition_id=held.market.key)
    polymarket.set_activity(ADDRESS, [merged])
    sync(later(300))
    assert sync(later(600)).closed == [held.pk]
    assert fresh(held).realised_pnl == Decimal("7.00")
    assert "the last bid stands in" in journal(held, "wallet_closed")[0]


def test_a_position_sold_on_paper_stays_closed_and_says_it_once(
    polymarket: PolymarketServer, held: Position
) -> None:
    sell_on_paper(held)
    for seconds in (300, 600):
        assert sync(later(seconds)).still_held == [held.pk]
    assert journal(held, "wallet_still_holds") == ["your wallet still holds 100 shares"]
    assert Position.objects.count() == 1


def test_a_changed_size_opens_a_position_sold_on_paper_anew(
    polymarket: PolymarketServer, held: Position
) -> None:
    sell_on_paper(held)
    polymarket.set_wallet(ADDRESS, [row(held.market.token, "130", "0.42")])
    [opened] = sync(later(300)).opened
    anew = Position.objects.get(pk=opened)
    assert (anew.shares, anew.entry_price) == (Decimal(130), Decimal("0.42"))
    assert fresh(held).state == "closed"
    assert sync(later(600)).opened == []


def test_one_empty_answer_does_not_reopen_what_paper_sold(
    polymarket: PolymarketServer, held: Position
) -> None:
    sell_on_paper(held)
    polymarket.set_wallet(ADDRESS, [])
    sync(later(300))
    polymarket.set_wallet(ADDRESS, [row(held.market.token, "100")])
    assert sync(later(600)).opened == []


def test_a_sale_that_the_wallet_followed_makes_room_for_a_new_purchase(
    polymarket: PolymarketServer, held: Position
) -> None:
    sell_on_paper(held)
    polymarket.set_wallet(ADDRESS, [])
    sync(later(300))
    sync(later(600))
    polymarket.set_wallet(ADDRESS, [row(held.market.token, "100")])
    assert len(sync(later(900)).opened) == 1


def test_an_incomplete_answer_changes_nothing(polymarket: PolymarketServer, held: Position) -> None:
    others = [row(polymarket.add_market(f"M {n}").tokens[0], "10") for n in range(3)]
    polymarket.set_wallet(ADDRESS, [*others, row(held.market.token, "100")])
    polymarket.set_page_limit(2)
    polymarket.knob("404", route="data/v2/positions", token="cursor=")
    with pytest.raises(VenueError):
        sync(later(300))
    assert (Position.objects.count(), fresh(held).absent_since) == (1, None)
    wallet = Wallet.objects.get()
    assert (wallet.synced_at, bool(wallet.error)) == (NOW, True)


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


def test_command_prints_one_json_document(polymarket: PolymarketServer, fed: FakeMarket) -> None:
    polymarket.set_wallet(ADDRESS, [row(fed.tokens[0], "100")])
    out = io.StringIO()
    call_command(
        "sync_wallet",
        ADDRESS.upper().replace("0X", "0x"),
        "--json",
        stdout=out,
        stderr=io.StringIO(),
    )
    document = json.loads(out.getvalue())
    [position] = Position.objects.values_list("pk", flat=True)
    assert (document["address"], document["opened"]) == (ADDRESS, [position])


def test_command_fails_clearly_for_what_is_no_address(polymarket: PolymarketServer) -> None:
    with pytest.raises(CommandError, match="no wallet address"):
        call_command("sync_wallet", "alice")
