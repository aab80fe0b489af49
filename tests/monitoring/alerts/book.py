"""Journal entries of every kind, as the services and the pass write them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from positions import journal
from positions.models import JournalEntry, Market, Position

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FACTS = {
    "question": "Fed cuts in Dec",
    "outcome": "Yes",
    "currency": "USDC",
    "payout": "1",
    "entry_price": "0.52",
    "demo": False,
}
STOPPED = FACTS | {
    "rule": "stop_loss",
    "state": "filled",
    "shares": "1240",
    "price": "0.441",
    "pnl": "-97.96",
    "level": "0.45",
    "trigger_price": "0.441",
    "held": "0",
    "mode": "paper",
}


def position(**values: Any) -> Position:
    """An open position, as far as alerts care for one."""
    market = Market.objects.create(venue="sim", key="fed", outcome="Yes", question="Fed cuts?")
    row = {"entry_price": Decimal("0.52"), "shares": Decimal(10), "bought": Decimal(10)} | values
    return Position.objects.create(market=market, opened_at=NOON, **row)


def write(kind: str, text: str = "", **values: Any) -> JournalEntry:
    """One committed entry; a test's `at` is noon unless it says otherwise."""
    with transaction.atomic():
        entry = journal.entry(kind, text or f"text of {kind}", **({"at": NOON} | values))
        journal.append(entry)
    return entry


def write_stop(number: int = 0, **values: Any) -> JournalEntry:
    """A stop that has sold, told apart by its number."""
    data = STOPPED | {"question": f"Question {number}"}
    return write("exit_done", urgency="critical", rule="stop_loss", **({"data": data} | values))
