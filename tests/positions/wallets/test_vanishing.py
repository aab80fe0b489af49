"""Holdings that leave: never closed by a hiccup of the venue, never opened twice by one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from positions.models import Exit, JournalEntry, Position, Quote, Wallet
from positions.services import ServiceError
from positions.venues.base import VenueError
from positions.wallets import confirm_gone
from tests.fakes.polymarket import PolymarketServer
from tests.positions.conftest import NOW
from tests.positions.wallets.kit import (
    ADDRESS,
    deed,
    fresh,
    journal,
    later,
    row,
    sell_on_paper,
    sync,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


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


def test_what_paper_sold_stays_sold_when_the_wallet_follows(
    polymarket: PolymarketServer, held: Position
) -> None:
    Position.objects.filter(pk=held.pk).update(shares=50)
    polymarket.set_wallet(ADDRESS, [row(held.market.token, "50")])
    sync(later(300))
    assert fresh(held).shares == Decimal(50)


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


def test_a_person_s_yes_closes_what_vanished(polymarket: PolymarketServer, held: Position) -> None:
    Quote.objects.filter(market=held.market).update(bid=Decimal("0.47"))
    polymarket.set_wallet(ADDRESS, [])
    sync(later(300))
    confirm_gone(position_id=held.pk, actor="ann", now=later(301))
    now = fresh(held)
    assert (now.state, now.close_reason, now.realised_pnl) == ("closed", "wallet", Decimal("7.00"))
    entry = JournalEntry.objects.get(kind="wallet_closed")
    assert (entry.actor, Exit.objects.get().requested_by) == ("ann", "ann")
    assert entry.text == (
        "gone from the wallet, as ann confirms; its price is not known, the last bid stands in"
    )


def test_a_yes_that_nothing_asks_for_is_refused(held: Position) -> None:
    with pytest.raises(ServiceError, match="shows this holding"):
        confirm_gone(position_id=held.pk, actor="ann", now=later(1))
    assert fresh(held).state == "open"


def test_a_yes_waits_for_a_running_exit(polymarket: PolymarketServer, held: Position) -> None:
    polymarket.set_wallet(ADDRESS, [])
    sync(later(300))
    Exit.objects.create(position=held, rule="manual", shares=100, created_at=NOW)
    with pytest.raises(ServiceError, match="is running"):
        confirm_gone(position_id=held.pk, actor="ann", now=later(301))
    assert fresh(held).state == "open"
