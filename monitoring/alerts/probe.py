"""The test alert: a journal entry like any other, so that it takes every step a real one takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.alerts.dispatch import dispatch
from monitoring.alerts.sending.delivery import deliver_due
from monitoring.models import Notification
from positions import journal
from positions.models import JournalEntry

WAIT = timedelta(seconds=30)
LOOK_EVERY = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the test on one channel; `cure` says what to do when it did not arrive."""

    channel: str
    state: str
    seconds: float | None
    error: str
    cure: str


def record(*, actor: str, now: datetime, channel: str | None = None) -> JournalEntry:
    """Writes the test into the journal, for one channel by name or for all that are on."""
    text = _("this is a test alert: if you can read it, alerts reach you here")
    data = {"channel": channel} if channel else {}
    with transaction.atomic():
        entry = journal.entry("test", text, at=now, actor=actor, data=data)
        journal.append(entry)
    return entry


def run(
    *,
    actor: str,
    channel: str | None = None,
    wait: timedelta = WAIT,
    clock: Callable[[], datetime] = timezone.now,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Result]:
    """Records a test and delivers it now, with a running worker or without one.

    Waits for every channel's answer, at most `wait`; one result for each channel.
    """
    began = clock()
    entry = record(actor=actor, now=began, channel=channel)
    dispatch(now=clock())
    while clock() < began + wait:
        deliver_due(clock=clock, sleep=sleep, budget=began + wait - clock())
        rows = list(_rows(entry))
        if not any(_waiting(row) for row in rows):
            break
        sleep(LOOK_EVERY)
    return [_result(row, began) for row in _rows(entry)]


def _rows(entry: JournalEntry) -> list[Notification]:
    rows = Notification.objects.filter(entry=entry).select_related("channel")
    return list(rows.order_by("channel__name"))


def _waiting(row: Notification) -> bool:
    """Still on its way: a channel that is off will not move before a person mends it."""
    return row.state == Notification.State.PENDING and row.channel.enabled


def _result(row: Notification, began: datetime) -> Result:
    sent = row.sent_at
    channel = row.channel
    error = "" if sent else row.error or channel.disabled_reason or _("no answer yet")
    return Result(
        channel=channel.name,
        state=row.state,
        seconds=round((sent - began).total_seconds(), 1) if sent else None,
        error=error,
        cure="" if sent else cure(row),
    )


def cure(row: Notification) -> str:
    """What a person can do about a notification that has not arrived."""
    if not row.channel.enabled:
        return _(
            "Put a working address into the channel in admin (or DISCORD_WEBHOOK_URL) "
            "and switch it on; what waits is sent then."
        )
    if row.state == Notification.State.FAILED:
        return _(
            "The service refused it and would again: check the address, else report the error."
        )
    if row.error.startswith("429"):
        return _("The service asks for a pause; the worker sends it when the pause is over.")
    return _("Check the network and the service's status; the worker tries again for 24 hours.")
