"""Upkeep over rows: what time and the book itself make of alarms, and what a look costs."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.alerts.deciding.truth import Facts, holds
from monitoring.alerts.deciding.upkeep import upkeep
from monitoring.alerts.dispatch import dispatch
from monitoring.models import Alarm, Channel, Cursor, MonitorRun, Notification, Source
from positions.domain.state import WatchState, dump
from positions.models import Exit, JournalEntry, Mark, Market, Position, Switch
from tests.monitoring.alerts.book import FACTS, NOON, position, write

MINUTE = timedelta(minutes=1)
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def look(minutes: float) -> None:
    """One look and what it makes the dispatcher do."""
    upkeep(now=NOON + minutes * MINUTE)
    dispatch(now=NOON + minutes * MINUTE)


def told() -> list[tuple[str, str]]:
    rows = Notification.objects.exclude(state="suppressed").order_by("pk")
    return list(rows.values_list("entry__kind", "reason"))


def raised(kind: str, held: Position | None, **values: Any) -> Alarm:
    Channel.objects.get_or_create(name="a", defaults={"url": "https://x.example/a"})
    write(kind, position=held, **({"urgency": "critical", "data": FACTS} | values))
    dispatch(now=NOON)
    return Alarm.objects.get()


class TestLook:
    def test_reminds_in_the_words_of_what_was_told(self) -> None:
        held = position()
        Mark.objects.create(position=held, unarmed="stop_loss")
        raised("unarmed", held, rule="stop_loss")
        for minutes in (1, 30, 60, 61, 299, 300):
            look(minutes)
        assert told() == [("unarmed", "first"), ("reminder", "repeat"), ("reminder", "repeat")]
        row = Notification.objects.order_by("pk")[1]
        assert row.title == "PAPER · STILL · NOT ARMED · STOP · Fed cuts in Dec · Yes"
        assert row.body == "still so, since 2026-11-22 12:00 UTC: text of unarmed"
        assert (row.alarm, row.urgency) == (Alarm.objects.get(), "critical")

    def test_alarm_that_cannot_be_read_keeps_no_other_from_its_reminder(self) -> None:
        Channel.objects.create(name="a", url="https://x.example/a")
        write("watch_late", urgency="critical")
        write("exits_paused", urgency="critical")
        Switch.objects.create(name="exits_paused", on=True, by="ann", at=NOON)
        dispatch(now=NOON)
        Alarm.objects.filter(kind="watch_late").update(changes=["no time"], due_at=NOON)
        look(61)
        assert told()[-1] == ("reminder", "repeat")
        assert Alarm.objects.get(kind="watch_late").due_at == NOON + 121 * MINUTE

    def test_of_an_alarm_that_is_over_is_the_last(self) -> None:
        held = position()
        mark = Mark.objects.create(position=held, unarmed="stop_loss")
        raised("unarmed", held, rule="stop_loss")
        mark.unarmed = ""
        mark.save()
        look(2)
        alarm = Alarm.objects.get()
        assert (alarm.resolved_at, alarm.due_at) == (NOON + 2 * MINUTE, None)
        look(120)
        assert told() == [("unarmed", "first")]

    def test_tells_that_a_stop_is_no_longer_held_back(self) -> None:
        held = position()
        mark = Mark.objects.create(position=held, state=dump(WatchState(blocked=True)))
        raised("stop_blocked", held)
        look(1)
        mark.state = dump(WatchState())
        mark.save()
        look(2)
        look(3.5)
        assert told() == [("stop_blocked", "first"), ("reminder", "resolved")]
        title = Notification.objects.order_by("pk")[1].title
        assert title == "PAPER · OVER · STOP BLOCKED · Fed cuts in Dec · Yes"

    def test_many_repeated_at_once_are_one_entry_and_one_message(self) -> None:
        Channel.objects.create(name="a", url="https://x.example/a")
        for number in range(8):
            market = Market.objects.create(venue="sim", key=str(number), question=f"Q{number}")
            held = Position.objects.create(
                market=market, entry_price=1, shares=1, bought=1, opened_at=NOON
            )
            Mark.objects.create(position=held, unpriced_since=NOON)
            data = FACTS | {"question": f"Q{number}"}
            write("unpriced", urgency="high", position=held, data=data)
        dispatch(now=NOON)
        look(60)
        entry = JournalEntry.objects.get(kind="reminder")
        assert entry.text == "8 are still so: " + ", ".join(f"Q{n} · Yes" for n in range(8))
        row = Notification.objects.get(entry=entry)
        assert row.title == f"PAPER · STILL · PRICE ERROR · {entry.text}"
        look(61)
        assert JournalEntry.objects.filter(kind="reminder").count() == 1

    def test_is_repeated_by_no_second_process_at_the_same_time(self) -> None:
        held = position()
        Mark.objects.create(position=held, unarmed="stop_loss")
        raised("unarmed", held, rule="stop_loss")
        for _ in range(2):
            upkeep(now=NOON + 60 * MINUTE)
        assert JournalEntry.objects.filter(kind="reminder").count() == 1

    def test_with_nothing_due_takes_five_small_queries(self) -> None:
        raised("watch_late", None)
        with CaptureQueriesContext(connection) as captured:
            upkeep(now=NOON + timedelta(seconds=1))
        assert [query["sql"].split(maxsplit=1)[0] for query in captured] == ["SELECT"] * 5

    def test_end_that_the_journal_tells_is_not_told_again(self) -> None:
        Cursor.objects.create(name="watch:late", entry_id=7)
        raised("watch_late", None)
        Cursor.objects.filter(name="watch:late").update(entry_id=0)
        write("watch_back", data={"watch": "late"}, at=NOON + 5 * MINUTE)
        look(5)
        assert told() == [("watch_late", "first"), ("watch_back", "resolved")]

    def test_of_hundreds_takes_as_many_reads_as_of_a_few(self) -> None:
        counts = []
        for size, start in ((10, 0), (200, 10)):
            for number in range(start, start + size):
                market = Market.objects.create(venue="sim", key=str(number), question="Q")
                held = Position.objects.create(
                    market=market, entry_price=1, shares=1, bought=1, opened_at=NOON
                )
                for kind in ("unpriced", "stop_blocked", "exit_failed", "error"):
                    write(kind, urgency="critical", rule="stop_loss", position=held)
            dispatch(now=NOON)
            Alarm.objects.update(due_at=NOON)
            with CaptureQueriesContext(connection) as captured:
                upkeep(now=NOON + timedelta(hours=1))
            counts.append(sum(query["sql"].startswith("SELECT") for query in captured))
        assert counts[0] == counts[1]


class TestTruth:
    def says(self, alarm: Alarm) -> bool | None:
        alarm = Alarm.objects.select_related("entry").get(pk=alarm.pk)
        return holds(alarm, Facts([alarm]))

    def test_position_that_is_closed_has_no_troubles(self) -> None:
        held = position()
        Mark.objects.create(position=held, unarmed="stop_loss")
        alarm = raised("unarmed", held, rule="stop_loss")
        assert self.says(alarm) is True
        Position.objects.update(state="closed")
        assert self.says(alarm) is False

    @pytest.mark.parametrize(
        ("kind", "values", "marked", "expected"),
        [
            ("unpriced", {}, {"unpriced_since": NOON}, True),
            ("unpriced", {}, {}, False),
            ("unarmed", {"rule": "stop_loss"}, {"unarmed": "soft_stop"}, False),
            ("stop_blocked", {}, {"state": dump(WatchState(blocked=True))}, True),
            ("stop_blocked", {}, {}, False),
            ("wallet_vanished", {}, {}, False),
            ("exit_failed", {"rule": "stop_loss"}, {}, False),
            ("error", {}, {}, False),
        ],
    )
    def test_mark_says_whether_it_holds(
        self, kind: str, values: dict[str, Any], marked: dict[str, Any], expected: bool
    ) -> None:
        held = position()
        Mark.objects.create(position=held, **marked)
        assert self.says(raised(kind, held, **values)) is expected

    def test_exit_under_way_is_still_a_trouble(self) -> None:
        held = position()
        Exit.objects.create(
            position=held, rule="stop_loss", shares=Decimal(10), created_at=NOON, state="pending"
        )
        assert self.says(raised("exit_failed", held, rule="stop_loss")) is True

    def test_missing_holding_is_missing_until_it_is_seen(self) -> None:
        assert self.says(raised("wallet_vanished", position(absent_since=NOON))) is True

    def test_position_that_the_newest_pass_could_not_judge(self) -> None:
        held = position()
        run = {"started_at": NOON, "state": "incomplete"}
        MonitorRun.objects.create(**run, errors=[{"position": held.pk, "error": "x"}])
        alarm = raised("error", held)
        assert self.says(alarm) is True
        MonitorRun.objects.create(**run, errors=[])
        assert self.says(alarm) is False

    @pytest.mark.parametrize("on", [True, False])
    def test_switch(self, on: bool) -> None:
        Switch.objects.create(name="exits_paused", on=on, by="ann", at=NOON)
        assert self.says(raised("exits_paused", None)) is on

    def test_held_back_exit_needs_the_switch(self) -> None:
        held = position()
        Mark.objects.create(position=held, state=dump(WatchState(paused="stop_loss")))
        alarm = raised("exit_paused", held, rule="stop_loss")
        assert self.says(alarm) is False
        Switch.objects.create(name="exits_paused", on=True, by="ann", at=NOON)
        assert self.says(alarm) is True

    @pytest.mark.parametrize(("reason", "expected"), [("404", True), ("", False)])
    def test_channel_is_dead_while_an_error_keeps_it_off(self, reason: str, expected: bool) -> None:
        Channel.objects.create(name="d", url="x", enabled=False, disabled_reason=reason)
        alarm = raised("channel_disabled", None, data={"channel": "d"})
        assert self.says(alarm) is expected

    @pytest.mark.parametrize(("since", "expected"), [(NOON, True), (None, False)])
    def test_source_is_blind_while_something_is_held_there(
        self, since: datetime | None, expected: bool
    ) -> None:
        Source.objects.create(venue="sim", blind_since=since)
        position()
        alarm = raised("source_down", None, data={"venue": "sim"})
        assert self.says(alarm) is expected
        Position.objects.update(state="closed")
        assert self.says(alarm) is False

    @pytest.mark.parametrize(("entry", "expected"), [(7, True), (0, False), (None, None)])
    def test_watch(self, entry: int | None, expected: bool | None) -> None:
        if entry is not None:
            Cursor.objects.create(name="watch:late", entry_id=entry)
        assert self.says(raised("watch_late", None)) is expected
