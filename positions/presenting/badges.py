"""What a row says about its state: a word, an icon and a tone, the worst first."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NotRequired, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from positions.domain import quotes
from positions.presenting.rail import STOPS
from positions.presenting.rows import Levels, Row

NEAR = Decimal("0.05")  # of the level: where the contract too calls a bid near a stop

RULES = {
    "manual": gettext_noop("Sold by hand"),
    "stop_loss": gettext_noop("Stop loss"),
    "trailing_stop": gettext_noop("Trailing stop"),
    "take_profit": gettext_noop("Take profit"),
    "time_exit": gettext_noop("Time exit"),
    "fair_value": gettext_noop("Fair value"),
    "momentum_exit": gettext_noop("Momentum exit"),
    "soft_stop": gettext_noop("Soft stop"),
    "adverse_move": gettext_noop("Adverse move"),
    "ai_alert": gettext_noop("AI alert"),
    "ai_exit": gettext_noop("AI exit"),
    "settled": gettext_noop("Settled"),
    "wallet": gettext_noop("Closed in the wallet"),
}


NO_PRICE = gettext_noop("No price")
# The problem in the width of a badge; the whole sentence stands in `view.why`.
SHORT = {
    quotes.NO_BID: gettext_noop("No bid"),
    quotes.THIN: gettext_noop("Bids too thin"),
    quotes.CROSSED: gettext_noop("Crossed book"),
    quotes.GHOST: gettext_noop("Ghost book"),
    quotes.OUT_OF_RANGE: gettext_noop("Price out of range"),
    quotes.CLOSED: gettext_noop("Market closed"),
    quotes.STALE: gettext_noop("Price stale"),
}


class Badge(TypedDict):
    """`tone`: crit, warn, good or quiet; `icon`: a name of the sprite; `at`: a time shown after."""

    tone: str
    icon: str
    text: str
    at: NotRequired[str]


def iso(at: datetime) -> str:
    """ISO 8601 with Z, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def rule_name(rule: str) -> str:
    """A rule's name for a person; an unknown one as it is."""
    return _(RULES[rule]) if rule in RULES else rule.replace("_", " ")


def badges(row: Row, levels: Levels, now: datetime) -> list[Badge]:
    """All that holds, the worst first."""
    if not row.is_open:
        return []
    found = [_broken(row), _selling(row), _stop(row, levels), _unarmed(row), _unpriced(row)]
    found += [_asked(row), _absent(row), _target(row, levels), _muted(row, now), _dust(row)]
    return [badge for badge in found if badge]


def near(bid: Decimal, level: Decimal) -> bool:
    """Within 5 % of a level."""
    return abs(bid - level) <= level * NEAR


def _broken(row: Row) -> Badge | None:
    return Badge(tone="crit", icon="warn", text=_("Rules unreadable")) if row.broken else None


def _absent(row: Row) -> Badge | None:
    return Badge(tone="warn", icon="ask", text=_("Closed elsewhere?")) if row.absent else None


def _selling(row: Row) -> Badge | None:
    leave = row.exit
    if leave is None:
        return None
    if leave.problem and not leave.filled:
        return Badge(tone="crit", icon="warn", text=_("Sale held up"))
    if leave.filled:
        texts = {"sold": f"{leave.filled:,f}", "all": f"{leave.shares:,f}"}
        return Badge(tone="crit", icon="sell", text=_("Sold %(sold)s of %(all)s") % texts)
    return Badge(tone="crit", icon="sell", text=_("Selling"))


def _stop(row: Row, levels: Levels) -> Badge | None:
    if row.bid is None or not row.priced or levels.stop is None:
        return None
    if row.bid <= levels.stop:
        text = _("Stop held back: wide spread") if row.state.blocked else _("Stop hit")
        return Badge(tone="crit", icon="stop", text=text)
    if not near(row.bid, levels.stop):
        return None
    away = row.price(row.bid - levels.stop)
    return Badge(tone="warn", icon="warn", text=_("%(away)s to stop") % {"away": away})


def _unarmed(row: Row) -> Badge | None:
    if not row.state.unarmed:
        return None
    stops = STOPS & row.state.unarmed
    tone = "crit" if stops else "warn"
    names = ", ".join(rule_name(rule).lower() for rule in sorted(row.state.unarmed))
    return Badge(tone=tone, icon="stop", text=_("Not armed: %(names)s") % {"names": names})


def _unpriced(row: Row) -> Badge | None:
    if row.priced:
        return None
    if row.bid is None and not row.problem:
        return Badge(tone="quiet", icon="clock", text=_("Waiting for a first price"))
    return Badge(tone="warn", icon="clock", text=_(SHORT.get(row.problem, NO_PRICE)))


def _asked(row: Row) -> Badge | None:
    if not (row.state.soft_asked or row.state.adverse_asked):
        return None
    rule = "soft_stop" if row.state.soft_asked else "adverse_move"
    return Badge(tone="warn", icon="ask", text=_("%(rule)s asks you") % {"rule": rule_name(rule)})


def _target(row: Row, levels: Levels) -> Badge | None:
    if row.bid is None or not row.priced or levels.target is None:
        return None
    if row.bid >= levels.target:
        return Badge(tone="good", icon="target", text=_("Target reached"))
    if not near(row.bid, levels.target):
        return None
    away = row.price(levels.target - row.bid)
    return Badge(tone="good", icon="target", text=_("%(away)s to target") % {"away": away})


def _muted(row: Row, now: datetime) -> Badge | None:
    if row.muted_until is None or row.muted_until <= now:
        return None
    return Badge(tone="quiet", icon="mute", text=_("Muted until"), at=iso(row.muted_until))


def _dust(row: Row) -> Badge | None:
    return Badge(tone="quiet", icon="list", text=_("Too small to sell")) if row.dust else None
