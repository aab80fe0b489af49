"""One judgement: a position, its memory and one reading in; what fires and the new memory out.

The pass, `replay` and the tests all call this function; nothing else decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from positions.domain.policy import HUNDRED, Policy
from positions.domain.quotes import Tick, is_wide
from positions.domain.rules import ASKING, MECHANICAL
from positions.domain.state import WatchState
from positions.domain.stops import stop_level, trail_level
from positions.domain.timing import time_exit
from positions.domain.views import LATCHED, URGENCY, Held, Moment, Urgency, View
from positions.domain.window import Run
from positions.domain.wording import Sentence, gettext_noop

ARMING_AGE = timedelta(minutes=10)
NEAR_STOP = Decimal("1.05")
TELL_AFTER = Decimal(120)

NoticeKind = Literal["unpriced", "priced", "stop_blocked", "unarmed", "armed"]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A rule that fired. decision "exit": sell `shares`, never below `floor` (None: the slippage
    guard decides); "ask": a person or the AI stage decides. `price` is the bid, None if unpriced.
    """

    rule: str
    urgency: Urgency
    decision: Literal["exit", "ask"]
    level: Decimal | None
    price: Decimal | None
    sentence: Sentence
    shares: Decimal
    floor: Decimal | None = None
    parts: tuple[tuple[str, Decimal], ...] = ()
    high: Decimal | None = None

    @property
    def latched(self) -> bool:
        """Whether later passes sell the rest whatever the price does."""
        return self.rule in LATCHED


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know although nothing is sold."""

    kind: NoticeKind
    urgency: Urgency
    rule: str
    sentence: Sentence
    level: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """`trigger`: the first rule in order that fires. `confirming`: a breach waits for another
    reading. `wake_at`: earliest moment at which looking again could fire or tell something new.
    """

    state: WatchState
    trigger: Trigger | None = None
    notices: tuple[Notice, ...] = ()
    confirming: bool = False
    wake_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    """A breach of a confirmed rule: since when it stands, whether it fires now, whether a wide
    spread holds it back, and when it would fire if it still stood.
    """

    since: datetime | None = None
    fires: bool = False
    guarded: bool = False
    wake_at: datetime | None = None


SINCE_FIELD = {
    "stop_loss": "stop_since",
    "trailing_stop": "trail_since",
    "soft_stop": "soft_since",
}
CONFIRMED = tuple(SINCE_FIELD)
ASKED_FIELD = {"soft_stop": "soft_asked", "adverse_move": "adverse_asked"}

UNPRICED = gettext_noop("no usable price: %(problem)s")
PRICED = gettext_noop("usable price again: %(bid)s")
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
    if tick.bid is None:
        return _unpriced(held, policy, state, tick, interval)
    notices: list[Notice] = []
    if state.unpriced_since is not None:
        if state.unpriced_told:
            notices.append(
                Notice("priced", "medium", "", Sentence(PRICED, {"bid": tick.bid}, held.price))
            )
        state = replace(state, unpriced_since=None, problem="", unpriced_told=False)
    first = state.watched_since is None
    state = _seen(held, policy, state, tick.bid, tick.at)
    moment = Moment(held, policy, state, tick.at, tick.bid, runs)
    views = {view.rule: view for rule in MECHANICAL + ASKING if (view := rule(moment))}
    if first and not arm_now and tick.at - held.opened_at > ARMING_AGE:
        state = replace(state, unarmed=frozenset(n for n, view in views.items() if view.hit))
        notices += [_arming("unarmed", views[name]) for name in views if name in state.unarmed]
    elif state.unarmed:
        state, armed = _rearmed(state, views)
        notices += armed
    return _decide(moment, state, tick, views, notices)


def _seen(held: Held, policy: Policy, state: WatchState, bid: Decimal, at: datetime) -> WatchState:
    """The memory after counting this bid: when watching began, the best bid, the trailing level."""
    best = bid if state.best is None or bid > state.best else state.best
    if best is not state.best or policy.trailing_stop or state.watched_since is None:
        state = replace(state, best=best, watched_since=state.watched_since or at)
        level = trail_level(policy, held.entry, state)
        if level != state.trail_level:
            state = replace(state, trail_level=level)
    return state if state.last_bid == bid else replace(state, last_bid=bid)


def _decide(
    moment: Moment,
    state: WatchState,
    tick: Tick,
    views: dict[str, View],
    notices: list[Notice],
) -> Judgement:
    """Walks the rules in order: the first that fires wins, breaches and episodes are remembered."""
    breaches = {name: _breach(moment, state, tick, views.get(name)) for name in CONFIRMED}
    state = _changed(
        state,
        stop_since=breaches["stop_loss"].since,
        trail_since=breaches["trailing_stop"].since,
        soft_since=breaches["soft_stop"].since,
    )
    trigger, waiting = None, []
    for name, view in views.items():
        if name in state.unarmed:
            continue
        breach = breaches.get(name)
        fires = breach.fires if breach else view.hit
        if name in ASKED_FIELD:
            fires, state = _episode(moment, state, view, fires=fires and trigger is None)
        elif breach and breach.since and not fires and trigger is None:
            waiting.append(breach)
            if breach.guarded and not state.blocked:
                notices.append(_blocked(moment, view, tick))
        if fires and trigger is None:
            trigger = _trigger(moment, view, asks=name in ASKED_FIELD)
    soft = breaches["soft_stop"]
    if soft.since and not soft.fires and not state.soft_asked and "soft_stop" not in state.unarmed:
        waiting.append(soft)
    return Judgement(
        _changed(state, blocked=any(breach.guarded for breach in waiting)),
        trigger,
        tuple(notices),
        # A question settles nothing: the stop behind it still wants its second reading.
        (trigger is None or trigger.decision == "ask")
        and any(not breach.guarded for breach in waiting),
        min((breach.wake_at for breach in waiting if breach.wake_at), default=None),
    )


def _breach(moment: Moment, state: WatchState, tick: Tick, view: View | None) -> Breach:
    """How long a confirmed rule's breach has stood, and whether that is long enough.

    A wide spread makes a stop wait for `wide_spread_seconds` instead of `confirm_seconds`.
    """
    if view is None or not view.hit:
        return Breach()
    policy = moment.policy
    since = getattr(state, SINCE_FIELD[view.rule]) or tick.at
    guarded = view.rule != "soft_stop" and is_wide(tick, policy, moment.held.payout)
    wait = policy.wide_spread_seconds if guarded else policy.confirm_seconds
    stands = Decimal(str((tick.at - since).total_seconds()))
    fires = stands >= wait or (not guarded and _through(view, tick, policy))
    return Breach(since, fires, guarded, since + timedelta(seconds=float(wait)))


def _episode(
    moment: Moment, state: WatchState, view: View, *, fires: bool
) -> tuple[bool, WatchState]:
    """An asking rule asks once an episode; recovery arms it again."""
    field = ASKED_FIELD[view.rule]
    asked: bool = getattr(state, field)
    if asked:
        return False, _changed(state, **{field: not _recovered(moment, view)})
    return fires, _changed(state, **{field: fires})


def _changed(state: WatchState, **values: object) -> WatchState:
    """`replace` only when something differs, so that an unchanged memory is the same object."""
    if all(getattr(state, name) == value for name, value in values.items()):
        return state
    return replace(state, **values)  # type: ignore[arg-type]


def _through(view: View, tick: Tick, policy: Policy) -> bool:
    """So far below its level that nobody waits for a second reading."""
    if view.level is None or tick.bid is None:
        return False
    return tick.bid <= view.level * (1 - policy.through_pct / HUNDRED)


def _recovered(moment: Moment, view: View) -> bool:
    """An asking rule is armed again one tick and 1 % above its level."""
    if view.level is None or moment.bid is None:
        return False
    step = max(moment.held.tick or Decimal(0), view.level / HUNDRED)
    return moment.bid >= view.level + step


def _trigger(moment: Moment, view: View, *, asks: bool) -> Trigger:
    return Trigger(
        rule=view.rule,
        urgency=URGENCY[view.rule],
        decision="ask" if asks else "exit",
        level=view.level,
        price=moment.bid,
        sentence=view.sentence,
        shares=view.shares,
        floor=view.floor,
        parts=view.parts,
        high=view.high,
    )


def _blocked(moment: Moment, view: View, tick: Tick) -> Notice:
    texts = {"bid": tick.bid or 0, "level": view.level or 0, "ask": tick.ask or 0}
    values = {name: Decimal(value) for name, value in texts.items()}
    sentence = Sentence(BLOCKED, values, moment.held.price)
    return Notice("stop_blocked", "critical", view.rule, sentence, view.level)


def _arming(kind: Literal["unarmed", "armed"], view: View) -> Notice:
    template = UNARMED if kind == "unarmed" else ARMED
    urgency: Urgency = "critical" if kind == "unarmed" else "low"
    return Notice(
        kind, urgency, view.rule, Sentence(template, {"why": str(view.sentence)}), view.level
    )


def _rearmed(state: WatchState, views: dict[str, View]) -> tuple[WatchState, list[Notice]]:
    """A rule whose breach has ended by itself guards from then on like any other."""
    back = [name for name in sorted(state.unarmed) if name in views and not views[name].hit]
    gone = [name for name in state.unarmed if name not in views]
    if not back and not gone:
        return state, []
    state = replace(state, unarmed=state.unarmed - set(back) - set(gone))
    return state, [_arming("armed", views[name]) for name in back]


def _unpriced(
    held: Held, policy: Policy, state: WatchState, tick: Tick, interval: Decimal
) -> Judgement:
    """No price rule fires and no memory of prices changes; time still runs."""
    since = state.unpriced_since or tick.at
    patience = timedelta(seconds=float(min(3 * interval, TELL_AFTER)))
    told, wake = state.unpriced_told, None
    notices: tuple[Notice, ...] = ()
    if not told:
        if tick.at - since >= patience or _near_stop(held, policy, state):
            told = True
            sentence = Sentence(UNPRICED, {"problem": tick.problem})
            notices = (Notice("unpriced", "high", "", sentence),)
        else:
            wake = since + patience
    state = _changed(state, unpriced_since=since, problem=tick.problem, unpriced_told=told)
    moment = Moment(held, policy, state, tick.at, None)
    view = time_exit(moment)
    trigger = None
    if view is not None and view.hit and view.rule not in state.unarmed and state.watched_since:
        trigger = _trigger(moment, view, asks=False)
    return Judgement(state, trigger, notices, False, wake)


def _near_stop(held: Held, policy: Policy, state: WatchState) -> bool:
    """Whether the last good bid was within 5 % of a stop: then silence is told at once."""
    if state.last_bid is None:
        return False
    levels = [stop_level(policy, held.entry), trail_level(policy, held.entry, state)]
    known = [level for level in levels if level is not None]
    return any(state.last_bid <= level * NEAR_STOP for level in known)
