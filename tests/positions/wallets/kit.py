"""What the tests of wallets share: rows of the venue's answers, times, a venue with a gap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from positions.models import JournalEntry, Position
from positions.venues.base import MarketInfo, WalletHolding
from positions.venues.registry import source_for
from positions.wallets import Synced, wallet_sync
from positions.wallets.activity import Event
from positions.wallets.sync import WalletVenue
from tests.positions.conftest import NOW

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
