from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task
from pytest_django.fixtures import Settings

from monitoring.broker import SchedulingORM
from monitoring.heartbeat import beat, last_beat
from monitoring.schedules import (
    ensure_schedules,
    every,
    next_due,
    plans,
    recall,
    resume,
    unacknowledged,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
both = [pytest.mark.django_db, pytest.mark.both_dbs]


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("late", "interval", "expected"),
    [
        (0.3, 5, 5),  # the ordinary case: counted from when it was due, so nothing drifts
        (4.999, 5, 5),
        (5, 5, 10),  # a run as long as the interval skips one
        (12.2, 5, 15),
        (3600, 1800, 5400),
        (0, 1800, 1800),
        (-60, 5, 5),  # the clock was set back while it ran
    ],
)
def test_next_due_is_the_next_multiple_after_now(late: float, interval: int, expected: int) -> None:
    assert next_due(NOON, NOON + seconds(late), interval) == NOON + seconds(expected)


class TestEnsureSchedules:
    pytestmark = both

    def test_makes_each_once_with_its_watchdog(self, settings: Settings) -> None:
        settings.MONITOR_INTERVAL = 90
        ensure_schedules(now=NOON)
        ensure_schedules(now=NOON + seconds(1))
        rows = Schedule.objects.order_by("name").values_list("name", "func", "minutes", "next_run")
        assert list(rows) == [
            ("beat", "monitoring.tasks.beat", 1, NOON),
            ("decide", "monitoring.tasks.decide", 1, NOON),
            ("deliver", "monitoring.tasks.deliver", 1, NOON),
            ("deliver_again", "monitoring.tasks.deliver_again", 1, NOON),
            ("monitor", "monitoring.tasks.monitor", 2, NOON),
            ("prune", "monitoring.tasks.prune", 60, NOON),
            ("reflect", "monitoring.tasks.reflect", 1, NOON),
            ("refresh_markets", "monitoring.tasks.refresh_markets", 10, NOON),
            ("score", "monitoring.tasks.score", 60, NOON),
            ("screen", "monitoring.tasks.screen", 15, NOON),
            ("sync_wallets", "monitoring.tasks.sync_wallets", 5, NOON),
            ("watch", "monitoring.tasks.watch", 1, NOON),
        ]

    def test_mends_what_was_changed_and_removes_twins(self, settings: Settings) -> None:
        settings.MONITOR_INTERVAL = 1800
        for _ in range(2):
            Schedule.objects.create(name="monitor", func="old.func", minutes=1)
        ensure_schedules(now=NOON)
        found = Schedule.objects.filter(name="monitor").values_list("func", "minutes")
        assert list(found) == [("monitoring.tasks.monitor", 30)]

    def test_leaves_a_schedule_off_that_a_person_switched_off(self) -> None:
        Schedule.objects.create(name="sync_wallets", func="old.func", repeats=0)
        ensure_schedules(now=NOON)
        assert Schedule.objects.get(name="sync_wallets").repeats == 0


class TestResume:
    pytestmark = both

    def test_makes_everything_but_pruning_due_now(self) -> None:
        ensure_schedules(now=NOON)
        Schedule.objects.update(next_run=NOON + seconds(900))
        resume(now=NOON)
        due = Schedule.objects.filter(next_run=NOON).order_by("name")
        names = set(due.values_list("name", flat=True))
        assert names == {plan.name for plan in plans()} - {"prune"}

    def test_drops_only_the_schedules_own_tasks(self) -> None:
        async_task("monitoring.tasks.monitor")
        async_task("math.floor", 2.5)
        OrmQ.objects.update(lock=timezone.now() + seconds(900))  # as if pulled by the dead one
        resume(now=NOON)
        assert [row.func() for row in OrmQ.objects.all()] == ["math.floor"]


class TestEvery:
    pytestmark = both

    def next_run(self) -> datetime | None:
        found: datetime | None = Schedule.objects.get(name="deliver").next_run
        return found

    def given(self, due: datetime) -> None:
        """As the scheduler leaves it: the watchdog's minute is set before the run begins."""
        ensure_schedules(now=due)
        Schedule.objects.filter(name="deliver").update(next_run=due + seconds(60))

    def test_run_pulls_its_schedule_forward_from_when_it_was_due(self) -> None:
        due = timezone.now() - seconds(0.3)
        self.given(due)
        every("deliver")(lambda: None)(due=due.isoformat())
        assert self.next_run() == due + seconds(2)

    def test_run_that_catches_up_is_followed_by_a_whole_interval(self) -> None:
        due = timezone.now() - seconds(3601.9)  # the old count would have the next one at once
        self.given(due)
        Schedule.objects.filter(name="deliver").update(next_run=timezone.now() + seconds(60))
        began = timezone.now()
        every("deliver")(lambda: None)(due=due.isoformat())
        after = self.next_run()
        assert after is not None
        assert seconds(2) <= after - began < seconds(3)

    def test_failing_run_pulls_it_forward_too_and_leaves_no_row(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> None:
            raise ValueError("boom")

        due = timezone.now() - seconds(0.3)
        self.given(due)
        every("deliver")(fail)(due=due.isoformat())
        assert (self.next_run(), caplog.messages) == (due + seconds(2), ["deliver failed"])

    def test_clock_that_was_set_back_leaves_nothing_waiting(self) -> None:
        self.given(NOON + seconds(3600))  # an hour ago it was an hour later
        hourly = ("prune", "score")
        Schedule.objects.filter(name__in=hourly).update(next_run=NOON + seconds(3000))
        recall(now=NOON)
        due = dict(Schedule.objects.values_list("name", "next_run"))
        assert {due.pop(name) for name in hourly} == {NOON + seconds(3000)}
        assert due.pop("refresh_markets") == NOON
        assert set(due.values()) == {NOON}

    def test_earlier_time_set_by_another_run_stays(self) -> None:
        due = timezone.now()
        self.given(due)
        sooner = due + seconds(0.5)
        Schedule.objects.filter(name="deliver").update(next_run=sooner)
        every("deliver")(lambda: None)(due=due.isoformat())
        assert self.next_run() == sooner


class TestBroker:
    # django-q2's scheduler closes old connections, which a test's open transaction would not outlive
    pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_dbs]

    def test_look_queues_what_is_due_once(self) -> None:
        ensure_schedules(now=timezone.now() - seconds(1))
        broker = SchedulingORM()
        jobs = len(plans())
        pulled = [broker.dequeue() for _ in range(jobs + 1)]
        assert [len(tasks) if tasks else 0 for tasks in pulled] == [1] * jobs + [0]
        assert Schedule.objects.filter(next_run__lt=timezone.now()).count() == 0

    def test_downtime_is_made_up_by_one_run(self) -> None:
        ensure_schedules(now=timezone.now() - timedelta(hours=10))
        SchedulingORM().dequeue()
        assert sorted(row.func() for row in OrmQ.objects.all()) == [
            "monitoring.tasks.beat",
            "monitoring.tasks.decide",
            "monitoring.tasks.deliver",
            "monitoring.tasks.deliver_again",
            "monitoring.tasks.monitor",
            "monitoring.tasks.prune",
            "monitoring.tasks.reflect",
            "monitoring.tasks.refresh_markets",
            "monitoring.tasks.score",
            "monitoring.tasks.screen",
            "monitoring.tasks.sync_wallets",
            "monitoring.tasks.watch",
        ]

    def test_pulled_tasks_count_as_unacknowledged(self) -> None:
        for _ in range(3):
            async_task("math.floor", 2.5)
        broker = SchedulingORM()
        broker.dequeue()
        broker.dequeue()
        assert unacknowledged(now=timezone.now()) == 2


class TestHeartbeat:
    pytestmark = both

    def test_last_beat_is_the_latest_written(self) -> None:
        assert last_beat("worker") is None
        beat("worker", at=NOON)
        beat("worker", at=NOON + seconds(2))
        assert last_beat("worker") == NOON + seconds(2)
