"""The momentum exit: book a part of a fast profit once it begins to fade."""

from __future__ import annotations

from decimal import Decimal

from positions.domain.pnl import floor_shares
from positions.domain.policy import HUNDRED, MomentumExit
from positions.domain.views import Held, Moment, View, windowed
from positions.domain.window import swing
from positions.domain.wording import Sentence, gettext_noop, percent_text

NO_PRICE = gettext_noop("waits for a usable price")
FADED = gettext_noop(
    "rose %(rise)s from %(low)s to %(high)s within %(window)s minutes and gave back %(fade)s"
)
NOT_RISEN = gettext_noop("no rise of %(rise)s within %(window)s minutes")
NOT_FADED = gettext_noop("rose to %(high)s; books a part at or below %(level)s")
NOT_ABOVE_ENTRY = gettext_noop("faded, and not above the entry of %(entry)s")
NO_NEW_HIGH = gettext_noop("waits for a new high above %(high)s")
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
        return View("momentum_exit", False, None, None, Sentence(NO_PRICE))
    seen = swing(windowed(moment, rule.window_minutes))
    level = seen.high * (1 - rule.fade_pct / HUNDRED)
    texts: dict[str, Decimal | str] = {
        "window": f"{rule.window_minutes:f}",
        "rise": percent_text(rule.rise_pct),
        "high": seen.high,
        "level": level,
        "entry": held.entry,
    }
    if seen.low is None or seen.high < seen.low * (1 + rule.rise_pct / HUNDRED):
        return View("momentum_exit", False, None, None, Sentence(NOT_RISEN, texts, held.price))
    last = moment.state.momentum_high
    if last is not None and seen.high <= last:
        return View(
            "momentum_exit", False, None, None, Sentence(NO_NEW_HIGH, {"high": last}, held.price)
        )
    if bid > level:
        return View(
            "momentum_exit", False, level, bid - level, Sentence(NOT_FADED, texts, held.price)
        )
    if bid <= held.entry:
        return View(
            "momentum_exit", False, level, None, Sentence(NOT_ABOVE_ENTRY, texts, held.price)
        )
    shares = momentum_part(held, rule)
    if shares is None:
        return View("momentum_exit", False, level, None, Sentence(PART_TOO_SMALL))
    texts |= {
        "rise": percent_text((seen.high / seen.low - 1) * HUNDRED),
        "low": seen.low,
        "fade": percent_text((1 - bid / seen.high) * HUNDRED),
    }
    return View(
        "momentum_exit",
        shares > 0,
        level,
        bid - level,
        Sentence(FADED, texts, held.price),
        shares,
        held.entry,
        high=seen.high,
    )
