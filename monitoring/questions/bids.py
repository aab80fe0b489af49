"""The price at which a question's position could be sold now, and how far it is from another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from positions import selectors
from positions.domain.wording import price_text
from positions.models import Market

MOST = Decimal("0.03")  # of the payout, or of the price where nothing is paid out


@dataclass(frozen=True, slots=True)
class BidNow:
    """The usable bid, or None and why; what the pass itself would read now."""

    bid: Decimal | None
    problem: str = ""


def bid_now(position_id: int, now: datetime) -> BidNow:
    """The position's usable bid as its page shows it: of its market's last quote, not too old."""
    rows = selectors.open_rows(now, ids=[position_id], sparks={})
    if not rows:
        return BidNow(None, _("the position is closed"))
    row = rows[0]
    return BidNow(row.bid) if row.priced else BidNow(None, row.problem or _("no price yet"))


def moved(market: Market, before: Decimal | None, bid: Decimal | None) -> bool:
    """Whether a bid differs from the one before by more than 3 cents of a dollar's payout (3 % of it
    where nothing is paid out), either way; unknown ones do not.
    """
    if before is None or bid is None:
        return False
    return abs(bid - before) > _most(market, before)


def fell(market: Market, before: Decimal | None, bid: Decimal | None) -> bool:
    """Whether the bid has fallen by 3 cents or more (as `moved` counts them) since: then the price
    bears out what the news say; unknown ones do not.
    """
    if before is None or bid is None:
        return False
    return before - bid >= _most(market, before)


def _most(market: Market, before: Decimal) -> Decimal:
    return MOST * (before if market.payout is None else market.payout)


def in_words(market: Market, bid: Decimal) -> str:
    """A price of this market in words."""
    return price_text(bid, market.payout, market.currency)
