"""What one look writes: each trouble once, whoever looks, and its end once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django_q.models import Schedule
from pytest_django.fixtures import Settings

from monitoring.alerts.dispatch import dispatch
from monitoring.clock import QUESTION_TIMES
from monitoring.facts import read_facts
from monitoring.heartbeat import STARTED, WATCHMAN, WORKER, beat, last_beat
from monitoring.lease import LENGTH, LeaseHeldError, acquire
from monitoring.models import Alarm, Channel, Feed, Lease, MonitorRun, Notification, Question
from monitoring.schedules import ensure_schedules
from monitoring.watchman import Seen, begin, look
from positions.models import Exit, JournalEntry, Mark, Quote
from positions.services import exits_pause
from tests.monitoring.alerts.book import write_stop
from tests.positions.holdings import holding

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
UP = 1000.0  # seconds since boot at noon
BOOT = "clock:test"
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


@pytest.fixture(autouse=True)
def half_a_minute(settings: Settings) -> None:
    settings.MONITOR_INTERVAL = 30


@pytest.fixture
def house(db: None) -> None:
    """One that has been running for an hour."""
    beat(STARTED, at=after(-3600))
    beat(WATCHMAN, at=NOON)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def looked(seconds: float, *, stepped: float = 0, worker: bool = True) -> Seen:
    """A look so many seconds after noon, the wall clock set by `stepped` seconds meanwhile; the
    worker is alive then or not.
    """
    if worker:
        beat(WORKER, at=after(seconds + stepped))
    return look(after(seconds + stepped), UP + seconds, boot=BOOT)


def passed(seconds: float, state: str = "complete", took: float = 1, **values: Any) -> MonitorRun:
    """A pass that ended so many seconds after noon."""
    return MonitorRun.objects.create(
        state=state, started_at=after(seconds - took), finished_at=after(seconds), **values
    )


def told() -> list[tuple[str, str]]:
    rows = JournalEntry.objects.order_by("pk")
    return [
        (kind, data.get("watch", ""))
        for kind, data in rows.values_list("kind", "data")
        if kind.startswith(("watch", "nothing", "clock"))
    ]


@pytest.mark.usefixtures("house")
def test_late_is_told_once_and_its_end_once() -> None:
    passed(0)
    assert looked(60) == Seen()
    assert looked(61) == Seen(("watch_late",), frozenset({"late"}))
    assert looked(66) == Seen((), frozenset({"late"}))
    passed(70)
    assert looked(71) == Seen(("watch_back",), frozenset())
    assert looked(76) == Seen()
    assert told() == [("watch_late", "late"), ("watch_back", "late")]


@pytest.mark.usefixtures("house")
def test_service_that_is_away_makes_nobody_believe_that_the_watch_is_late() -> None:
    Channel.objects.create(name="a", url="https://x.example/a")
    passed(0)
    write_stop(at=after(1))
    dispatch(now=after(1))
    for at in range(70, 600, 30):
        passed(at, "incomplete", open=2, checked=1, unpriced=1)
        assert looked(at + 1) == Seen(overdue=True)
        assert looked(at + 1).deliver  # what delivers may be what hangs
    assert looked(641).told == ("watch_late",)


@pytest.mark.usefixtures("house")
def test_entries_say_since_when_and_for_how_long() -> None:
    passed(0)
    looked(50)
    looked(110, worker=False)
    late = JournalEntry.objects.get(kind="watch_late")
    assert (late.urgency, late.data) == (
        "critical",
        {
            "watch": "late",
            "troubles": ["missed", "worker_silent"],
            "since": NOON.isoformat(),
        },
    )
    passed(180)
    looked(181)
    back = JournalEntry.objects.get(kind="watch_back")
    assert (back.text, back.data["about"]) == (
        "checks are complete again after 3 min",
        late.pk,
    )


@pytest.mark.usefixtures("house")
def test_second_outage_is_told_again() -> None:
    passed(0)
    for seconds in (55, 61):
        looked(seconds)
    passed(70)
    for seconds in (71, 125, 131):
        looked(seconds)
    assert [kind for kind, _watch in told()] == ["watch_late", "watch_back", "watch_late"]


def test_start_after_a_night_is_not_told_as_late() -> None:
    passed(0)
    begin(after(30000))
    assert looked(30001) == Seen()
    passed(30005)
    assert looked(30060) == Seen()
    assert told() == []


def test_start_that_brings_no_pass_is_told_after_a_minute() -> None:
    passed(0)
    begin(after(30000))
    assert looked(30059) == Seen()
    begin(after(30058))  # it starts again and again
    assert looked(30061).told == ("watch_late",)


def test_first_start_of_all_is_given_a_minute_too() -> None:
    begin(NOON)
    assert (looked(59).told, looked(61).told) == ((), ("watch_late",))


@pytest.mark.usefixtures("house")
def test_machine_that_slept_wakes_as_if_it_started() -> None:
    passed(0)
    looked(5)
    assert looked(28800) == Seen()
    assert last_beat(STARTED) == after(28800)


@pytest.mark.usefixtures("house")
def test_slow_passes_are_told_and_over() -> None:
    passed(0, took=20)
    passed(40, took=20)
    assert looked(41) == Seen(("watch_slow",), frozenset({"slow"}))
    assert looked(41).deliver is False  # the worker is well and delivers
    passed(50)
    assert looked(51).told == ("watch_back",)


def decided(seconds: float) -> Exit:
    """An exit decided so many seconds before noon, priced and never tried."""
    position = holding()
    Mark.objects.update(problem="")
    Quote.objects.update(problem="", told_at=NOON, bid="0.44")
    return Exit.objects.create(
        position=position, rule="stop_loss", shares=100, created_at=after(-seconds)
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 1),
        ({"attempt": 1}, 0),
        ({"state": "working", "attempt": 1}, 0),
        ({"state": "cancelled"}, 0),
        ({"created_at": after(-60)}, 0),  # two intervals, and not more
    ],
)
def test_exit_decided_and_never_tried_is_stuck(change: dict[str, Any], expected: int) -> None:
    Exit.objects.filter(pk=decided(61).pk).update(**change)
    assert read_facts(NOON).stuck == expected


def test_exit_that_waits_for_a_price_is_not_stuck() -> None:
    decided(61)
    Quote.objects.update(problem="no bid")
    assert read_facts(NOON).stuck == 0
    Quote.objects.update(problem="", told_at=after(-121))
    assert read_facts(NOON).stuck == 0


def test_paused_exits_are_not_stuck() -> None:
    decided(61)
    exits_pause(actor="ann", now=NOON)
    assert read_facts(NOON).stuck == 0


@pytest.mark.usefixtures("house")
def test_nothing_leaving_is_told_and_delivered_by_whoever_looks() -> None:
    passed(-1)
    exit_ = decided(61)
    seen = looked(0)
    assert (seen.told, seen.deliver) == (("nothing_leaves",), True)
    Exit.objects.filter(pk=exit_.pk).update(attempt=1, state="filled")
    assert looked(1).told == ("watch_back",)


@pytest.mark.usefixtures("house")
class TestClockSteps:
    def test_clock_set_back_is_told_once_and_pulls_the_schedules_back(self) -> None:
        ensure_schedules(now=NOON)
        Schedule.objects.filter(name="monitor").update(next_run=after(30))
        passed(0)
        looked(1)
        looked(2, stepped=-3600)
        looked(3, stepped=-3600)
        assert told() == [("clock_stepped", "")]
        assert JournalEntry.objects.get(kind="clock_stepped").data == {"seconds": -3600.0}
        assert Schedule.objects.get(name="monitor").next_run == after(2 - 3600)

    def test_pass_after_a_clock_set_back_makes_all_well(self) -> None:
        passed(0)
        looked(1)
        looked(2, stepped=-3600)
        assert [t.name for t in _troubles(after(3 - 3600))] == ["missed", "clock"]
        passed(4 - 3600)
        assert [t.name for t in _troubles(after(5 - 3600))] == ["clock"]
        looked(50, stepped=-3600)
        assert looked(70, stepped=-3600).told == ("watch_late",)  # and lateness counts again

    def test_clock_set_back_while_no_pass_comes_is_late_in_the_end(self) -> None:
        passed(0)
        looked(1)
        assert looked(2, stepped=-3600).told == ()
        assert looked(55, stepped=-3600).told == ()
        assert looked(63, stepped=-3600).told == ("watch_late",)

    def test_clock_set_forward_is_no_lateness(self) -> None:
        passed(0)
        looked(1)
        assert looked(2, stepped=3600) == Seen()
        passed(4 + 3600)
        assert looked(50, stepped=3600) == Seen()
        assert told() == [("clock_stepped", "")]

    def test_small_correction_and_a_reboot_are_no_steps(self) -> None:
        passed(0)
        looked(1)
        looked(2, stepped=2.9)
        look(after(3), 5.0, boot="clock:another")
        assert told() == []

    def test_back_off_moves_with_the_clock(self) -> None:
        entry = write_stop()
        channel = Channel.objects.create(
            name="a", not_before=after(100), lease_until=after(45), lease_holder="x"
        )
        times = {"created_at": NOON, "not_before": after(300)}
        tried = Notification.objects.create(entry=entry, channel=channel, attempts=1, **times)
        looked(1)
        looked(2, stepped=-3600)
        channel.refresh_from_db()
        tried.refresh_from_db()
        assert (channel.not_before, channel.lease_until, tried.not_before) == (
            after(100 - 3600),
            after(2 - 3600),
            after(300 - 3600),
        )

    def test_alarms_and_fresh_messages_move_with_the_clock(self) -> None:
        channel = Channel.objects.create(name="a", url="https://x.example/a")
        entry = write_stop(at=after(1))
        dispatch(now=after(1))
        Alarm.objects.update(due_at=after(900))
        Channel.objects.update(failures_told_at=after(1))
        looked(1)
        looked(2, stepped=-3600)
        alarm, message = Alarm.objects.get(), Notification.objects.get(entry=entry)
        channel.refresh_from_db()
        assert (alarm.raised_at, alarm.told_at, alarm.due_at) == (
            after(1 - 3600),
            after(1 - 3600),
            after(900 - 3600),
        )
        assert (message.not_before, message.queued_at) == (after(1 - 3600), after(1 - 3600))
        assert channel.failures_told_at == after(1 - 3600)

    def test_deadlines_of_questions_move_with_the_clock(self) -> None:
        times = {name: after(60) for name in QUESTION_TIMES}
        about = {"position": holding(now=NOON), "urgency": "high", "reason": "x", "asked_at": NOON}
        live = Question.objects.create(rule="soft_stop", state="asking", **about, **times)
        ended = Question.objects.create(rule="soft_stop", state="declined", **about, **times)
        Feed.objects.create(url="https://x.example/rss", not_before=after(300))
        looked(1)
        looked(2, stepped=-3600)
        moved, kept = (Question.objects.filter(pk=one.pk).values(*times) for one in (live, ended))
        assert moved.get() == dict.fromkeys(times, after(60 - 3600))
        assert kept.get() == times
        assert Feed.objects.get().not_before == after(300 - 3600)

    def test_lease_of_a_clock_that_was_set_back_is_free(self) -> None:
        Lease.objects.create(name="x", holder="elsewhere:1:1", expires_at=NOON + 2 * LENGTH)
        with pytest.raises(LeaseHeldError):
            acquire("x", now=NOON)
        Lease.objects.update(expires_at=NOON + timedelta(hours=1))
        assert acquire("x", now=NOON).fence == 1


def _troubles(now: datetime) -> list[Any]:
    from monitoring.watching import troubles

    return troubles(now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("house")
def test_several_that_look_at_once_tell_once() -> None:
    passed(0)
    looked(58)
    together = Barrier(6)

    def one(_number: int) -> tuple[str, ...]:
        try:
            together.wait(10)
            return looked(61).told
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        results = sorted(pool.map(one, range(6)))
    assert results == [()] * 5 + [("watch_late",)]
    passed(70)
    with ThreadPoolExecutor(6) as pool:
        results = sorted(pool.map(lambda n: one_more(together, n), range(6)))
    assert results == [()] * 5 + [("watch_back",)]
    assert told() == [("watch_late", "late"), ("watch_back", "late")]


def one_more(together: Barrier, _number: int) -> tuple[str, ...]:
    try:
        together.wait(10)
        return looked(71, worker=False).told
    finally:
        connections.close_all()
