"""How the position form is laid out, and what it warns of."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions.domain.stops import stop_level
from positions.forms.rules import ASKING, GUARDS, STOPS, TARGETS, TIMES
from positions.models import Market, Position
from positions.presenting.rows import Row

READ = (
    "market_link",
    "shares_held",
    "shares_bought",
    "bid",
    "pnl",
    "realised",
    "levels_now",
    "best_bid",
    "condition",
    "muted",
    "source",
    "reference",
    "wallet",
    "closed_at",
    "entry",
    "strategy_name",
    "rules_text",
    "advice_now",
    "thesis_now",
    "opened",
)
RULES: list[tuple[Any, dict[str, Any]]] = [
    (
        gettext_lazy("Exit rules: stops"),
        {
            "fields": STOPS,
            "description": gettext_lazy(
                "Empty fields take the strategy's rule; “off” turns it off for this position."
            ),
        },
    ),
    (gettext_lazy("Exit rules: targets"), {"fields": TARGETS}),
    (gettext_lazy("Exit rules: time"), {"fields": TIMES}),
    (gettext_lazy("Rules that ask you"), {"fields": ASKING}),
    (gettext_lazy("Guards"), {"fields": GUARDS, "classes": ["collapse"]}),
]
THESIS: tuple[Any, dict[str, Any]] = (
    gettext_lazy("Thesis"),
    {"fields": ("thesis_text", "probability", "keywords", "feeds", "review_at")},
)
ADVICE: tuple[Any, dict[str, Any]] = (
    gettext_lazy("AI stage"),
    {
        "fields": (
            "mode",
            ("auto_from", "auto_to", "time_zone"),
            ("answer_minutes", "if_unanswered"),
            ("min_confidence", "reduce_pct"),
            ("cooldown_minutes", "daily_sells"),
        ),
        "description": gettext_lazy(
            "Who decides when a rule that asks has fired. The hard stop stays armed whatever stands"
            " here."
        ),
    },
)
ADD = [
    (
        None,
        {
            "fields": (
                "market_text",
                ("outcome", "currency"),
                "strategy",
                ("entry_price", "shares", "entry_fees"),
                ("opened_at", "arm_now"),
            )
        },
    ),
    *RULES,
    ADVICE,
    THESIS,
]
CHANGE = [
    (
        None,
        {
            "fields": (
                "seen_version",
                "market_link",
                ("shares_held", "bid", "pnl"),
                ("levels_now", "best_bid", "condition"),
                "strategy",
                ("entry_price", "entry_fees", "opened_at"),
            )
        },
    ),
    *RULES[:1],
    (None, {"fields": ("confirm_lower",)}),
    *RULES[1:],
    ADVICE,
    THESIS,
    (
        gettext_lazy("Where it comes from"),
        {
            "fields": ("source", "reference", "wallet", "shares_bought", "realised", "muted"),
            "classes": ["collapse"],
        },
    ),
]
VIEW = [
    (
        None,
        {
            "fields": (
                "market_link",
                "condition",
                ("shares_held", "shares_bought"),
                ("entry", "realised"),
                ("opened", "closed_at"),
                "strategy_name",
                "rules_text",
                "advice_now",
                "thesis_now",
                ("source", "reference", "wallet"),
            )
        },
    )
]


def warnings(position: Position) -> list[str]:
    """What is allowed and probably not meant, in sentences; the position has its `row`."""
    row: Row | None = getattr(position, "row", None)
    if row is None:
        return []
    policy, held = row.policy, row.held
    found = []
    if position.market.state in {Market.State.CLOSED, Market.State.RESOLVED}:
        found.append(_("This market takes no orders any more: the position settles at its payout."))
    stop = stop_level(policy, held.entry)
    if stop is None:
        found.append(_("This position has no stop."))
    elif stop >= held.entry:
        found.append(_("The stop of %(stop)s is not below the entry.") % {"stop": row.price(stop)})
    if stop is not None and row.priced and row.bid is not None and row.bid <= stop:
        found.append(
            _("The bid of %(bid)s is at or below the stop of %(stop)s: it sells at the next check.")
            % {"bid": row.price(row.bid), "stop": row.price(stop)}
        )
    target = policy.take_profit_price
    if target is not None and target <= held.entry:
        text = _("The target of %(target)s is not above the entry.")
        found.append(text % {"target": row.price(target)})
    return found
