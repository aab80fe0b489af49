from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django_q.models import Success

from monitoring.models import MonitorRun, Trigger
from monitoring.retention import Pruned, longest_window, prune
from positions.models import ExitPolicy, JournalEntry, Market, PricePoint, Strategy
from tests.monitoring.alerts.book import position, write

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def market(key: str = "a") -> Market:
    return Market.objects.create(venue="sim", key=key, outcome="Yes", question="Q")


def points(owner: Market, start: timedelta, count: int, step: timedelta) -> None:
    """`count` readings, the first `start` before noon, then every `step`."""
    moments = [NOON - start + number * step for number in range(count)]
    PricePoint.objects.bulk_create(
        PricePoint(market=owner, since=at, until=at, bid=Decimal("0.5")) for at in moments
    )


def ages(owner: Market) -> list[timedelta]:
    rows = PricePoint.objects.filter(market=owner).order_by("until")
    return [NOON - until for until in rows.values_list("until", flat=True)]


def policy(name: str, document: str) -> None:
    ExitPolicy.objects.create(strategy=Strategy.objects.create(name=name), document=document)


HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
SECONDS = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("start", "kept"),
    [
        (24 * HOURS, 180),  # every point
        (24 * HOURS + 15 * 60 * SECONDS, 15),  # one a minute
        (7 * DAYS, 15),
        (7 * DAYS + 15 * 60 * SECONDS, 1),  # one in a quarter of an hour
        (90 * DAYS, 1),
        (90 * DAYS + 15 * 60 * SECONDS, 0),
    ],
)
def test_quarter_of_an_hour_of_points_thins_with_age(start: timedelta, kept: int) -> None:
    owner = market()
    points(owner, start, 180, 5 * SECONDS)
    prune(now=NOON)
    assert len(ages(owner)) == kept


def test_last_point_of_each_minute_is_the_one_that_stays() -> None:
    owner = market()
    points(owner, 2 * DAYS, 24, 5 * SECONDS)
    prune(now=NOON)
    assert ages(owner) == [2 * DAYS - 55 * SECONDS, 2 * DAYS - 115 * SECONDS]


def test_markets_are_thinned_apart() -> None:
    first, second = market("a"), market("b")
    points(first, 2 * DAYS, 1, SECONDS)
    points(second, 2 * DAYS, 1, SECONDS)
    prune(now=NOON)
    assert (len(ages(first)), len(ages(second))) == (1, 1)


def test_no_rule_s_window_loses_a_point() -> None:
    policy("long", '{"momentum_exit": {"window_minutes": 129600, "rise_pct": 5, "fade_pct": 1}}')
    owner = market()
    points(owner, 90 * DAYS + HOURS, 5, SECONDS)
    points(owner, 90 * DAYS + HOURS + 900 * SECONDS, 5, SECONDS)
    prune(now=NOON)
    assert len(ages(owner)) == 5


def test_thinning_begins_an_hour_after_the_longest_window() -> None:
    policy("two", '{"adverse_move": {"window_minutes": "2880", "pct": "6"}}')
    owner = market()
    points(owner, 49 * HOURS, 12, 5 * SECONDS)
    points(owner, 50 * HOURS, 12, 5 * SECONDS)
    prune(now=NOON)
    assert len(ages(owner)) == 13


def test_longest_window_is_over_all_policies_and_both_rules() -> None:
    policy("a", '{"momentum_exit": {"window_minutes": 60, "rise_pct": 5, "fade_pct": 1}}')
    policy("b", '{"adverse_move": {"window_minutes": "90.5", "pct": "6"}, "momentum_exit": null}')
    policy("c", "{}")
    assert longest_window() == timedelta(minutes=90.5)


def test_unreadable_policy_keeps_every_point() -> None:
    policy("broken", '{"momentum_exit": {"window_minutes": "x"}}')
    owner = market()
    points(owner, 100 * DAYS, 5, SECONDS)
    prune(now=NOON)
    assert len(ages(owner)) == 5


def run(days: float, state: str = "complete") -> MonitorRun:
    return MonitorRun.objects.create(state=state, started_at=NOON - timedelta(days=days))


def test_old_runs_go_but_their_triggers_stay() -> None:
    old, young = run(8), run(6)
    row: dict[str, Any] = {"at": NOON, "rule": "stop_loss", "urgency": "critical"}
    trigger = Trigger.objects.create(run=old, position=position(), reason="r", decision="x", **row)
    assert prune(now=NOON).runs == 1
    trigger.refresh_from_db()
    assert (list(MonitorRun.objects.all()), trigger.run) == ([young], None)


def test_last_complete_run_stays_however_old() -> None:
    last = run(30)
    run(20, "failed")
    prune(now=NOON)
    assert list(MonitorRun.objects.all()) == [last]


def test_finished_tasks_of_the_queue_go_after_a_day() -> None:
    for number, days in enumerate((0.9, 1.1)):
        at = NOON - timedelta(days=days)
        Success.objects.create(
            id=f"{number}", name=f"{number}", func="f", started=at, stopped=at, success=True
        )
    assert prune(now=NOON) == Pruned(points=0, runs=0, tasks=1)


def test_journal_is_never_pruned() -> None:
    entry = write("fill", at=NOON - timedelta(days=4000))
    prune(now=NOON)
    assert JournalEntry.objects.get() == entry


def test_again_finds_nothing() -> None:
    owner = market()
    points(owner, 2 * DAYS, 50, 5 * SECONDS)
    assert (prune(now=NOON).points > 0, prune(now=NOON)) == (True, Pruned(0, 0, 0))
