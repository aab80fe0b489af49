"""The rules of one position: what each would do, at which level, and why not yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypedDict

from django.utils.translation import gettext as _

from positions.domain.policy import HUNDRED, Policy
from positions.domain.rules import ASKING, MECHANICAL
from positions.domain.views import View
from positions.domain.wording import percent_text, shares_text
from positions.presenting.badges import rule_name
from positions.presenting.entries import ICONS
from positions.presenting.rail import STOPS
from positions.presenting.rows import Row
from positions.presenting.text import NONE


class RuleView(TypedDict):
    """`tone`: crit while it is breached or unarmed, warn when it only waits, off when it cannot act."""

    rule: str
    name: str
    icon: str
    level: str
    sentence: str
    state: str
    tone: str
    unarmed: bool


def _stop(policy: Policy) -> str:
    if policy.stop_loss_pct is None:
        return _("absolute price")
    return _("%(pct)s below entry") % {"pct": percent_text(policy.stop_loss_pct)}


def _profit(policy: Policy) -> str:
    parts = [
        _("%(pct)s sells %(sell)s%(age)s")
        % {
            "pct": f"+{percent_text(row.pct)}",
            "sell": percent_text(row.sell_pct).replace(".0", ""),
            "age": _(" from %(n)s min on") % {"n": row.after_minutes} if row.after_minutes else "",
        }
        for row in policy.take_profit
    ]
    return "; ".join(parts) or _("absolute price")


def _trail(policy: Policy) -> str:
    parts = [
        percent_text(stage.distance_pct)
        + (
            _(" once above +%(pct)s") % {"pct": percent_text(stage.activation_pct)}
            if stage.activation_pct
            else ""
        )
        for stage in policy.trailing_stop
    ]
    return "; ".join(parts) + " " + _("below the best bid")


def _momentum(policy: Policy) -> str:
    rule = policy.momentum_exit
    assert rule is not None
    return _("sells %(sell)s after a rise of %(rise)s in %(window)s min that fades %(fade)s") % {
        "sell": percent_text(rule.sell_pct),
        "rise": percent_text(rule.rise_pct),
        "window": rule.window_minutes,
        "fade": percent_text(rule.fade_pct),
    }


def _adverse(policy: Policy) -> str:
    rule = policy.adverse_move
    assert rule is not None
    texts = {"pct": percent_text(rule.pct), "window": rule.window_minutes}
    return _("asks at %(pct)s below the high of %(window)s min") % texts


def _soft(policy: Policy) -> str:
    assert policy.soft_stop_pct is not None
    return _("asks at %(pct)s below entry") % {"pct": percent_text(policy.soft_stop_pct)}


def _time(policy: Policy) -> str:
    parts = []
    if policy.max_hold_minutes is not None:
        parts.append(_("after %(n)s min") % {"n": policy.max_hold_minutes})
    if policy.exit_before_end_minutes is not None:
        parts.append(_("%(n)s min before the end") % {"n": policy.exit_before_end_minutes})
    return ", ".join(parts)


def _fair(policy: Policy) -> str:
    if policy.fair_value == "thesis":
        return _("the thesis's probability")
    return _("probability %(p)s") % {"p": policy.fair_value}


# In the order in which a tick decides between them: set at all, and how it was set.
SET: dict[str, tuple[Callable[[Policy], bool], Callable[[Policy], str]]] = {
    "stop_loss": (
        lambda p: p.stop_loss_pct is not None or p.stop_loss_price is not None,
        _stop,
    ),
    "take_profit": (lambda p: bool(p.take_profit) or p.take_profit_price is not None, _profit),
    "trailing_stop": (lambda p: bool(p.trailing_stop), _trail),
    "time_exit": (
        lambda p: p.max_hold_minutes is not None or p.exit_before_end_minutes is not None,
        _time,
    ),
    "fair_value": (lambda p: p.fair_value is not None, _fair),
    "momentum_exit": (lambda p: p.momentum_exit is not None, _momentum),
    "soft_stop": (lambda p: p.soft_stop_pct is not None, _soft),
    "adverse_move": (lambda p: p.adverse_move is not None, _adverse),
}


def rule_views(row: Row, now: datetime) -> list[RuleView]:
    """Every rule that is set, in the order of one tick, judged by the very functions of the pass."""
    if not row.is_open:
        return _ended(row.policy)
    moment = row.moment(now)
    stands = {view.rule: view for rule in MECHANICAL + ASKING if (view := rule(moment))}
    return [
        _rule(row, name, describe(row.policy), stands.get(name))
        for name, (is_set, describe) in SET.items()
        if is_set(row.policy)
    ]


def _rule(row: Row, name: str, how: str, view: View | None) -> RuleView:
    unarmed = name in row.state.unarmed
    hit = bool(view and view.hit)
    level = view.level if view else None
    return RuleView(
        rule=name,
        name=f"{rule_name(name)}: {how}",
        icon=ICONS.get(name, "pulse"),
        level=row.price(level) if level is not None else NONE,
        sentence=view.sentence.render(_) if view else _waiting(row, name),
        state=_state(name, unarmed=unarmed, hit=hit),
        tone="crit" if unarmed or (hit and name in STOPS) else "" if view else "off",
        unarmed=unarmed,
    )


def _state(name: str, *, unarmed: bool, hit: bool) -> str:
    if unarmed:
        return _("not armed")
    if not hit:
        return _("armed")
    return _("breached") if name in STOPS else _("reached")


def _ended(policy: Policy) -> list[RuleView]:
    """The rules a closed position had; none of them acts any more."""
    return [
        RuleView(
            rule=name,
            name=rule_name(name),
            icon=ICONS.get(name, "pulse"),
            level=NONE,
            sentence=describe(policy),
            state=_("ended"),
            tone="off",
            unarmed=False,
        )
        for name, (is_set, describe) in SET.items()
        if is_set(policy)
    ]


def _waiting(row: Row, name: str) -> str:
    """Why a rule that is set has no level now."""
    if name == "trailing_stop":
        best = row.state.best
        if best is None:
            return _("begins with the first usable price")
        profit = (best / row.held.entry - 1) * HUNDRED
        needed = min(stage.activation_pct for stage in row.policy.trailing_stop)
        if profit <= needed:
            texts = {"need": percent_text(needed), "best": percent_text(profit)}
            return _("begins once the best profit exceeds %(need)s; best so far %(best)s") % texts
        return _("still below the stop, which counts until it is passed")
    if name == "fair_value":
        return _("the thesis has no probability: cannot fire")
    if name == "take_profit":
        return _("every rung has been sold or none has come of age")
    return _("waits for a usable price")


def guards_text(policy: Policy) -> str:
    """The guards that matter to a reader, as one sentence."""
    return _(
        "A stop is confirmed for %(confirm)s s, at once %(through)s below its level; it never sells"
        " more than %(slip)s below the bid."
    ) % {
        "confirm": shares_text(policy.confirm_seconds),
        "through": percent_text(policy.through_pct),
        "slip": percent_text(policy.max_slippage_pct),
    }
