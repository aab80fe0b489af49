"""What a person is asked to approve: how much would be sold, at which price, for about what. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from positions.domain.pnl import plain
from positions.domain.wording import shares_text
from positions.presenting.closing import Line, closing
from positions.presenting.rows import Row
from positions.presenting.text import price_move

AVERAGE = 2  # which line of the dialog's figures it is


@dataclass(frozen=True, slots=True)
class Answer:
    """`bid`: the price now as it is sent back with the answer, "" for none; `price` the same in
    words. `warning`: what has to be confirmed before anything is sold, "" for nothing.
    """

    bid: str
    price: str
    then: str
    move: str
    shares: str
    whole: bool
    lines: list[Line]
    button: str
    warning: str
    problem: str


def answer(
    row: Row, shares: Decimal | None, then: Decimal | None, *, moved: bool, warning: str = ""
) -> Answer:
    """The approval of an open position's sale. `shares`: None for all; `then`: the bid on which the
    question stands, `moved`: the price has left it by more than 3 cents. The figures are those of the close dialog at the last usable bid: the venue's
    book is not asked, so that the page of an urgent question never waits for it.
    """
    wanted = row.held.shares if shares is None else shares
    figures = closing(row, wanted, None)
    bid = row.bid if row.priced else None
    return Answer(
        bid="" if bid is None else plain(bid),
        price="–" if bid is None else row.price(bid),
        then="" if then is None else row.price(then),
        move=_move(row, then, bid),
        shares=shares_text(wanted),
        whole=shares is None,
        # Without a book the average of this size is the bid once more.
        lines=[line for at, line in enumerate(figures["lines"]) if at != AVERAGE],
        button=figures["button"],
        warning=warning or _warning(row, then, bid, moved=moved),
        problem="" if bid is not None else row.problem,
    )


def _move(row: Row, then: Decimal | None, now: Decimal | None) -> str:
    if then is None or now is None or then == now:
        return ""
    return price_move(now - then, row.held.payout, row.currency)


def _warning(row: Row, then: Decimal | None, now: Decimal | None, *, moved: bool) -> str:
    if now is None:
        return _("There is no usable price now: it would be sold at the first usable bid.")
    if then is None or not moved:
        return ""
    return _("The bid was %(then)s when this was decided and is %(now)s now.") % {
        "then": row.price(then),
        "now": row.price(now),
    }
