"""Figures of one position's page."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from positions.domain.pnl import fee
from positions.domain.wording import money_text, shares_text, signed_money_text
from positions.presenting.rows import Levels, Row
from positions.presenting.text import NONE


def figures(row: Row, where: Levels) -> list[tuple[str, str]]:
    """Names and values, in reading order."""
    if not row.is_open:
        return _ended(row)
    held, currency = row.held, row.currency
    found = [
        (_("Shares"), _shares(row)),
        (_("Entry price"), row.price(held.entry)),
        (_("Cost"), money_text(row.cost, currency)),
        (_("Value now"), _value(row)),
        (_("Realised so far"), signed_money_text(row.realised, currency)),
        (_("Break-even"), row.price(_break_even(row))),
        (_("Best bid / ask"), _spread(row)),
        (
            _("Best since watched"),
            row.price(row.state.best) if row.state.best is not None else NONE,
        ),
    ]
    if held.payout is not None:
        found.append((_("Most it can pay"), money_text(held.shares * held.payout, currency)))
    ratio = _ratio(row, where)
    if ratio:
        found.append((_("Reward : risk now"), ratio))
    return found


def _ended(row: Row) -> list[tuple[str, str]]:
    """What remains to be said of a closed position."""
    cost = row.held.bought * row.held.entry + row.entry_fees
    return [
        (_("Shares bought"), shares_text(row.held.bought)),
        (_("Entry price"), row.price(row.held.entry)),
        (_("Cost"), money_text(cost, row.currency)),
        (_("Realised"), signed_money_text(row.realised, row.currency)),
    ]


def _value(row: Row) -> str:
    if row.bid is None:
        return NONE
    return money_text(row.value_at(row.bid), row.currency)


def _shares(row: Row) -> str:
    held = row.held
    if held.shares == held.bought:
        return shares_text(held.shares)
    texts = {"held": shares_text(held.shares), "bought": shares_text(held.bought)}
    return _("%(held)s of %(bought)s bought") % texts


def _break_even(row: Row) -> Decimal:
    """Price at which selling the rest brings back what it cost, fees of the sale at the entry's."""
    shares = row.held.shares
    if not shares:
        return row.held.entry
    cost = fee(shares, row.held.entry, row.fee_rate, row.fee_exponent, row.held.payout)
    return (row.cost + cost) / shares


def _spread(row: Row) -> str:
    if row.bid is None:
        return NONE
    if row.kind == "last":
        return _("%(price)s, last price only") % {"price": row.price(row.bid)}
    ask = row.price(row.ask) if row.ask is not None else _("no ask")
    return f"{row.price(row.bid)} / {ask}"


def _ratio(row: Row, where: Levels) -> str:
    """What the target would add against what the stop would take, from here."""
    if row.bid is None or where.stop is None or where.target is None:
        return ""
    risk, reward = row.bid - where.stop, where.target - row.bid
    if risk <= 0 or reward <= 0:
        return ""
    return f"{reward / risk:.2f} : 1"
