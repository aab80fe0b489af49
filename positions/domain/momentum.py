"""The momentum exit: book a part of a fast profit once it begins to fade."""

from __future__ import annotations

from decimal import Decimal

from positions.domain.pnl import floor_shares
from positions.domain.policy import HUNDRED, MomentumExit
from positions.domain.views import Held, Moment, View, windowed
from positions.domain.window import swing
from positions.domain.wording import Part, Sentence, gettext_noop, percent_text

NO_PRICE = gettext_noop("waits for a usable price")
FADED = gettext_noop(
    "rose %(rise)s from %(low)s to %(high)s within %(window)s minutes and gave back %(fade)s"
)
NOT_RISEN = gettext_noop("no rise of %(needed)s within %(window)s minutes")
NOT_FADED = gettext_noop("rose to %(high)s; books a part at or below %(level)s")
NOT_ABOVE_ENTRY = gettext_noop("faded, and not above the entry of %(entry)s")
NO_NEW_HIGH = gettext_noop("waits for a new high above %(last)s")
PART_TOO_SMALL = gettext_noop("its part is below the market's minimum order")


def momentum_part(held: Held, rule: MomentumExit) -> Decimal | None:
    """Shares it books; None while that part is below the market's minimum order."""
    if rule.sell_pct >= HUNDRED:
        return held.shares
    shares = floor_shares(held.shares * rule.sell_pct / HUNDRED)
    return shares if shares > 0 and shares >= (held.min_size or 0) else None


def momentum_exit(moment: Moment) -> View | None:
    """Books a part of a fast profit once the rise has begun to fade, above the entry only."""
    rule, held, bid = moment.policy.momentum_exit, moment.held, moment.bid
    if rule is None:
        return None
    if bid is None:
        return View("momentum_exit", False, None, None, moment, _say_unpriced)
    seen = swing(windowed(moment, rule.window_minutes))
    if seen.low is None or seen.high < seen.low * (1 + rule.rise_pct / HUNDRED):
        return View("momentum_exit", False, None, None, moment, _say_not_risen)
    last = moment.state.momentum_high
    if last is not None and seen.high <= last:
        return View("momentum_exit", False, None, None, moment, _say_no_new_high)
    level = seen.high * (1 - rule.fade_pct / HUNDRED)
    if bid > level:
        return View("momentum_exit", False, level, bid - level, moment, _say_not_faded)
    if bid <= held.entry:
        return View("momentum_exit", False, level, None, moment, _say_not_above_entry)
    shares = momentum_part(held, rule)
    if shares is None:
        return View("momentum_exit", False, level, None, moment, _say_too_small)
    floor, high = held.entry, seen.high
    return View(
        "momentum_exit", True, level, bid - level, moment, _say_faded, shares, floor, high=high
    )


def _say(view: View, template: str) -> Sentence:
    """Fills in the rise of the view's own window."""
    held, rule, bid = view.moment.held, view.moment.policy.momentum_exit, view.moment.bid
    if rule is None or bid is None:
        return Sentence(NO_PRICE)
    seen = swing(windowed(view.moment, rule.window_minutes))
    low = seen.low or seen.high
    texts: dict[str, Part] = {
        "window": f"{rule.window_minutes:f}",
        "needed": percent_text(rule.rise_pct),
        "rise": percent_text((seen.high / low - 1) * HUNDRED),
        "low": low,
        "high": seen.high,
        "level": seen.high * (1 - rule.fade_pct / HUNDRED),
        "fade": percent_text((1 - bid / seen.high) * HUNDRED),
        "entry": held.entry,
        "last": view.moment.state.momentum_high or seen.high,
    }
    return Sentence(template, texts, held.price)


def _say_unpriced(_view: View) -> Sentence:
    return Sentence(NO_PRICE)


def _say_not_risen(view: View) -> Sentence:
    return _say(view, NOT_RISEN)


def _say_no_new_high(view: View) -> Sentence:
    return _say(view, NO_NEW_HIGH)


def _say_not_faded(view: View) -> Sentence:
    return _say(view, NOT_FADED)


def _say_not_above_entry(view: View) -> Sentence:
    return _say(view, NOT_ABOVE_ENTRY)


def _say_faded(view: View) -> Sentence:
    return _say(view, FADED)


def _say_too_small(_view: View) -> Sentence:
    return Sentence(PART_TOO_SMALL)
