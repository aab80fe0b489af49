from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from pytest_django.fixtures import Settings

from monitoring.heartbeat import WORKER, beat, beats
from monitoring.models import Channel, MonitorRun, Notification, Source
from monitoring.schedules import ensure_schedules
from monitoring.selectors import monitor
from positions.models import JournalEntry, PricePoint, Quote
from tests.monitoring.alerts.book import write, write_stop
from tests.website import checked, hold

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def ago(seconds: float) -> datetime:
    return NOON - timedelta(seconds=seconds)


def priced(name: str, seconds: float, venue: str = "sim") -> None:
    position = hold(name, bid="0.5")
    position.market.venue = venue
    position.market.save()
    Quote.objects.filter(market=position.market).update(told_at=ago(seconds))


class TestFeeds:
    def test_are_judged_by_their_answer_and_their_oldest_price(self, settings: Settings) -> None:
        settings.MONITOR_INTERVAL = 30
        priced("a", 5)
        priced("b", 100)
        priced("c", 130, venue="url")
        priced("d", 5, venue="polymarket")
        Source.objects.create(venue="polymarket", blind_since=ago(60), problem="HTTP 503")
        Source.objects.create(venue="old", answered_at=ago(9000))
        found = {row.venue: row for row in monitor.feeds(NOON)}
        assert {name: row.state for name, row in found.items()} == {
            "Polymarket": "blind",
            "Simulated": "ok",
            "JSON price": "old",
            "old": "unused",
        }
        sim = found["Simulated"]
        assert (sim.held, sim.newest, sim.oldest) == (2, ago(5), ago(100))
        assert list(found)[-1] == "old"

    def test_price_of_the_same_reading_is_told_once(self) -> None:
        priced("a", 5)
        priced("b", 7)
        (row,) = monitor.feeds(NOON)
        assert (row.newest, row.oldest) == (ago(5), None)

    def test_without_a_price_yet_is_old(self) -> None:
        hold("a", bid=None)
        (row,) = monitor.feeds(NOON)
        assert (row.state, row.newest) == ("old", None)


def test_queue_tells_what_waits_and_since_when() -> None:
    assert monitor.queue(NOON) == monitor.Queue(0, 0, None)
    for seconds in (90, 10, -800):
        OrmQ.objects.create(key="x", payload="", lock=ago(seconds))
    assert monitor.queue(NOON) == monitor.Queue(2, 1, ago(90))


class TestTurns:
    def turn(self, name: str) -> monitor.Turn:
        return next(row for row in monitor.turns(NOON, beats()) if row.plan.name == name)

    def test_last_is_what_is_known_or_the_turn_before(self, settings: Settings) -> None:
        settings.MONITOR_INTERVAL = 30
        ensure_schedules(now=NOON)
        Schedule.objects.update(next_run=NOON + timedelta(seconds=20))
        beat(WORKER, at=ago(1))
        run = MonitorRun.objects.create(started_at=ago(11))
        assert self.turn("monitor").last == run.started_at
        assert self.turn("beat").last == ago(1)
        assert self.turn("sync_wallets").last == ago(280)
        assert self.turn("deliver").last is None  # its turn before would lie ahead

    def test_late_is_two_turns_and_at_least_half_a_minute(self) -> None:
        ensure_schedules(now=NOON)
        for seconds, late in ((29, False), (31, True)):
            Schedule.objects.filter(name="deliver").update(next_run=ago(seconds))
            assert self.turn("deliver").late == late
        Schedule.objects.filter(name="sync_wallets").update(next_run=ago(590))
        assert self.turn("sync_wallets").late is False

    def test_job_without_a_schedule_is_late(self) -> None:
        assert {row.late for row in monitor.turns(NOON, {})} == {True}

    def test_every_job_has_a_name_for_people(self) -> None:
        ensure_schedules(now=NOON)
        names = [row.name for row in monitor.turns(NOON, {})]
        assert [name for name in names if name in monitor.JOBS] == []


def test_routes_count_overdue_and_failed_alerts() -> None:
    channels = [
        Channel.objects.create(name="a"),
        Channel.objects.create(name="b", enabled=False, disabled_reason="404"),
    ]
    for channel in channels:
        for state, seconds in (("pending", 61), ("pending", 5), ("failed", 900), ("sent", 900)):
            Notification.objects.create(
                entry=write_stop(),
                channel=channel,
                state=state,
                created_at=ago(seconds),
                not_before=ago(seconds),
                title="t",
            )
    found = [(row.way.channel.name, row.overdue, row.failed) for row in monitor.routes(NOON)]
    assert found == [("a", 1, 1), ("b", 0, 1)]


def test_store_knows_its_size_and_its_ends() -> None:
    empty = monitor.store()
    assert (empty.entry, empty.entry_at, empty.point_at) == (0, None, None)
    position = hold("a", bid="0.5")
    for seconds in (500, 100):
        PricePoint.objects.create(
            market=position.market, since=ago(seconds), until=ago(seconds - 50), bid="0.5"
        )
    found = monitor.store()
    assert found.kind in {"SQLite", "PostgreSQL"}
    assert found.bytes > 100_000
    assert found.entry == JournalEntry.objects.latest("pk").pk
    assert found.point_at == ago(500)


def test_unguarded_spans_are_those_of_thirty_days() -> None:
    old, young = write("unguarded", at=NOON - timedelta(days=31)), write("unguarded", at=NOON)
    assert old.pk != young.pk
    assert [entry.pk for entry in monitor.unguarded(NOON)] == [young.pk]


def test_queries_do_not_grow_with_the_book() -> None:
    def count() -> int:
        now = timezone.now()
        with CaptureQueriesContext(connection) as queries:
            monitor.feeds(now)
            monitor.passes()
            monitor.routes(now)
            monitor.turns(now, beats())
            monitor.store()
            monitor.queue(now)
            monitor.unguarded(now)
        return len(queries)

    hold("first")
    Channel.objects.create(name="a")
    checked()
    before = count()
    for number in range(10):
        hold(f"m{number}")
        checked()
        write("unguarded", at=timezone.now())
    assert count() == before
