from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import JSONField, Value

from monitoring.alerts.deciding.escalation import escalate
from monitoring.alerts.dispatch import dispatch
from monitoring.models import Alarm, Channel, Notification
from positions.models import JournalEntry
from tests.monitoring.alerts.book import NOON, position, write, write_stop

MINUTE = timedelta(minutes=1)
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def channels(**second: object) -> tuple[Channel, Channel]:
    given = {"name": "second", "url": "https://x.example/2", "listens": "never"} | second
    other = Channel.objects.create(**given)
    first = Channel.objects.create(
        name="first", url="https://x.example/1", escalate_to=other, escalate_minutes=15
    )
    return first, other


def rows() -> list[tuple[str, str, str]]:
    found = Notification.objects.order_by("pk").values_list("channel__name", "origin", "state")
    return list(found)


def test_critical_alert_that_nobody_acknowledged_goes_to_the_second_channel_once() -> None:
    channels()
    write_stop()
    dispatch(now=NOON)
    assert [escalate(now=NOON + minutes * MINUTE) for minutes in (14, 15, 16, 60)] == [0, 1, 0, 0]
    assert rows() == [("first", "route", "pending"), ("second", "escalation", "pending")]
    row = Notification.objects.get(channel__name="second")
    assert (row.reason, row.alarm_id, row.urgency) == (
        "escalation",
        Alarm.objects.get().pk,
        "critical",
    )
    assert Alarm.objects.get().escalated_at == NOON + 15 * MINUTE
    assert row.title == (
        "PAPER · NOT ACKNOWLEDGED · STOP · Question 0 · Yes 44.1¢ ≤ 45.0¢ · −$97.96"
    )
    assert row.body.splitlines()[-1] == (
        "Nobody has acknowledged this within 15 minutes; it was told to “first”."
    )


def test_wait_beyond_the_calendar_keeps_no_other_channel_from_escalating() -> None:
    _, second = channels()
    far = {"escalate_to": second, "escalate_minutes": 2**31 - 1}
    Channel.objects.create(name="a", url="https://x.example/3", **far)
    write_stop()
    dispatch(now=NOON)
    assert escalate(now=NOON + 15 * MINUTE) == 1


def test_what_could_not_be_delivered_escalates_too() -> None:
    channels()
    write_stop()
    dispatch(now=NOON)
    Notification.objects.update(state="failed")
    assert escalate(now=NOON + 15 * MINUTE) == 1


def test_each_channel_escalates_at_its_own_time() -> None:
    _, second = channels()
    third = Channel.objects.create(name="third", url="https://x.example/3", listens="never")
    Channel.objects.create(
        name="slow", url="https://x.example/4", escalate_to=third, escalate_minutes=30
    )
    write_stop()
    dispatch(now=NOON)
    assert [escalate(now=NOON + minutes * MINUTE) for minutes in (15, 29, 30, 90)] == [1, 0, 1, 0]
    assert [row[:2] for row in rows() if row[1] == "escalation"] == [
        ("second", "escalation"),
        ("third", "escalation"),
    ]
    assert second.name == "second"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"resolved_at": NOON}, "over"),
        ({"acknowledged_at": NOON}, "acknowledged"),
        ({"urgency": "high"}, "not critical"),
    ],
)
def test_nothing_escalates_that_is(change: dict[str, object], why: str) -> None:
    channels()
    write_stop()
    dispatch(now=NOON)
    Alarm.objects.update(**change)
    assert escalate(now=NOON + 60 * MINUTE) == 0, why


def test_channel_that_has_heard_it_or_is_off_is_not_told() -> None:
    channels(listens="critical")
    write_stop()
    dispatch(now=NOON)
    assert escalate(now=NOON + 60 * MINUTE) == 0
    assert rows() == [("second", "route", "pending"), ("first", "route", "pending")]


def test_channel_switched_off_by_a_person_is_not_told() -> None:
    channels(enabled=False)
    write_stop()
    dispatch(now=NOON)
    assert escalate(now=NOON + 60 * MINUTE) == 0


def test_what_was_suppressed_does_not_escalate() -> None:
    channels()
    held = position(muted_until=NOON + 600 * MINUTE)
    write("channel_disabled", urgency="critical", position=held, data={"channel": "x"})
    dispatch(now=NOON)
    assert (rows(), escalate(now=NOON + 60 * MINUTE)) == ([("first", "route", "suppressed")], 0)


def test_new_episode_escalates_anew() -> None:
    channels()
    held = position()
    for hours in (0, 5):
        at = NOON + hours * 60 * MINUTE
        write("unarmed", urgency="critical", rule="stop_loss", position=held, at=at)
        dispatch(now=at)
        escalate(now=at + 20 * MINUTE)
        write("armed", rule="stop_loss", position=held, at=at + 60 * MINUTE)
        dispatch(now=at + 60 * MINUTE)
    assert [row[1] for row in rows()] == ["route", "escalation", "route", "escalation"]


def test_many_at_once_become_one_message() -> None:
    _, second = channels()
    for number in range(8):
        write_stop(number)
    dispatch(now=NOON)
    assert escalate(now=NOON + 15 * MINUTE) == 8
    found = Notification.objects.filter(channel=second).order_by("pk")
    head, *rest = found
    assert (head.state, head.alarm_id) == ("pending", None)
    assert head.title.startswith("8 NOT ACKNOWLEDGED · ")
    assert head.body.startswith("Nobody has acknowledged this within 15 minutes")
    assert head.body.count("Question ") == 8
    assert {(row.state, row.digest_id, row.origin) for row in rest} == {
        ("collapsed", head.pk, "escalation")
    }
    assert escalate(now=NOON + 60 * MINUTE) == 0


@pytest.mark.parametrize("data", [[], "text", None, {"pnl": "1E+30", "question": 5}])
def test_entry_with_odd_data_keeps_no_other_from_escalating(data: object) -> None:
    _, second = channels()
    write_stop(1)
    dispatch(now=NOON)
    odd = JournalEntry.objects.latest("pk")
    write_stop(2)
    dispatch(now=NOON)
    JournalEntry.objects.filter(pk=odd.pk).update(data=Value(data, JSONField()))
    assert escalate(now=NOON + 15 * MINUTE) == 2
    assert Notification.objects.filter(channel=second, state="pending").count() == 2
