"""P6: a price one tick around a threshold at 1 Hz for ten minutes is at most two alerts.

The rules judge every reading, what they say goes into the journal as the pass writes it, and dispatch
and upkeep run in their rhythm: the whole way but the network, on a clock of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from monitoring.alerts.deciding.upkeep import upkeep
from monitoring.alerts.dispatch import dispatch
from monitoring.models import Channel, Notification
from positions.domain.judge import judge
from positions.domain.policy import parse
from positions.domain.quotes import NO_BID, Tick
from positions.domain.state import EMPTY, dump
from positions.domain.views import Held
from positions.models import JournalEntry, Mark, Position
from tests.monitoring.alerts.book import FACTS, NOON, position, write

TEN_MINUTES = 600
OPENED = NOON - timedelta(minutes=5)
HELD = Held(Decimal("0.50"), Decimal(100), Decimal(100), OPENED, tick=Decimal("0.01"))
pytestmark = pytest.mark.django_db
Read = Callable[[int, bool], Tick]


def reading(second: int, bid: str | None, ask: str | None = None) -> Tick:
    at = NOON + timedelta(seconds=second)
    return Tick(at, Decimal(bid) if bid else None, Decimal(ask) if ask else None, NO_BID)


CASES: dict[str, tuple[dict[str, Any], Read]] = {
    "a soft stop asks": (
        {"soft_stop_pct": "10", "confirm_seconds": 0},
        lambda at, below: reading(at, "0.44" if below else "0.46"),
    ),
    "a wide spread holds a stop back": (
        {"stop_loss_pct": "10"},
        lambda at, below: reading(at, "0.44" if below else "0.46", "0.80"),
    ),
    "the bid vanishes near a stop": (
        {"stop_loss_pct": "10"},
        lambda at, below: reading(at, None if below else "0.46"),
    ),
    "an unconfirmed stop": (
        {"stop_loss_pct": "10"},
        lambda at, below: reading(at, "0.44" if below else "0.46"),
    ),
}


def journalled(policy: dict[str, Any], read: Read, held: Position) -> Iterator[int]:
    """Judges one reading a second and writes what the pass would write; yields the seconds."""
    rules, state = parse(policy), EMPTY
    Mark.objects.create(position=held)
    for second in range(TEN_MINUTES):
        tick = read(second, second % 2 == 1)
        judged = judge(HELD, rules, state, tick, interval=Decimal(5))
        state = judged.state
        Mark.objects.update(state=dump(state), unpriced_since=state.unpriced_since)
        for notice in judged.notices:
            say(notice.kind, notice.urgency, notice.rule, str(notice.sentence), tick, held)
        if judged.trigger is not None:
            assert judged.trigger.decision == "ask", "nothing may be sold in this test"
            trigger = judged.trigger
            say("ask", trigger.urgency, trigger.rule, str(trigger.sentence), tick, held)
        yield second


def say(kind: str, urgency: str, rule: str, text: str, tick: Tick, held: Position) -> None:
    data = FACTS | {"problem": tick.problem, "bid": str(tick.bid)}
    write(kind, text, urgency=urgency, rule=rule, at=tick.at, position=held, data=data)


@pytest.mark.parametrize("case", CASES)
def test_price_a_tick_around_a_threshold_is_two_alerts_at_most(case: str) -> None:
    Channel.objects.create(name="a", url="https://x.example/a")
    policy, read = CASES[case]
    for second in journalled(policy, read, position()):
        now = NOON + timedelta(seconds=second)
        if second % 2 == 0:
            dispatch(now=now)
        if second % 10 == 0:
            upkeep(now=now)
    dispatch(now=NOON + timedelta(seconds=TEN_MINUTES))
    sent = Notification.objects.exclude(state="suppressed").count()
    written = JournalEntry.objects.exclude(kind="reminder").count()
    assert sent <= 2
    if case == "an unconfirmed stop":
        assert written == 0
    else:
        assert written >= 150  # the test is worth nothing if the rules themselves were quiet
        assert sent >= 1
        assert Notification.objects.exclude(reason="").count() >= written
