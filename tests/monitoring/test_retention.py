from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count, pairwise
from typing import Any

import pytest
from axes.models import AccessFailureLog
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import Failure, OrmQ, Success
from pytest_django import DjangoAssertNumQueries

from monitoring.heartbeat import beat
from monitoring.models import (
    Alarm,
    Channel,
    Heartbeat,
    MonitorRun,
    Notification,
    Silence,
    Trigger,
)
from monitoring.retention import prune
from monitoring.retention.points import SCAN, longest_window
from positions.models import Exit, ExitPolicy, Fill, JournalEntry, Market, PricePoint, Strategy
from tests.monitoring.alerts.book import position, write

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def pruned() -> dict[str, int]:
    return prune(now=NOON, sleep=lambda _seconds: None)


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
    pruned()
    assert len(ages(owner)) == kept


def test_last_point_of_each_minute_is_the_one_that_stays() -> None:
    owner = market()
    points(owner, 2 * DAYS, 24, 5 * SECONDS)
    pruned()
    assert ages(owner) == [2 * DAYS - 55 * SECONDS, 2 * DAYS - 115 * SECONDS]


def test_markets_are_thinned_apart() -> None:
    first, second = market("a"), market("b")
    points(first, 2 * DAYS, 1, SECONDS)
    points(second, 2 * DAYS, 1, SECONDS)
    pruned()
    assert (len(ages(first)), len(ages(second))) == (1, 1)


def test_no_rule_s_window_loses_a_point() -> None:
    policy("long", '{"momentum_exit": {"window_minutes": 129600, "rise_pct": 5, "fade_pct": 1}}')
    owner = market()
    points(owner, 90 * DAYS + HOURS + 900 * SECONDS, 5, SECONDS)
    points(owner, 90 * DAYS + HOURS, 5, SECONDS)
    pruned()
    assert len(ages(owner)) == 5


def test_thinning_begins_an_hour_after_the_longest_window() -> None:
    policy("two", '{"adverse_move": {"window_minutes": "2880", "pct": "6"}}')
    owner = market()
    points(owner, 50 * HOURS, 12, 5 * SECONDS)
    points(owner, 49 * HOURS, 12, 5 * SECONDS)
    pruned()
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
    pruned()
    assert len(ages(owner)) == 5


def run(days: float, state: str = "complete") -> MonitorRun:
    return MonitorRun.objects.create(state=state, started_at=NOON - timedelta(days=days))


def test_old_runs_go_but_their_triggers_stay() -> None:
    old, young = run(8), run(6)
    row: dict[str, Any] = {"at": NOON, "rule": "stop_loss", "urgency": "critical"}
    trigger = Trigger.objects.create(run=old, position=position(), reason="r", decision="x", **row)
    assert pruned()["runs"] == 1
    trigger.refresh_from_db()
    assert (list(MonitorRun.objects.all()), trigger.run) == ([young], None)


def test_last_complete_run_stays_however_old() -> None:
    last = run(30)
    run(20, "failed")
    pruned()
    assert list(MonitorRun.objects.all()) == [last]


def test_finished_tasks_of_the_queue_go_after_a_day() -> None:
    for number, days in enumerate((0.9, 1.1)):
        at = NOON - timedelta(days=days)
        Success.objects.create(
            id=f"{number}", name=f"{number}", func="f", started=at, stopped=at, success=True
        )
    assert pruned() == {"tasks": 1}


def test_journal_is_never_pruned() -> None:
    entry = write("fill", at=NOON - timedelta(days=4000))
    pruned()
    assert JournalEntry.objects.get() == entry


def test_again_finds_nothing() -> None:
    owner = market()
    points(owner, 2 * DAYS, 50, 5 * SECONDS)
    assert (pruned()["points"] > 0, pruned()) == (True, {})


def test_points_that_have_come_of_age_since_are_thinned_too() -> None:
    owner = market()
    points(owner, 24 * HOURS, 720, 5 * SECONDS)
    pruned()
    assert len(ages(owner)) == 720
    prune(now=NOON + HOURS, sleep=lambda _seconds: None)
    assert len(ages(owner)) == 60
    points(owner, -2 * HOURS, 12, 5 * SECONDS)
    prune(now=NOON + 27 * HOURS, sleep=lambda _seconds: None)
    assert len(ages(owner)) == 61


def test_run_that_is_cut_off_is_taken_up_by_the_next() -> None:
    owner = market()
    points(owner, 3 * DAYS, 3 * SCAN, 5 * SECONDS)
    ticks = count()
    runs = 0
    while prune(now=NOON, budget=5, clock=lambda: next(ticks), sleep=lambda _seconds: None):
        runs += 1
    assert runs >= 3
    assert max(old - young for old, young in pairwise(ages(owner))) == timedelta(minutes=1)
    # One more a run at most, where it was cut off.
    assert len(ages(owner)) <= 3 * SCAN * 5 / 60 + runs


def test_point_of_a_clock_that_ran_ahead_holds_up_no_other() -> None:
    owner = market()
    points(owner, -400 * DAYS, 1, SECONDS)
    points(owner, 100 * DAYS, 5, SECONDS)
    points(owner, 2 * DAYS, 12, 5 * SECONDS)
    pruned()
    assert ages(owner) == [2 * DAYS - 55 * SECONDS, -400 * DAYS]


def test_thinning_asks_as_often_for_ten_markets_as_for_two(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    markets = [market(name) for name in "abcdefghijkl"]
    points(markets[0], 3 * DAYS, 24, 5 * SECONDS)
    pruned()  # its places are noted for the first time
    for owner in markets[:2]:
        points(owner, 2 * DAYS, 24, 5 * SECONDS)
    with CaptureQueriesContext(connection) as few:
        pruned()
    for owner in markets[2:]:
        points(owner, 2 * DAYS - HOURS, 24, 5 * SECONDS)
    with django_assert_num_queries(len(few)):
        pruned()


OLD, YOUNG = NOON - 91 * DAYS, NOON - 89 * DAYS
States = Notification.State


def notify(state: str, at: datetime, **values: Any) -> Notification:
    channel, _made = Channel.objects.get_or_create(name="c", defaults={"url": "u"})
    row = {"title": "t", "created_at": at, "not_before": at, "state": state} | values
    return Notification.objects.create(entry=write("note"), channel=channel, **row)


def alarm(key: str, at: datetime, **values: Any) -> Alarm:
    row = {"kind": "unpriced", "raised_at": at, "last_at": at} | values
    return Alarm.objects.create(key=key, entry=write("unpriced"), **row)


@pytest.mark.parametrize("state", ["sent", "suppressed", "collapsed"])
def test_alerts_that_are_done_with_go_after_ninety_days(state: str) -> None:
    notify(state, OLD)
    young = notify(state, YOUNG)
    assert pruned() == {"notifications": 1}
    assert list(Notification.objects.all()) == [young]


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_alerts_that_wait_or_failed_stay(state: str) -> None:
    row = notify(state, NOON - 400 * DAYS)
    pruned()
    assert list(Notification.objects.all()) == [row]


def test_failed_alert_goes_once_its_alarm_was_acknowledged_and_is_over() -> None:
    over = alarm("a", OLD, resolved_at=YOUNG, acknowledged_at=OLD)
    notify("failed", OLD, alarm=over)
    unseen = notify("failed", OLD, alarm=alarm("b", OLD, resolved_at=YOUNG))
    assert pruned() == {"notifications": 1}
    assert list(Notification.objects.all()) == [unseen]


def test_alarms_stay_until_they_have_been_over_for_ninety_days() -> None:
    alarm("over", OLD, resolved_at=OLD)
    kept = [alarm("still", OLD), alarm("lately", OLD, resolved_at=YOUNG)]
    assert pruned() == {"alarms": 1}
    assert list(Alarm.objects.order_by("pk")) == kept


def test_what_only_happened_is_over_by_itself() -> None:
    sold = alarm("sold:1", OLD, kind="exit_done")
    notify("sent", OLD, alarm=sold)
    assert pruned() == {"notifications": 1, "alarms": 1}


def test_alarm_whose_alert_failed_unseen_stays() -> None:
    sold = alarm("sold:1", OLD, kind="exit_done")
    notify("failed", OLD, alarm=sold)
    assert pruned() == {}
    Alarm.objects.update(acknowledged_at=YOUNG)
    assert pruned() == {"notifications": 1, "alarms": 1}


def test_alert_of_an_alarm_that_is_not_over_stays() -> None:
    row = notify("sent", OLD, alarm=alarm("still", OLD))
    pruned()
    assert list(Notification.objects.all()) == [row]


def test_ended_silences_go() -> None:
    kept = Silence.objects.create(until=NOON + DAYS, created_at=OLD)
    Silence.objects.create(until=OLD, created_at=OLD)
    Silence.objects.create(until=NOON + DAYS, created_at=OLD, ended_at=OLD)
    assert pruned() == {"silences": 2}
    assert list(Silence.objects.all()) == [kept]


def test_triggers_of_exits_stay() -> None:
    held = position()
    exit_ = Exit.objects.create(position=held, rule="manual", shares=1, created_at=OLD)
    row: dict[str, Any] = {"position": held, "at": OLD, "rule": "stop_loss", "decision": "exit"}
    kept = Trigger.objects.create(**row, exit=exit_)
    Trigger.objects.create(**row)
    assert pruned() == {"triggers": 1}
    assert list(Trigger.objects.all()) == [kept]


def test_failed_and_stuck_tasks_of_the_queue_go_after_a_month() -> None:
    for days in (29, 31):
        at = NOON - timedelta(days=days)
        Failure.objects.create(
            id=f"{days}", name="n", func="f", started=at, stopped=at, success=False
        )
        OrmQ.objects.create(key="k", payload=f"{days}", lock=at)
    assert pruned() == {"tasks": 2}
    assert list(Failure.objects.values_list("id", flat=True)) == ["29"]
    assert list(OrmQ.objects.values_list("payload", flat=True)) == ["29"]


def test_sessions_go_when_they_have_ended() -> None:
    for key, end in (("old", NOON - SECONDS), ("young", NOON + SECONDS)):
        Session.objects.create(session_key=key, session_data="", expire_date=end)
    assert pruned() == {"sessions": 1}
    assert list(Session.objects.values_list("session_key", flat=True)) == ["young"]


def test_old_attempts_to_log_in_go() -> None:
    for at in (OLD, YOUNG):
        row = AccessFailureLog.objects.create(username="ann", ip_address="127.0.0.1")
        AccessFailureLog.objects.filter(pk=row.pk).update(attempt_time=at)
    assert pruned() == {"logins": 1}
    assert list(AccessFailureLog.objects.values_list("attempt_time", flat=True)) == [YOUNG]


def test_heartbeats_of_the_dead_go_but_not_the_last_backup_s() -> None:
    for name in ("backup", "worker", "gone"):
        beat(name, at=NOON if name == "worker" else OLD)
    assert pruned() == {"beats": 1}
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"backup", "worker"}


def test_exits_and_fills_are_never_pruned() -> None:
    long_ago = NOON - 4000 * DAYS
    exit_ = Exit.objects.create(position=position(), rule="manual", shares=1, created_at=long_ago)
    Fill.objects.create(exit=exit_, attempt=1, number=0, price=1, shares=1, at=long_ago)
    assert pruned() == {}
    assert (Exit.objects.count(), Fill.objects.count()) == (1, 1)
