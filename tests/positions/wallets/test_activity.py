"""What a wallet's activity proves, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from positions.wallets.activity import Departure, departure, first_bought_at

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SEEN = NOW - timedelta(minutes=5)


@dataclass(frozen=True)
class Deed:
    kind: str = "TRADE"
    side: str = "SELL"
    token: str = "7"
    condition_id: str = "0xc"
    shares: Decimal | None = Decimal(100)
    price: Decimal | None = Decimal("0.4")
    at: datetime = NOW


def left(*deeds: Deed, shares: int = 100) -> Departure | None:
    return departure(deeds, "7", "0xc", Decimal(shares), SEEN)


def test_a_full_sale_shows_its_average_price() -> None:
    sold = left(
        Deed(shares=Decimal(75), price=Decimal("0.4")),
        Deed(shares=Decimal(25), price=Decimal("0.8"), at=NOW - timedelta(minutes=1)),
    )
    assert sold == Departure("sold", Decimal("0.5"), NOW)


def test_a_sale_without_its_price_is_still_a_sale() -> None:
    assert left(Deed(price=None)) == Departure("sold", None, NOW)


@pytest.mark.parametrize(
    "deed",
    [
        Deed(shares=Decimal(50)),
        Deed(side="BUY"),
        Deed(token="8"),
        Deed(at=SEEN - timedelta(seconds=1)),
        Deed(kind="REDEEM", side="", token="", condition_id="0xd"),
        Deed(kind="REWARD", side="", token="", condition_id=""),
    ],
    ids=["half", "bought", "other token", "before", "other market", "no market"],
)
def test_what_does_not_explain_the_absence_confirms_nothing(deed: Deed) -> None:
    assert left(deed) is None


def test_fees_taken_in_shares_do_not_hide_a_sale() -> None:
    assert left(Deed(shares=Decimal("98.5"))) is not None


@pytest.mark.parametrize(("kind", "how"), [("REDEEM", "redeemed"), ("MERGE", "moved")])
def test_a_redemption_names_the_market_only(kind: str, how: str) -> None:
    assert left(Deed(kind=kind, side="", token="")) == Departure(how, None, NOW)


def test_first_purchase_is_the_entry() -> None:
    deeds = [Deed(side="BUY"), Deed(side="BUY", at=SEEN), Deed(at=SEEN - timedelta(days=1))]
    assert first_bought_at(deeds, "7") == SEEN
    assert first_bought_at(deeds, "8") is None
