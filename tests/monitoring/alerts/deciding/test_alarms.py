"""Alarms as rows: what dispatch remembers, closes and keeps back, and at what price."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monitoring.alerts.dispatch import dispatch
from monitoring.models import Alarm, Channel, Notification, Silence
from positions.models import JournalEntry, Market, Position
from tests.monitoring.alerts.book import FACTS, NOON, position, write, write_stop

SECOND = timedelta(seconds=1)


def channel(name: str = "a", **values: object) -> Channel:
    return Channel.objects.create(name=name, url=f"https://x.example/{name}", **values)


def reasons() -> list[tuple[str, str]]:
    rows = Notification.objects.order_by("pk").values_list("entry__kind", "reason")
    return list(rows)


def many(count: int) -> list[Position]:
    first = position()
    markets = Market.objects.bulk_create(
        Market(venue="sim", key=f"m{number}", question=f"Q{number}") for number in range(1, count)
    )
    values = {"entry_price": first.entry_price, "shares": 10, "bought": 10, "opened_at": NOON}
    return [first, *Position.objects.bulk_create(Position(market=m, **values) for m in markets)]


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestMemory:
    def test_row_tells_the_episode(self) -> None:
        channel()
        held = position()
        first = write("unpriced", urgency="high", position=held, data=FACTS)
        dispatch(now=NOON)
        alarm = Alarm.objects.get()
        assert (alarm.key, alarm.kind, alarm.urgency, alarm.position, alarm.entry) == (
            f"unpriced:{held.pk}",
            "unpriced",
            "high",
            held,
            first,
        )
        assert (alarm.raised_at, alarm.told_at, alarm.told_as, alarm.resolved_at) == (
            NOON,
            NOON,
            "raised",
            None,
        )
        assert Notification.objects.get().alarm == alarm
        write("priced", urgency="medium", position=held, at=NOON + 600 * SECOND)
        dispatch(now=NOON + 601 * SECOND)
        alarm.refresh_from_db()
        assert (alarm.resolved_at, alarm.told_as, alarm.due_at, alarm.entry) == (
            NOON + 600 * SECOND,
            "over",
            None,
            first,
        )

    def test_one_row_a_key_whatever_comes(self) -> None:
        channel()
        held = position()
        for number in range(5):
            write("unarmed", rule="stop_loss", position=held, at=NOON + number * SECOND)
            dispatch(now=NOON)
        assert Alarm.objects.count() == 1
        assert reasons() == [("unarmed", "first"), *[("unarmed", "duplicate")] * 4]

    def test_entries_of_one_batch_are_judged_in_order(self) -> None:
        channel()
        held = position()
        for number, kind in enumerate(("unpriced", "priced", "unpriced", "priced")):
            write(kind, position=held, at=NOON + number * 1000 * SECOND, urgency="high")
        dispatch(now=NOON + 5000 * SECOND)
        assert reasons() == [
            ("unpriced", "first"),
            ("priced", "resolved"),
            ("unpriced", "first"),
            ("priced", "resolved"),
        ]

    def test_untold_entry_ends_its_alarm_without_a_word(self) -> None:
        channel()
        held = position()
        write("unarmed", rule="stop_loss", position=held, urgency="critical")
        write("armed", rule="stop_loss", position=held)
        dispatch(now=NOON)
        assert reasons() == [("unarmed", "first")]
        assert Alarm.objects.get().resolved_at == NOON

    def test_untold_entry_raises_nothing(self) -> None:
        write("trigger", urgency="critical", rule="stop_loss", position=position())
        dispatch(now=NOON)
        assert not Alarm.objects.exists()

    def test_closing_ends_the_position_s_alarms_but_not_the_news_of_its_sale(self) -> None:
        held = position()
        write("unpriced", position=held), write("stop_blocked", position=held)
        write_stop(position=held)
        write("position_closed", position=held)
        dispatch(now=NOON)
        standing = Alarm.objects.filter(resolved_at=None)
        assert [alarm.key.partition(":")[0] for alarm in standing] == ["sold"]

    def test_resuming_exits_ends_what_the_pause_held_back(self) -> None:
        held = position()
        write("exits_paused", urgency="critical")
        write("exit_paused", urgency="critical", rule="stop_loss", position=held)
        dispatch(now=NOON)
        assert Alarm.objects.filter(resolved_at=None).count() == 2
        write("exits_resumed", urgency="critical")
        dispatch(now=NOON)
        assert Alarm.objects.filter(resolved_at=None).count() == 0

    def test_end_reaches_whoever_heard_of_the_beginning(self) -> None:
        channel(listens="high")
        held = position()
        write("unpriced", urgency="high", position=held)
        write("priced", urgency="medium", position=held, at=NOON + 600 * SECOND)
        dispatch(now=NOON)
        assert reasons() == [("unpriced", "first"), ("priced", "resolved")]

    def test_channel_hears_from_its_own_urgency_on(self) -> None:
        channel("all"), channel("urgent", listens="critical"), channel("other", listens="never")
        write("dust"), write_stop()
        dispatch(now=NOON)
        rows = Notification.objects.order_by("pk").values_list("entry__kind", "channel__name")
        assert list(rows) == [("dust", "all"), ("exit_done", "all"), ("exit_done", "urgent")]

    def test_crash_before_the_commit_leaves_the_alarms_as_they_were(self) -> None:
        channel()
        write("unpriced", position=position(), urgency="high")
        with transaction.atomic():
            dispatch(now=NOON)
            assert Alarm.objects.count() == 1
            transaction.set_rollback(True)
        assert not Alarm.objects.exists()
        dispatch(now=NOON)
        assert reasons() == [("unpriced", "first")]


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestBlindSource:
    def blind(self, held: list[Position], kind: str = "unpriced", at: int = 0) -> None:
        data = FACTS | {"venue": "sim", "blind": True, "problem": "no news"}
        for one in held:
            write(kind, urgency="high", position=one, data=data, at=NOON + at * SECOND)

    def source(self, kind: str, urgency: str, at: int = 0) -> None:
        data = {"venue": "sim"}
        write(kind, urgency=urgency, data=data, at=NOON + at * SECOND)

    def test_one_alert_stands_for_all_that_it_costs(self) -> None:
        """P9, the alerts' half."""
        channel()
        held = many(50)
        self.source("source_down", "critical")
        self.blind(held)
        dispatch(now=NOON)
        self.blind(held, "priced", at=300)
        self.source("source_back", "medium", at=300)
        dispatch(now=NOON + 300 * SECOND)
        sent = Notification.objects.filter(state="pending").order_by("pk")
        assert [(row.entry.kind, row.reason) for row in sent] == [
            ("source_down", "first"),
            ("source_back", "resolved"),
        ]
        kept = Notification.objects.filter(state="suppressed").values_list("entry__kind", "reason")
        assert sorted(set(kept)) == [("priced", "blind_source"), ("unpriced", "blind_source")]
        assert kept.count() == 100

    def test_word_of_the_source_may_come_later_in_the_batch(self) -> None:
        channel()
        self.blind([position()])
        self.source("source_down", "high")
        dispatch(now=NOON)
        assert reasons() == [("unpriced", "blind_source"), ("source_down", "first")]

    def test_position_that_alone_has_no_price_is_told_while_its_source_answers(self) -> None:
        channel()
        write("unpriced", urgency="high", position=position(), data={"venue": "sim"})
        dispatch(now=NOON)
        assert reasons() == [("unpriced", "first")]

    def test_blame_on_a_source_that_nobody_told_of_hides_nothing(self) -> None:
        channel()
        self.blind([position()])
        dispatch(now=NOON)
        assert reasons() == [("unpriced", "first")]


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestCost:
    def statements(self, count: int, held: list[Position]) -> tuple[list[str], int]:
        """The reads and updates of one batch in order, and how many INSERTs it took."""
        at = NOON + timedelta(hours=JournalEntry.objects.count())
        kinds = ("unpriced", "stop_blocked", "exit_partial", "exit_done", "position_closed")
        rows = [
            JournalEntry(
                kind=kinds[number % len(kinds)],
                urgency="high",
                position=held[number % len(held)],
                at=at,
                text="x",
                data=FACTS,
            )
            for number in range(count)
        ]
        JournalEntry.objects.bulk_create(rows)
        with CaptureQueriesContext(connection) as captured:
            dispatch(now=at)
        words = [query["sql"].split(maxsplit=1)[0] for query in captured]
        return [word for word in words if word != "INSERT"], words.count("INSERT")

    def test_batch_of_500_takes_as_many_statements_as_one_of_10(self) -> None:
        channel("a"), channel("b")
        held = many(101)
        for number in range(20):
            Silence.objects.create(
                position=held[number], until=NOON + timedelta(days=999), created_at=NOON
            )
        self.statements(10, held)  # the cursor's row is made once
        (few, inserts), (much, chunks) = self.statements(10, held), self.statements(500, held)
        assert Alarm.objects.count() > 200
        assert (much, len(few) <= 16, inserts <= 3) == (few, True, True)
        # SQLite takes 999 values a statement; PostgreSQL all at once.
        assert chunks <= (30 if connection.vendor == "sqlite" else 4)

    def test_nothing_new_takes_two_queries(self) -> None:
        dispatch(now=timezone.now())
        with CaptureQueriesContext(connection) as captured:
            dispatch(now=NOON)
        assert len(captured) <= 2
