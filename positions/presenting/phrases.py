"""What stands in a row beside its number: distances, profits, and why nothing happens."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from django.utils.translation import gettext as _

from positions.domain.wording import shares_text, signed_money_text
from positions.presenting.badges import rule_name
from positions.presenting.rail import no_stop
from positions.presenting.rows import Levels, Row
from positions.presenting.text import (
    NONE,
    arrow,
    brief_money,
    first_up,
    percent,
    price_move,
    span,
    tone,
)


def under_price(row: Row, now: datetime) -> str:
    """The price's age where it is unusable, else its change over the known time, at most a day."""
    if not row.is_open:
        return _("average sale") if row.bid is not None else ""
    if not row.priced:
        age = (now - row.bid_at).total_seconds() if row.bid_at else None
        return _("%(age)s old") % {"age": span(age)} if age is not None else _("no price yet")
    if not row.runs or row.bid is None:
        return _("last price") if row.kind == "last" else ""
    known = min((now - row.runs[0].since).total_seconds(), 86400.0)
    change = price_move(row.bid - row.runs[0].bid, row.held.payout, row.currency)
    if known < 3600:
        return f"{change} {span(known)}"
    return _("%(change)s %(n)dh") % {"change": change, "n": round(known / 3600)}


def nearest(row: Row, where: Levels) -> tuple[str, str, str]:
    """The exit that is nearer in price: how far, to what, and the profit or loss it would book."""
    if not row.is_open:
        when = f"{row.closed_at:%H:%M} UTC" if row.closed_at else ""
        return rule_name(row.close_reason or "manual"), "", when
    if where.stop is None and where.target is None:
        return _("No price exit"), "", ""
    if row.bid is None:
        return NONE, "", ""
    stop_away = None if where.stop is None else row.bid - where.stop
    target_away = None if where.target is None else where.target - row.bid
    if target_away is None or (stop_away is not None and stop_away <= target_away):
        assert stop_away is not None and where.stop is not None  # noqa: PT018  one of both is known
        return _toward(row, stop_away, where.stop, _("to stop"), _("at stop"), _("past stop"))
    assert where.target is not None
    return _toward(row, target_away, where.target, _("to target"), _("at target"), _("past target"))


def _toward(
    row: Row, away: Decimal, level: Decimal, to: str, at: str, past: str
) -> tuple[str, str, str]:
    if away == 0:
        return row.price(level), at, _("then %(pnl)s") % {"pnl": _signed(row, level)}
    if away < 0 and row.bid is not None:
        then = _("exit ≈ %(pnl)s") % {"pnl": _signed(row, row.bid)}
        return row.price(-away), past, then
    return row.price(away), to, _("then %(pnl)s") % {"pnl": _signed(row, level)}


def _signed(row: Row, price: Decimal) -> str:
    return signed_money_text(row.pnl_at(price), row.currency)


class MoneyTexts(TypedDict):
    """Amount, arrow, tone class, and what stands beneath."""

    pl: str
    pl_a: str
    pl_c: str
    pl2: str


def money_texts(row: Row, pnl: Decimal | None) -> MoneyTexts:
    """The profit with its part of the cost and the value; uncertain (`≈`) while unpriced."""
    if pnl is None:
        return MoneyTexts(pl=NONE, pl_a="", pl_c="", pl2="")
    sure = row.priced or not row.is_open
    text = signed_money_text(pnl, row.currency)
    cost = row.cost if row.is_open else row.held.bought * row.held.entry + row.entry_fees
    parts = [percent(pnl / cost * 100)] if cost else []
    if row.is_open and row.bid is not None:
        parts.append(brief_money(row.value_at(row.bid), row.currency))
    return MoneyTexts(
        pl=text if sure else f"≈ {text}",
        pl_a=arrow(pnl) if sure else "",
        pl_c=tone(pnl) if sure else "",
        pl2=" · ".join(parts),
    )


def long_end(row: Row, level: Decimal | None, *, below: bool) -> str:
    """The end of the wide rail: `Stop 50.0¢ · 13.4¢ away · then −$76.00`."""
    if not row.is_open:
        return ""
    if level is None:
        return no_stop(row) if below else _("no target")
    name = (_("Stop %(price)s") if below else _("Target %(price)s")) % {"price": row.price(level)}
    if row.bid is None:
        return name
    away = row.bid - level if below else level - row.bid
    form = _("%(away)s past") if away < 0 else _("%(away)s away")
    parts = [name, form % {"away": row.price(abs(away))}]
    parts.append(_("then %(pnl)s") % {"pnl": _signed(row, level)})
    return " · ".join(parts if below else parts[::-1])


def why(row: Row, where: Levels) -> str:
    """One sentence when something keeps the rules from acting; empty on a quiet day."""
    if not row.is_open:
        return _sold(row)
    if row.broken:
        return _("Its rules cannot be read (%(why)s): nothing guards it until they are mended.") % {
            "why": row.broken
        }
    if row.exit and row.exit.problem:
        return _("The sale is held up: %(problem)s") % {"problem": row.exit.problem}
    if not row.priced:
        if not row.problem:
            return _("No price has come yet: no price rule can fire.")
        return _("%(problem)s: no price rule fires until a usable price is back.") % {
            "problem": first_up(_(row.problem))
        }
    if row.state.unarmed:
        return _("A rule was already past its level when watching began; it waits for your word.")
    if where.stop is None or row.bid is None or row.bid > where.stop:
        return ""
    texts = {"bid": row.price(row.bid), "stop": row.price(where.stop)}
    if row.paused:
        return (
            _("%(bid)s is at or below the %(stop)s stop, but exits are paused: it does not sell.")
            % texts
        )
    if row.state.blocked:
        texts["ask"] = row.price(row.ask) if row.ask is not None else NONE
        return (
            _(
                "%(bid)s is at or below the %(stop)s stop, but the ask is %(ask)s: too wide a"
                " spread to believe it at once."
            )
            % texts
        )
    return _("%(bid)s is at or below the %(stop)s stop; it sells once that is confirmed.") % texts


def _sold(row: Row) -> str:
    """How a closed position ended."""
    if row.bid is None:
        return _("Closed: %(rule)s.") % {"rule": rule_name(row.close_reason or "manual")}
    text = _("Bought %(n)s at %(entry)s, sold at %(price)s on average. Ended by: %(rule)s.") % {
        "n": shares_text(row.held.bought),
        "entry": row.price(row.held.entry),
        "price": row.price(row.bid),
        "rule": rule_name(row.close_reason or "manual").lower(),
    }
    if row.wallet_shares and row.close_reason != "wallet":
        still = _("Sold on paper only: your wallet still holds %(n)s shares.")
        text += " " + still % {"n": shares_text(row.wallet_shares)}
    return text
