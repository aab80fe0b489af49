"""Carries the notifications out: for each channel one at a time, oldest first, until it is taken.

A row is marked delivered after the answer, so a crash between the two repeats that one message;
its footer carries the notification's id. No network call happens inside a transaction.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from random import Random

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.alerts.channels import disable
from monitoring.alerts.dispatch import dispatch
from monitoring.alerts.sending import chores
from monitoring.alerts.sending.collapse import collapse, follow, worth_a_look
from monitoring.alerts.sending.giving_up import expire
from monitoring.alerts.sending.queue import due, heads
from monitoring.alerts.sending.retry import Act, Verdict, judge
from monitoring.alerts.transports import KINDS, transport_for
from monitoring.alerts.transports.base import Answer, Message
from monitoring.lease import identity, is_dead
from monitoring.models import Channel, Notification

logger = logging.getLogger(__name__)

BUDGET = timedelta(seconds=20)  # of one run; the next one comes two seconds later
LEASE = timedelta(seconds=45)  # longer than any single send
PATIENCE = 2.5  # seconds worth waiting inside a run; for more the next run comes in time
State = Notification.State


class Lane(Enum):
    """Which messages a run carries. A service that hangs takes its whole timeout at every try: the
    tries after a failure have a run of their own, so that no other channel waits for them.
    """

    ALL = "all"
    FIRST = "first tries"
    AGAIN = "tries after a failure"


@dataclass(slots=True)
class Tally:
    """What one run did, in messages."""

    sent: int = 0
    failed: int = 0
    retried: int = 0
    again_at: datetime | None = field(default=None, compare=False)  # when there is more to send


def deliver_due(
    *,
    clock: Callable[[], datetime] = timezone.now,
    sleep: Callable[[float], None] = time.sleep,
    rng: Random | None = None,
    budget: timedelta = BUDGET,
    lane: Lane = Lane.ALL,
) -> Tally:
    """Dispatches, then sends what is due in the lane; returns when nothing is, or the time is up.

    Several may run at once: a channel is served by the one that holds its lease.
    """
    # Unique also among threads; who it is tells the next one whether it still lives.
    desk = Desk(clock, rng or Random(), f"{uuid.uuid4().hex[:8]}@{identity()}", lane)
    end = clock() + budget
    try:
        while clock() < end:
            wait = desk.round()
            if wait is None or wait > PATIENCE:
                desk.tally.again_at = None
                break
            desk.tally.again_at = clock() + timedelta(seconds=wait)
            if desk.tally.again_at >= end:
                break
            if wait:
                sleep(wait)
    finally:
        desk.close()
    return desk.tally


@dataclass(slots=True)
class Desk:
    """One run's hands: at most one message for each channel and round."""

    clock: Callable[[], datetime]
    rng: Random
    holder: str
    lane: Lane = Lane.ALL
    tally: Tally = field(default_factory=Tally)
    chores_at: datetime | None = None
    served: set[int] = field(default_factory=set)  # channels whose lease is ours until the end

    def round(self) -> float | None:
        """Sends the head of each queue that is due. Returns the seconds until the next head is
        due, 0 when there may be more at once, None when nothing waits.
        """
        now = self.clock()
        if self.chores_at is None or now >= self.chores_at:
            self.chores_at = now + chores.EVERY
            chores.chores(now=now)
        dispatch(now=now)
        expire(now=now)
        waits: list[float] = []
        for head in filter(self._ours, heads(now=now)):
            wait = (due(head, now=self.clock()) - self.clock()).total_seconds()
            if wait <= 0:
                wait = 0.0 if self._serve(head) else PATIENCE * 2
            waits.append(wait)
        return min(waits, default=None)

    def close(self) -> None:
        """Gives the leases back."""
        if self.served:
            _free(Channel.objects.filter(lease_holder=self.holder))

    def _leave(self, channel: Channel) -> None:
        """Leaves a channel to the other lane."""
        self.served.discard(channel.pk)
        _free(Channel.objects.filter(pk=channel.pk, lease_holder=self.holder))

    def _ours(self, head: Notification) -> bool:
        """Whether it lies in the lane. A channel that was taken up is served on until the end: when
        the service is back, what waits behind the first message need not wait for another run.
        """
        if self.lane is Lane.ALL or head.channel_id in self.served:
            return True
        return (head.attempts > 0) is (self.lane is Lane.AGAIN)

    def _serve(self, head: Notification) -> bool:
        """Sends one message and writes down what came of it; False when the channel is another's."""
        if not self._lease(head.channel):
            return False
        self.served.add(head.channel_id)
        now = self.clock()
        if worth_a_look(head, now=now) and collapse(head.channel, now=now):
            return True
        if not _begin(
            head, now
        ):  # sent by the channel's last holder between our look and our lease
            return True
        answer = _send(head)
        verdict = judge(answer, head.attempts, self.rng)
        self._settle(head, answer, verdict)
        return True

    def _lease(self, channel: Channel) -> bool:
        now = self.clock()
        free = Q(lease_until=None) | Q(lease_until__lt=now) | Q(lease_holder=self.holder)
        if channel.lease_holder and is_dead(channel.lease_holder.partition("@")[2]):
            free |= Q(lease_holder=channel.lease_holder)
        # Asked again of the row: a global 429 may have come since the queue was read.
        awake = Q(not_before=None) | Q(not_before__lte=now)
        rows = Channel.objects.filter(free, awake, pk=channel.pk, enabled=True, url=channel.url)
        return bool(rows.update(lease_until=now + LEASE, lease_holder=self.holder))

    def _settle(self, head: Notification, answer: Answer, verdict: Verdict) -> None:
        now = self.clock()
        logger.log(
            logging.INFO if verdict.act is Act.SENT else logging.WARNING,
            "alert %s to %s: %s %s",
            head.pk,
            head.channel.name,
            verdict.act.value,
            answer.error or answer.status,
        )
        with transaction.atomic():
            _pause(head.channel, verdict, now)
            _write(head, answer, verdict, now)
        if verdict.act is Act.DISABLE:
            disable(head.channel, answer.error, now=now)
        if verdict.act is Act.RETRY and self.lane is Lane.FIRST:
            self._leave(head.channel)
        counted = {Act.SENT: "sent", Act.DROP: "failed"}.get(verdict.act, "retried")
        setattr(self.tally, counted, getattr(self.tally, counted) + 1)


def _free(channels: QuerySet[Channel]) -> None:
    channels.update(lease_until=None, lease_holder="")


def _begin(head: Notification, now: datetime) -> bool:
    """Counts the attempt before it is made; False when somebody else was first."""
    rows = Notification.objects.filter(pk=head.pk, state=State.PENDING, attempts=head.attempts)
    head.attempts += 1
    return bool(rows.update(attempts=F("attempts") + 1, tried_at=now))


def _send(head: Notification) -> Answer:
    message = Message(head.pk, head.title, head.body, head.link, head.urgency, head.entry.at)
    if head.channel.kind not in KINDS:
        return Answer(None, _("this kind of channel is not built"), refused=True)
    try:
        transport = transport_for(head.channel.kind)
        return transport.send(head.channel.url, message, role_id=head.channel.role_id)
    except Exception as error:  # a fault of ours in one message must not stop the other channels
        logger.exception("alert %s could not be sent", head.pk)
        return Answer(None, type(error).__name__)


def _pause(channel: Channel, verdict: Verdict, now: datetime) -> None:
    if verdict.pause <= 0:
        return
    alike = Q(kind=channel.kind) if verdict.everywhere else Q(pk=channel.pk)
    until = now + timedelta(seconds=verdict.pause)
    Channel.objects.filter(alike).exclude(not_before__gt=until).update(not_before=until)


def _write(head: Notification, answer: Answer, verdict: Verdict, now: datetime) -> None:
    values: dict[str, object] = {"error": answer.error[:300]}
    if verdict.act is Act.SENT:
        values |= {"state": State.SENT, "sent_at": now}
    elif verdict.act is Act.DROP:
        values |= {"state": State.FAILED, "failed_at": now}
    elif verdict.act is Act.RETRY:
        values |= {"not_before": now + timedelta(seconds=verdict.wait)}
    rows = Notification.objects.filter(pk=head.pk, state=State.PENDING)
    if rows.update(**values) and "state" in values:
        follow([head.pk], now, delivered=verdict.act is Act.SENT)
