"""What a journal entry is about: the key of its alarm, and what it does to it. Pure.

Two entries with the same key tell of the same trouble. A kind that is not named here happens once
and leaves nothing behind, unless it is critical: then it stands until somebody takes note of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

CRITICAL = "critical"
RANK: Mapping[str, int] = {"low": 0, "medium": 1, "high": 2, CRITICAL: 3}


# What became of a question, as `ai_decision` carries it.
OPEN, ACTED, WAITING = "open", "acted", "waiting"


class Act(Enum):
    """What an entry does to its alarm."""

    RAISE = "raise"
    RESOLVE = "resolve"
    HAPPEN = "happen"
    REMIND = "remind"


@dataclass(frozen=True, slots=True)
class Topic:
    """`key`: the alarm, "" for none. `detail`: what makes a repetition worth telling. `ends`: keys
    of alarms that are over with this; `ends_position`: all of its position's; `ends_kind`: all of
    that kind. `at_once`: what is new of it cannot wait for a moment without news: it has a deadline.
    """

    key: str = ""
    act: Act = Act.HAPPEN
    detail: str = ""
    ends: tuple[str, ...] = ()
    ends_position: bool = False
    ends_kind: str = ""
    at_once: bool = False


QUESTION = "ask:{position}:{rule}"
RAISES: Mapping[str, str] = {
    "unpriced": "unpriced:{position}",
    "stop_blocked": "stop_blocked:{position}",
    "exit_paused": "exit_paused:{position}",
    "error": "error:{position}",
    "unarmed": "unarmed:{position}:{rule}",
    "exit_failed": "exit:{position}:{rule}",
    "exit_partial": "exit:{position}:{rule}",
    "wallet_vanished": "vanished:{position}",
    "exits_paused": "switch:exits_paused",
    "channel_disabled": "channel:{channel}",
    "source_down": "source:{venue}",
    "watch_late": "watch:late",
    "watch_slow": "watch:slow",
    "nothing_leaves": "watch:leaves",
    "ask": QUESTION,
    "ai_alert": QUESTION,
    "ai_decision": QUESTION,
    "ai_down": "ai:{provider}",
}
RESOLVES: Mapping[str, str] = {
    "priced": "unpriced:{position}",
    "armed": "unarmed:{position}:{rule}",
    "exit_cancelled": "exit:{position}:{rule}",
    "exits_resumed": "switch:exits_paused",
    "source_back": "source:{venue}",
    "watch_back": "watch:{watch}",
    "ai_approved": QUESTION,
    "ai_declined": QUESTION,
    "ai_expired": QUESTION,
    "ai_overtaken": QUESTION,
    "ai_back": "ai:{provider}",
}
HAPPENS: Mapping[str, str] = {
    "exit_done": "sold:{exit}",
    "login_locked": "login_locked",
    "alerts_failed": "delivery:{channel}",
}
# What makes the same trouble worth telling again.
DETAILS: Mapping[str, str] = {
    "exit_partial": "left",
    "exit_failed": "problem",
    "channel_disabled": "reason",
    "ask": "verdict",
    "ai_alert": "verdict",
    "ai_decision": "verdict",
}
# All three tell of one question: that it asks is told once in a while, an answer at once.
QUESTIONS = frozenset({"ask", "ai_alert", "ai_decision"})
ENDS: Mapping[str, tuple[str, ...]] = {
    "exit_done": ("exit:{position}:{rule}", "stop_blocked:{position}", "exit_paused:{position}"),
    "wallet_closed": ("vanished:{position}",),
}
ENDS_POSITION = frozenset({"position_closed", "settled", "wallet_closed"})
ENDS_KIND: Mapping[str, str] = {"exits_resumed": "exit_paused"}
# Messages about messages: no trouble of their own, and never kept back.
APART = frozenset({"test", "digest", "alerts_collapsed"})
# Happens again without a word of its end in between: the journal tells it each time it begins.
BEGINS_ANEW = frozenset({"stop_blocked", "exit_paused"})
# Comes and goes within seconds near a stop: its end is told when it has lasted.
HASTY = frozenset({"unpriced", "stop_blocked"})
# Troubles whose end nobody else tells, and which a person wants to know to be over.
TELLS_END = frozenset({"unpriced", "stop_blocked", "error", "source_down", "watch_late", "ai_down"})
GUARDS = frozenset(
    {
        "error",
        "exit_failed",
        "exit_paused",
        "exits_paused",
        "nothing_leaves",
        "source_down",
        "stop_blocked",
        "unarmed",
        "watch_late",
    }
)
STOPS = frozenset({"stop_loss", "trailing_stop"})


def topic(
    kind: str,
    *,
    entry: int = 0,
    position: int | None = None,
    rule: str = "",
    urgency: str = "low",
    data: Mapping[str, Any] | None = None,
) -> Topic:
    """What an entry with these columns is about; `entry` is its own id."""
    data = data or {}
    names = {"watch": "late", "exit": entry, "channel": "", "venue": "", "provider": ""}
    names |= {name: data[name] for name in names if data.get(name) is not None}
    names |= {"position": position or 0, "rule": rule}
    if kind == "reminder":
        return Topic(str(data.get("key", "")), Act.REMIND)
    if kind == "ai_decision" and data.get("state", OPEN) != OPEN:
        return _decided(data, _key(QUESTION, names))
    if kind in RAISES:
        at_once = kind == "ai_decision"
        return Topic(_key(RAISES[kind], names), Act.RAISE, _detail(kind, data), at_once=at_once)
    if kind in RESOLVES:
        key = _key(RESOLVES[kind], names)
        return Topic(key, Act.RESOLVE, ends_kind=ENDS_KIND.get(kind, ""))
    return Topic(
        _happening(kind, urgency, entry, names),
        Act.HAPPEN,
        ends=tuple(_key(shape, names) for shape in ENDS.get(kind, ())),
        ends_position=kind in ENDS_POSITION,
    )


def is_critical_stop(kind: str, rule: str, urgency: str) -> bool:
    """An alert without which a stop may fail unnoticed: no silence keeps it from the channels."""
    return urgency == CRITICAL and (rule in STOPS or kind in GUARDS)


def is_happening(kind: str) -> bool:
    """Whether an alarm of this kind stands only because nobody has taken note of it yet."""
    return kind not in RAISES


def louder(urgency: str, than: str) -> bool:
    """Whether the first urgency is above the second; an unknown one is as low as can be."""
    return RANK.get(urgency, 0) > RANK.get(than, 0)


def _decided(data: Mapping[str, Any], key: str) -> Topic:
    """A decision that leaves nothing to a person: held, which whoever was asked wants to hear; or
    sold by itself, which the sale will tell; or void, so that the AI is asked once more.
    """
    if data.get("state") == WAITING:
        return Topic()
    if data.get("state") == ACTED:
        return Topic(ends=(key,))
    return Topic(key, Act.RESOLVE)


def _happening(kind: str, urgency: str, entry: int, names: Mapping[str, object]) -> str:
    if kind in APART:
        return ""
    if kind in HAPPENS and (kind != "exit_done" or urgency == CRITICAL):
        return _key(HAPPENS[kind], names)
    return f"{kind}:{entry}" if urgency == CRITICAL else ""


def _key(shape: str, names: Mapping[str, object]) -> str:
    return shape.format_map(names)[:120]


def _detail(kind: str, data: Mapping[str, Any]) -> str:
    return str(data.get(DETAILS.get(kind, ""), ""))
