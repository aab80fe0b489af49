"""Rules of time: held too long, too near the end."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from positions.domain.policy import Policy
from positions.domain.views import ZERO, Held, Moment, View, after, age_minutes, minutes
from positions.domain.wording import Sentence, gettext_noop

HELD_LONG = gettext_noop("held for %(age)s minutes, the most is %(limit)s")
HELD_SHORT = gettext_noop("%(left)s minutes left of %(limit)s")
NEAR_END = gettext_noop("the market ends in %(left)s minutes, exit %(limit)s before the end")
NO_END = gettext_noop("no end date: cannot fire")


def hold_end(policy: Policy, held: Held) -> datetime | None:
    """Moment from which the position has been held too long."""
    limit = policy.max_hold_minutes
    return None if limit is None else after(held.opened_at, limit)


def time_limit(policy: Policy, held: Held) -> datetime | None:
    """Moment from which the market's end is too near; None where no end is known."""
    limit = policy.exit_before_end_minutes
    return None if limit is None or held.ends_at is None else after(held.ends_at, -limit)


def time_exit(moment: Moment) -> View | None:
    """Held too long, or too near the earlier of game start and end date."""
    policy, shares = moment.policy, moment.held.shares
    views = []
    if policy.max_hold_minutes is not None:
        hit = age_minutes(moment) >= policy.max_hold_minutes
        say = _say_held_long if hit else _say_held_short
        views.append(View("time_exit", hit, None, None, moment, say, shares))
    if policy.exit_before_end_minutes is not None:
        views.append(_before_end(moment, policy.exit_before_end_minutes))
    return max(views, key=lambda view: view.hit) if views else None


def _before_end(moment: Moment, limit: Decimal) -> View:
    if moment.held.ends_at is None:
        return View("time_exit", False, None, None, moment, _say_no_end)
    hit = minutes(moment.held.ends_at - moment.at) <= limit
    return View("time_exit", hit, None, None, moment, _say_near_end, moment.held.shares)


def _say_held_long(view: View) -> Sentence:
    limit = view.moment.policy.max_hold_minutes or ZERO
    return Sentence(HELD_LONG, {"age": f"{age_minutes(view.moment):.0f}", "limit": f"{limit:f}"})


def _say_held_short(view: View) -> Sentence:
    limit = view.moment.policy.max_hold_minutes or ZERO
    left = limit - age_minutes(view.moment)
    return Sentence(HELD_SHORT, {"left": f"{left:.0f}", "limit": f"{limit:f}"})


def _say_near_end(view: View) -> Sentence:
    policy, end = view.moment.policy, view.moment.held.ends_at or view.moment.at
    limit = policy.exit_before_end_minutes or ZERO
    left = minutes(end - view.moment.at)
    return Sentence(NEAR_END, {"left": f"{left:.0f}", "limit": f"{limit:f}"})


def _say_no_end(_view: View) -> Sentence:
    return Sentence(NO_END)
