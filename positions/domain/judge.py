"""One judgement: a position, its memory and one reading in; what fires and the new memory out.

The pass, `replay` and the tests all call this function; nothing else decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from positions.domain.breach import ASKED_FIELD, SINCE_FIELD, Breach, breach, recovered
from positions.domain.judgement import Judgement, Notice, Trigger, trigger_of
from positions.domain.policy import Policy
from positions.domain.quotes import Tick
from positions.domain.rules import ASKING, MECHANICAL
from positions.domain.silence import priced, unpriced
from positions.domain.state import WatchState, changed
from positions.domain.stops import raised
from positions.domain.views import ZERO, Held, Moment, Urgency, View
from positions.domain.window import Run
from positions.domain.wording import Sentence, gettext_noop

__all__ = ["ARMING_AGE", "Judgement", "Notice", "Trigger", "judge"]

ARMING_AGE = timedelta(minutes=10)
RULES = MECHANICAL + ASKING

BLOCKED = gettext_noop("%(bid)s has breached the %(level)s stop, held back: the ask is %(ask)s")
UNARMED = gettext_noop("was already breached when watching began and is not armed: %(why)s")
ARMED = gettext_noop("is armed now: %(why)s")


def judge(
    held: Held,
    policy: Policy,
    state: WatchState,
    tick: Tick,
    *,
    runs: Sequence[Run] = (),
    interval: Decimal = Decimal(30),
    arm_now: bool = False,
) -> Judgement:
    """What one reading means for one position.

    `runs`: earlier usable readings of its market, oldest first (needed by window rules only).
    `interval`: seconds between passes, for the patience with an unpriced market. Pure.
    """
    bid = tick.bid
    if bid is None:
        return unpriced(held, policy, state, tick, interval)
    seen = _seen(held, policy, state, tick, bid)
    moment = Moment(held, policy, seen, tick.at, bid, runs)
    views = [view for rule in RULES if (view := rule(moment)) is not None]
    notices = [priced(held, bid)] if state.unpriced_told else []
    hits = [view for view in views if view.hit]
    if not hits and not notices and seen.calm:
        return Judgement(seen)  # by far the commonest reading: nothing stands, nothing is hit
    if state.watched_since is None and not arm_now and tick.at - held.opened_at > ARMING_AGE:
        seen = changed(seen, unarmed=frozenset(view.rule for view in hits))
        notices += [_arming("unarmed", view) for view in hits]
    elif seen.unarmed:
        seen = _rearmed(seen, views, notices)
    return _decide(seen, tick, views, notices)


def _seen(held: Held, policy: Policy, state: WatchState, tick: Tick, bid: Decimal) -> WatchState:
    """The memory after counting this bid: when watching began, the best bid, the trailing level."""
    best = state.best if state.best is not None and state.best >= bid else bid
    level = raised(policy, held.entry, best, state.trail_level) if policy.trailing_stop else None
    if (
        bid == state.last_bid
        and best == state.best
        and level == state.trail_level
        and state.watched_since is not None
        and state.unpriced_since is None
    ):
        return state
    return state.seen(tick.at, bid, best, level)


def _decide(
    state: WatchState, tick: Tick, views: Sequence[View], notices: list[Notice]
) -> Judgement:
    """The first rule in order that fires wins; breaches and asking episodes are remembered."""
    standing = {view.rule: breach(view, state, tick) for view in views}
    armed = [view for view in views if view.rule not in state.unarmed]
    fired = (view for view in armed if standing[view.rule].fires and view.rule not in ASKED_FIELD)
    exits = next(fired, None)
    asks, asked = _questions(state, armed, standing, free=exits is None)
    # What sells everything leaves nothing to confirm; a part or a question settles nothing.
    left = [] if exits and exits.shares >= exits.moment.held.shares else armed
    waiting = [stands for view in left if (stands := _waits(view, state, standing))]
    held_back = [view for view in left if standing[view.rule].guarded]
    if held_back and not state.blocked:
        notices.append(_blocked(held_back[0], tick))
    return Judgement(
        changed(
            state,
            **{field: _since(standing.get(name)) for name, field in SINCE_FIELD.items()},
            **asked,
            blocked=bool(held_back),
        ),
        trigger_of(exits, "exit") if exits else trigger_of(asks, "ask") if asks else None,
        tuple(notices),
        any(not stands.guarded for stands in waiting),
        min((stands.wake_at for stands in waiting if stands.wake_at), default=None),
    )


def _questions(
    state: WatchState, armed: Sequence[View], standing: Mapping[str, Breach], *, free: bool
) -> tuple[View | None, dict[str, bool]]:
    """The rule that asks now, if an exit leaves it `free` to; which episodes have been asked.

    An asking rule asks once an episode; recovery, or the rule's end, arms it again.
    """
    asks: View | None = None
    asked = dict.fromkeys(ASKED_FIELD.values(), False)
    for view in armed:
        field = ASKED_FIELD.get(view.rule)
        if field is None:
            continue
        if getattr(state, field):
            asked[field] = not recovered(view)
        elif free and asks is None and standing[view.rule].fires:
            asks, asked[field] = view, True
    return asks, asked


def _waits(view: View, state: WatchState, standing: Mapping[str, Breach]) -> Breach | None:
    """The view's breach, if it has yet to be confirmed."""
    stands = standing[view.rule]
    asked = view.rule in ASKED_FIELD and getattr(state, ASKED_FIELD[view.rule])
    return None if stands.since is None or stands.fires or asked else stands


def _since(stands: Breach | None) -> datetime | None:
    return None if stands is None else stands.since


def _blocked(view: View, tick: Tick) -> Notice:
    values = {"bid": tick.bid or ZERO, "level": view.level or ZERO, "ask": tick.ask or ZERO}
    sentence = Sentence(BLOCKED, values, view.moment.held.price)
    return Notice("stop_blocked", "critical", view.rule, sentence, view.level)


def _arming(kind: Literal["unarmed", "armed"], view: View) -> Notice:
    template = UNARMED if kind == "unarmed" else ARMED
    urgency: Urgency = "critical" if kind == "unarmed" else "low"
    sentence = Sentence(template, {"why": view.sentence})
    return Notice(kind, urgency, view.rule, sentence, view.level)


def _rearmed(state: WatchState, views: Sequence[View], notices: list[Notice]) -> WatchState:
    """A rule whose breach has ended by itself guards from then on like any other."""
    notices += [
        _arming("armed", view) for view in views if view.rule in state.unarmed and not view.hit
    ]
    return changed(state, unarmed=state.unarmed & {view.rule for view in views if view.hit})
