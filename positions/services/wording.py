"""A change of exit rules in words, as the journal keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from positions.domain import policy as policies
from positions.forms.lines import shown

# Every field of the policy with its unit: a number without one is read as the wrong thing.
NAMES: Mapping[str, str] = {
    "stop_loss_pct": gettext_noop("stop (% below entry)"),
    "stop_loss_price": gettext_noop("stop price"),
    "take_profit": gettext_noop("targets (% above entry)"),
    "take_profit_price": gettext_noop("target price"),
    "trailing_stop": gettext_noop("trailing stop (% below the best bid)"),
    "momentum_exit": gettext_noop("momentum exit (% and minutes)"),
    "soft_stop_pct": gettext_noop("soft stop (% below entry)"),
    "adverse_move": gettext_noop("adverse move (% in minutes)"),
    "max_hold_minutes": gettext_noop("longest hold (minutes)"),
    "exit_before_end_minutes": gettext_noop("out before the end (minutes)"),
    "fair_value": gettext_noop("fair value"),
    "confirm_seconds": gettext_noop("confirm (seconds)"),
    "through_pct": gettext_noop("through (% below the stop)"),
    "max_slippage_pct": gettext_noop("slippage (%)"),
    "max_spread": gettext_noop("widest spread (parts of the payout)"),
    "max_spread_pct": gettext_noop("widest spread (% of the bid)"),
    "wide_spread_seconds": gettext_noop("wide spread waits (seconds)"),
    "max_quote_age_seconds": gettext_noop("oldest quote (seconds)"),
}


def changed_text(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """`stop (% below entry) 15 → 10; target price inherited → 0.8` of two documents.

    Values stand as a trader types them in Admin: `5 from 12`.
    """
    parts = [
        f"{_(NAMES[field])} {_value(old, field)} → {_value(new, field)}"
        for field in policies.FIELDS
        if old.get(field, ...) != new.get(field, ...)
    ]
    return "; ".join(parts)


def _value(document: Mapping[str, Any], field: str) -> str:
    if field not in document:
        return _("inherited")
    # An empty list of targets or stages sells nothing, as null does.
    return shown(field, document) or _("off")
