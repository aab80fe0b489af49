from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from monitoring.alerts.deciding.acknowledging import acknowledge, unacknowledge
from monitoring.alerts.deciding.upkeep import upkeep
from monitoring.alerts.dispatch import dispatch
from monitoring.models import Alarm, Channel, Notification
from positions.models import JournalEntry, Position
from positions.services.base import ServiceError
from tests.monitoring.alerts.book import FACTS, NOON, position, write

HOUR = timedelta(hours=1)


def blocked(held: Position | None = None) -> Position:
    """An open position whose stop is held back, told to a channel that escalates after 15 min."""
    second = Channel.objects.create(name="second", url="https://x.example/2", listens="never")
    Channel.objects.create(name="first", url="https://x.example/1", escalate_to=second)
    held = held or position()
    write("unarmed", urgency="critical", rule="stop_loss", position=held, data=FACTS)
    dispatch(now=NOON)
    return held


def sent() -> list[tuple[str, str, str, str]]:
    rows = Notification.objects.order_by("pk").values_list(
        "entry__kind", "channel__name", "state", "reason"
    )
    return list(rows)


def pass_time(*hours: float) -> None:
    for hour in hours:
        upkeep(now=NOON + hour * HOUR)
        dispatch(now=NOON + hour * HOUR)


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestAcknowledge:
    def test_stops_what_insists_at_once_and_its_withdrawal_puts_it_back(self) -> None:
        blocked()
        pass_time(0.3, 1.1)
        assert sent()[1:] == [
            ("unarmed", "second", "pending", "escalation"),
            ("reminder", "first", "pending", "repeat"),
        ]
        acknowledge(key=Alarm.objects.get().key, actor="ann", now=NOON + HOUR * 1.2)
        assert [row[2:] for row in sent()] == [
            ("pending", "first"),
            ("suppressed", "acknowledged"),
            ("suppressed", "acknowledged"),
        ]
        unacknowledge(key=Alarm.objects.get().key, actor="ann", now=NOON + HOUR * 1.3)
        assert [row[2] for row in sent()] == ["pending"] * 3
        assert Notification.objects.last().not_before == NOON + HOUR * 1.3  # type: ignore[union-attr]

    def test_no_reminder_and_no_escalation_afterwards(self) -> None:
        blocked()
        acknowledge(alarm_id=Alarm.objects.get().pk, actor="ann", now=NOON)
        pass_time(0.3, 1.1, 6, 30)
        assert len(sent()) == 1

    def test_withdrawal_brings_the_reminder_that_is_due_at_once(self) -> None:
        blocked()
        acknowledge(alarm_id=Alarm.objects.get().pk, actor="ann", now=NOON)
        pass_time(2)
        unacknowledge(alarm_id=Alarm.objects.get().pk, actor="ann", now=NOON + 2 * HOUR)
        pass_time(2)
        assert sent()[1:] == [
            ("unarmed", "second", "pending", "escalation"),
            ("reminder", "first", "pending", "repeat"),
        ]

    def test_reminder_on_its_way_to_the_channels_is_kept_back(self) -> None:
        blocked()
        upkeep(now=NOON + HOUR)
        acknowledge(alarm_id=Alarm.objects.get().pk, actor="ann", now=NOON + HOUR)
        dispatch(now=NOON + HOUR)
        assert sent()[-1] == ("reminder", "first", "suppressed", "acknowledged")

    def test_who_and_when_stand_in_the_journal_once(self) -> None:
        held = blocked()
        for _ in range(2):
            acknowledge(alarm_id=Alarm.objects.get().pk, actor="ann", now=NOON + HOUR)
        entry = JournalEntry.objects.get(kind="acknowledged")
        alarm = Alarm.objects.get()
        assert (entry.actor, entry.position_id, entry.data["key"], entry.data["question"]) == (
            "ann",
            held.pk,
            alarm.key,
            FACTS["question"],
        )
        assert (alarm.acknowledged_at, alarm.acknowledged_by) == (NOON + HOUR, "ann")

    def test_withdrawal_of_nothing_changes_nothing(self) -> None:
        blocked()
        unacknowledge(alarm_id=Alarm.objects.get().pk, actor="ann", now=NOON)
        assert not JournalEntry.objects.filter(kind="unacknowledged").exists()

    @pytest.mark.parametrize("act", [acknowledge, unacknowledge])
    def test_what_is_over_or_unknown_is_refused(self, act: Callable[..., Alarm]) -> None:
        blocked()
        Alarm.objects.update(resolved_at=NOON)
        for wrong in ({"key": "nothing"}, {"alarm_id": Alarm.objects.get().pk}):
            with pytest.raises(ServiceError):
                act(actor="ann", now=NOON, **wrong)

    def test_coming_again_after_its_end_is_unacknowledged(self) -> None:
        held = blocked()
        acknowledge(alarm_id=Alarm.objects.get().pk, actor="ann", now=NOON)
        write("armed", rule="stop_loss", position=held, at=NOON + HOUR)
        again = NOON + 2 * HOUR
        write("unarmed", urgency="critical", rule="stop_loss", position=held, at=again)
        dispatch(now=again)
        alarm = Alarm.objects.get()
        assert (alarm.acknowledged_at, alarm.acknowledged_by, alarm.raised_at) == (None, "", again)
        assert sent()[-1] == ("unarmed", "first", "pending", "first")


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_dbs
def test_acknowledging_beside_dispatch_and_upkeep_is_never_overwritten() -> None:
    held = blocked()
    start = Barrier(3)

    def work(task: int) -> None:
        try:
            start.wait()
            for number in range(15):
                at = NOON + timedelta(seconds=number + 1)
                if task == 0:
                    data = FACTS | {"problem": str(number)}
                    write("unarmed", urgency="critical", rule="stop_loss", position=held, data=data)
                    dispatch(now=at)
                elif task == 1:
                    Alarm.objects.update(due_at=at)
                    upkeep(now=at)
                elif number == 7:
                    acknowledge(key=f"unarmed:{held.pk}:stop_loss", actor="ann", now=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    alarm = Alarm.objects.get()
    assert (alarm.acknowledged_by, alarm.acknowledged_at) == ("ann", NOON + timedelta(seconds=8))
