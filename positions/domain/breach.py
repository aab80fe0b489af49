"""How long a breach has stood: confirmation of stops, the wide-spread guard, asking episodes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from positions.domain.policy import HUNDRED, Policy
from positions.domain.quotes import Tick, is_wide
from positions.domain.state import WatchState, not_ahead
from positions.domain.views import ZERO, View, seconds

SINCE_FIELD = {
    "stop_loss": "stop_since",
    "trailing_stop": "trail_since",
    "soft_stop": "soft_since",
}
ASKED_FIELD = {"soft_stop": "soft_asked", "adverse_move": "adverse_asked"}


@dataclass(frozen=True, slots=True)
class Breach:
    """A breach of a confirmed rule: since when it stands, whether it fires now, whether a wide
    spread holds it back, and when it would fire if it still stood.
    """

    since: datetime | None = None
    fires: bool = False
    guarded: bool = False
    wake_at: datetime | None = None


def breach(view: View, state: WatchState, tick: Tick) -> Breach:
    """A rule's breach at this reading; a rule that needs no confirmation fires when it is hit.

    A wide spread may only delay: the breach then waits for the longer of the two guards.
    """
    field = SINCE_FIELD.get(view.rule)
    if field is None or not view.hit:
        return Breach(fires=view.hit)
    policy = view.moment.policy
    since = not_ahead(getattr(state, field), tick.at)
    wait = ZERO if _through(view, policy) else policy.confirm_seconds
    wide = view.rule != "soft_stop" and is_wide(tick, policy, view.moment.held.payout)
    if wide:
        wait = max(wait, policy.wide_spread_seconds)
    fires = seconds(tick.at - since) >= wait
    return Breach(since, fires, wide and not fires, since + timedelta(seconds=float(wait)))


def _through(view: View, policy: Policy) -> bool:
    """So far below its level that nobody waits for a second reading."""
    bid, level = view.moment.bid, view.level
    return (
        bid is not None and level is not None and bid <= level * (1 - policy.through_pct / HUNDRED)
    )


def recovered(view: View) -> bool:
    """An asking rule is armed again one tick and 1 % above its level."""
    bid, level = view.moment.bid, view.level
    if bid is None or level is None:
        return False
    return bid >= level + max(view.moment.held.tick or Decimal(0), level / HUNDRED)
