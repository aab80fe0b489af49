"""What a restored database is told, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django_q.models import OrmQ, Schedule

from monitoring.alerts.dispatch import dispatch
from monitoring.keeping.aftermath import settle
from monitoring.keeping.epoch import feed_epoch
from monitoring.models import Channel, Lease, Notification
from positions.models import Exit, JournalEntry, Position
from positions.services import ServiceError, exits_are_paused, exits_resume, restored_from
from tests.monitoring.alerts.book import write_stop
from tests.positions.holdings import NOON, holding

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
BACKUP_AT, LATER = NOON, NOON + timedelta(days=3)
WHO: dict[str, Any] = {"actor": "ann", "now": LATER}


def settled(now: datetime = LATER, **past: int) -> int:
    return settle(made_at=BACKUP_AT, past=past, now=now).expired


def channel() -> Channel:
    return Channel.objects.create(name="discord", url="https://discord.com/api/webhooks/1/x")


def test_unsent_alerts_expire_visibly_and_none_is_pending() -> None:
    channel()
    write_stop(1)
    dispatch(now=NOON)
    Notification.objects.update(state="pending")
    write_stop(2)  # in the journal, and no notification made of it yet
    assert settled() == 2
    rows = Notification.objects.values_list("state", "reason").distinct()
    assert list(rows) == [("suppressed", "restored")]


def test_what_was_delivered_or_failed_stays_as_it_was() -> None:
    channel()
    write_stop(1)
    write_stop(2)
    dispatch(now=NOON)
    first, second = Notification.objects.order_by("pk")
    Notification.objects.filter(pk=first.pk).update(state="sent")
    Notification.objects.filter(pk=second.pk).update(state="failed")
    assert settled() == 0
    assert sorted(Notification.objects.values_list("state", flat=True)) == ["failed", "sent"]


def test_restore_itself_is_told() -> None:
    channel()
    settled()
    dispatch(now=LATER)
    row = Notification.objects.get()
    assert (row.state, row.urgency, row.entry.kind) == ("pending", "critical", "restored")


def test_exits_wait_for_a_comparison_and_a_confirmation() -> None:
    holding()
    settled()
    assert (exits_are_paused(), restored_from()) == (True, BACKUP_AT)
    with pytest.raises(ServiceError, match="compare the positions with your wallet first"):
        exits_resume(**WHO)
    assert exits_are_paused()
    exits_resume(**WHO, compared=True)
    assert (exits_are_paused(), restored_from()) == (False, None)
    entry = JournalEntry.objects.latest("pk")
    assert (entry.kind, entry.actor) == ("exits_resumed", "ann")
    exits_resume(**WHO)  # and from then on as ever


def test_leases_pauses_and_queue_of_the_dead_are_gone() -> None:
    later = LATER + timedelta(hours=1)
    Channel.objects.create(name="c", not_before=later, lease_until=later, lease_holder="x")
    Lease.objects.create(name="monitor", holder="host:1:2", fence=7, expires_at=later)
    OrmQ.objects.create(key="k", payload="x", lock=later)
    settled()
    row = Channel.objects.get()
    assert (row.not_before, row.lease_until, row.lease_holder) == (None, None, "")
    lease = Lease.objects.get()
    assert (lease.holder, lease.expires_at, lease.fence) == ("", LATER, 7)
    assert not OrmQ.objects.exists()
    assert Schedule.objects.get(name="monitor").next_run == LATER


def test_each_restore_begins_another_epoch() -> None:
    assert feed_epoch() == 0
    settled()
    first = feed_epoch()
    settled(LATER + timedelta(seconds=1))
    assert (first, feed_epoch() - first) == (int(LATER.timestamp() * 1000), 1000)


def test_no_id_is_given_out_twice_that_others_were_told() -> None:
    position = holding()
    seconds = int(LATER.timestamp())
    settled(positions_exit=seconds + 500)
    exit_ = Exit.objects.create(position=position, rule="manual", shares=1, created_at=LATER)
    assert exit_.pk == seconds + 501  # the lost database had come further than the clock
    assert holding("B").pk > seconds
    assert JournalEntry.objects.filter(kind="restored").get().pk > seconds


def test_ids_never_go_back() -> None:
    far = int(LATER.timestamp()) + 10_000
    JournalEntry.objects.create(pk=far, at=NOON, kind="note", text="in the backup already")
    if connection.vendor == "postgresql":  # which does not follow an id that was given
        with connection.cursor() as cursor:
            sequence = "pg_get_serial_sequence('positions_journalentry', 'id')"
            cursor.execute(f"SELECT setval({sequence}, %s)", [far])
    settled()
    assert JournalEntry.objects.latest("pk").pk > far


def test_positions_stay_as_they_were() -> None:
    position = holding()
    settled()
    assert list(Position.objects.all()) == [position]
