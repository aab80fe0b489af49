"""Rules of time: held too long, too near the end."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from positions.domain.policy import Policy
from positions.domain.views import Held, Moment, View, after, age_minutes, minutes
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
    policy, held = moment.policy, moment.held
    views = []
    if policy.max_hold_minutes is not None:
        age = age_minutes(moment)
        hit = age >= policy.max_hold_minutes
        texts = {
            "age": f"{age:.0f}",
            "limit": f"{policy.max_hold_minutes:f}",
            "left": f"{policy.max_hold_minutes - age:.0f}",
        }
        sentence = Sentence(HELD_LONG if hit else HELD_SHORT, texts)
        views.append(View("time_exit", hit, None, None, sentence, held.shares))
    if policy.exit_before_end_minutes is not None:
        views.append(_before_end(moment, policy.exit_before_end_minutes))
    return max(views, key=lambda view: view.hit, default=None)


def _before_end(moment: Moment, limit: Decimal) -> View:
    held = moment.held
    if held.ends_at is None:
        return View("time_exit", False, None, None, Sentence(NO_END))
    left = minutes(held.ends_at - moment.at)
    sentence = Sentence(NEAR_END, {"left": f"{left:.0f}", "limit": f"{limit:f}"})
    return View("time_exit", left <= limit, None, None, sentence, held.shares)
