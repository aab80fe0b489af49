"""Correcting a holding: the journal says what changed in the form's own words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from positions.models import JournalEntry
from positions.services import position_edit
from tests.positions.holdings import NOON, holding

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def test_journal_tells_the_change_in_words_and_keeps_it_exact() -> None:
    position = holding()
    opened = datetime(2025, 3, 2, 9, 5, tzinfo=UTC)
    position_edit(
        position_id=position.pk,
        actor="ann",
        now=NOON,
        entry_price=Decimal("0.4125"),
        entry_fees=Decimal("1.2"),
        opened_at=opened,
    )
    entry = JournalEntry.objects.latest("pk")
    price, fees, since = entry.text.split("; ")
    assert price.startswith("entry price ")
    assert price.endswith("→ 41.25¢")
    assert fees == "entry fees $0.00 → $1.20"
    assert since.endswith("→ 2 Mar 2025 09:05 UTC")
    assert entry.data["new"] == {
        "entry_price": "0.4125",
        "entry_fees": "1.2",
        "opened_at": "2025-03-02T09:05:00Z",
    }
