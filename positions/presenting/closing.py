"""What closing now would bring, by the very walk through the bids that a paper exit makes."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from django.utils.translation import gettext as _

from positions.domain.book import Book, usable_bid, walk
from positions.domain.pnl import FillPart, plain, proceeds, realised
from positions.domain.policy import HUNDRED
from positions.domain.wording import money_text, percent_text, shares_text, signed_money_text
from positions.presenting.rows import Row
from positions.presenting.text import NONE, arrow, tone


class Line(TypedDict):
    """One figure of the dialog."""

    name: str
    value: str
    tone: str
    arrow: str


class Closing(TypedDict):
    """The close dialog: what is sold, what it would bring, and what to beware of."""

    title: str
    shares: str
    lines: list[Line]
    button: str
    warning: str


def closing(row: Row, shares: Decimal, book: Book | None, problem: str = "") -> Closing:
    """The dialog's content. `book`: the venue's bids now; None: only the last usable bid is known,
    and `problem` says why.
    """
    fills, bid, warning = _fills(row, shares, book, problem)
    sold = sum((part.shares for part in fills), Decimal(0))
    fees = sum((part.fee for part in fills), Decimal(0))
    per_share = row.entry_fees / row.held.bought if row.held.bought else Decimal(0)
    pnl = realised(fills, row.held.entry, per_share) if fills else None
    average = sum((part.price * part.shares for part in fills), Decimal(0)) / sold if sold else None
    return Closing(
        title=f"{row.question} · {row.outcome}" if row.outcome else row.question,
        shares=plain(shares),
        lines=[
            _line(_("Sell"), _("%(n)s shares") % {"n": shares_text(shares)}),
            _line(_("Best usable bid"), row.price(bid) if bid is not None else NONE),
            _line(_("Average for this size"), row.price(average) if average is not None else NONE),
            _line(_("Fee"), money_text(fees, row.currency)),
            _line(_("Proceeds"), money_text(proceeds(fills), row.currency) if fills else NONE),
            Line(
                name=_("Realised P&L"),
                value=signed_money_text(pnl, row.currency) if pnl is not None else NONE,
                tone=tone(pnl),
                arrow=arrow(pnl),
            ),
        ],
        button=_("Sell %(n)s %(outcome)s")
        % {"n": shares_text(shares), "outcome": row.outcome or _("shares")},
        warning=" ".join(filter(None, (warning, _rest(row, shares)))),
    )


def _rest(row: Row, shares: Decimal) -> str:
    """A warning where what stays would be too small to be sold by itself."""
    rest, least = row.held.shares - shares, row.held.min_size
    if least is None or not 0 < rest < least:
        return ""
    return _(
        "The %(rest)s shares that stay are below the market's minimum order of %(least)s: they could"
        " not be sold by themselves."
    ) % {"rest": shares_text(rest), "least": shares_text(least)}


def _line(name: str, value: str) -> Line:
    return Line(name=name, value=value, tone="", arrow="")


def _fills(
    row: Row, shares: Decimal, book: Book | None, problem: str
) -> tuple[tuple[FillPart, ...], Decimal | None, str]:
    """The sale, the bid it starts from and a warning; no sale where there is no bid."""
    if book is None:
        warning = _("The order book could not be read (%(why)s). Shown at the last usable bid.")
        if row.bid is None:
            return (), None, _("There is no bid now; the sale waits until there is one.")
        return (_part(row, row.bid, shares),), row.bid, warning % {"why": problem}
    bid = usable_bid(book, shares, row.held.min_size)
    if bid is None:
        return (), None, _("There is no usable bid now; the sale waits until there is one.")
    floor = bid * (1 - row.policy.max_slippage_pct / HUNDRED)
    fills = walk(
        book,
        shares,
        floor,
        fee_rate=row.fee_rate,
        fee_exponent=row.fee_exponent,
        payout=row.held.payout,
    )
    return fills, bid, _short(row, shares, fills, floor)


def _part(row: Row, price: Decimal, shares: Decimal) -> FillPart:
    whole = row.sale(price)
    return FillPart(price, shares, whole.fee * shares / row.held.shares)


def _short(row: Row, shares: Decimal, fills: tuple[FillPart, ...], floor: Decimal) -> str:
    sold = sum((part.shares for part in fills), Decimal(0))
    if sold >= shares:
        return ""
    return _(
        "Only %(n)s can be sold now at %(floor)s or better (%(slip)s below the bid); the rest stays"
        " on sale in the next checks."
    ) % {
        "n": shares_text(sold),
        "floor": row.price(floor),
        "slip": percent_text(row.policy.max_slippage_pct),
    }
