"""Alerts in every state, each standing once: delivered, waiting, held, kept back, failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from monitoring.alerts.wording import Alert, details, first_line
from monitoring.models import Alarm, Channel, Notification, Silence
from positions import journal
from positions.models import JournalEntry, Position
from positions.services.base import facts

State, Origin = Notification.State, Notification.Origin
HOOK = "https://discord.com/api/webhooks/1/{}"


def channels() -> tuple[Channel, Channel, Channel]:
    """One that works, one that waits, one that an error has switched off."""
    make = Channel.objects.create
    return (
        make(name="discord", url=HOOK.format("a")),
        make(name="night-phone", kind="apprise", url="tgram://x/y", listens="high"),
        make(
            name="old-server",
            url=HOOK.format("b"),
            enabled=False,
            disabled_reason="404 Unknown Webhook",
        ),
    )


def write(kind: str, text: str, position: Position | None = None, **values: Any) -> JournalEntry:
    """A committed entry with the facts of its position."""
    data = (facts(position) if position else {}) | values.pop("data", {})
    row = {"at": timezone.now(), "position": position, "data": data} | values
    with transaction.atomic():
        entry = journal.entry(kind, text, **row)
        journal.append(entry)
    return entry


def notify(entry: JournalEntry, channel: Channel, **values: Any) -> Notification:
    """What became of an entry on a channel; delivered after 0.4 s unless `values` say otherwise."""
    alert = Alert(entry.kind, entry.text, entry.rule, entry.data)
    row: dict[str, Any] = {
        "state": State.SENT,
        "urgency": entry.urgency,
        "title": first_line(alert),
        "body": details(alert),
        "link": "http://127.0.0.1:8000/",
        "created_at": entry.at,
        "queued_at": entry.at,
        "not_before": entry.at,
        "attempts": 1,
    } | values
    if row["state"] == State.SENT:
        row.setdefault("sent_at", row["created_at"] + timedelta(seconds=0.4))
    return Notification.objects.create(entry=entry, channel=channel, **row)


def raise_alarm(entry: JournalEntry, key: str, **values: Any) -> Alarm:
    """An alarm that stands since its entry."""
    row = {
        "kind": entry.kind,
        "rule": entry.rule,
        "urgency": entry.urgency,
        "position": entry.position,
        "entry": entry,
        "raised_at": entry.at,
        "last_at": entry.at,
        "told_at": entry.at,
        "told_as": "raised",
    }
    return Alarm.objects.create(key=key, **(row | values))


def fill(rows: dict[str, Position], now: datetime | None = None) -> dict[str, Any]:
    """Tells of the positions of `shelf.fill`; returns what the tests want to touch, by name."""
    now = now or timezone.now()
    discord, phone, old = channels()
    _quiet_past(rows["profit"], discord, phone, now)
    blind = _blind(rows["unpriced"], discord, now)
    stop = write(
        "exit_done",
        "44.1¢ is at or below the 45.0¢ stop",
        rows["past stop"],
        urgency="critical",
        rule="stop_loss",
        at=now - timedelta(minutes=9),
        data={"price": "0.441", "trigger_price": "0.441", "level": "0.45", "pnl": "-97.96"},
    )
    notify(stop, discord)
    notify(
        stop, phone, origin=Origin.ESCALATION, sent_at=stop.at + timedelta(minutes=3), attempts=2
    )
    failed = notify(
        stop,
        old,
        state=State.FAILED,
        failed_at=now,
        attempts=9,
        error="404 Unknown Webhook",
        origin=Origin.FALLBACK,
    )
    found = {"sold": raise_alarm(stop, f"sold:{stop.pk}"), "failed": failed, "discord": discord}
    found |= {"acknowledged": blind} | _standing(rows, discord, phone, now)
    found |= _kept(rows, discord, phone, now)
    return found


def _standing(
    rows: dict[str, Position], discord: Channel, phone: Channel, now: datetime
) -> dict[str, Any]:
    blocked = write(
        "stop_blocked",
        "the stop is held back: bid 40.0¢, ask 62.0¢, the spread is too wide",
        rows["near stop"],
        urgency="critical",
        rule="stop_loss",
        at=now - timedelta(minutes=4),
        data={"bid": "0.40", "level": "0.468"},
    )
    notify(blocked, discord, reason="despite_silence")
    notify(
        blocked,
        phone,
        state=State.PENDING,
        attempts=3,
        error="429 Too Many Requests",
        not_before=now + timedelta(seconds=90),
        sent_at=None,
    )
    return {"blocked": raise_alarm(blocked, f"stop_blocked:{blocked.position_id}", flapping=True)}


def _blind(position: Position, discord: Channel, now: datetime) -> Alarm:
    problem = "the best bid is not below the best ask"
    entry = write(
        "unpriced",
        problem,
        position,
        urgency="high",
        at=now - timedelta(minutes=40),
        data={"problem": problem},
    )
    notify(entry, discord)
    return raise_alarm(
        entry,
        f"unpriced:{position.pk}",
        acknowledged_at=now - timedelta(minutes=30),
        acknowledged_by="bob",
        reminders=1,
    )


def _kept(
    rows: dict[str, Position], discord: Channel, phone: Channel, now: datetime
) -> dict[str, Any]:
    back = write("priced", "the price is back", rows["trailing"], at=now - timedelta(minutes=3))
    muted = write(
        "unpriced",
        "nobody bids for this outcome",
        rows["muted"],
        urgency="medium",
        at=now - timedelta(minutes=2),
        data={"problem": "nobody bids"},
    )
    notify(muted, discord, state=State.SUPPRESSED, reason="muted", attempts=0)
    notify(muted, phone, state=State.SUPPRESSED, reason="blind_source", attempts=0)
    digest = notify(
        write("digest", "2 alerts of the night", at=now - timedelta(minutes=1)), discord
    )
    collapsed = notify(back, discord, state=State.COLLAPSED, digest=digest, attempts=0)
    silence = Silence.objects.create(
        position=rows["trailing"],
        rule="momentum_exit",
        until=now + timedelta(hours=3),
        reason="holiday",
        created_at=now,
        created_by="alice",
    )
    return {"digest": digest, "collapsed": collapsed, "silence": silence}


def _quiet_past(position: Position, discord: Channel, phone: Channel, now: datetime) -> None:
    for hours in (26, 7, 3):
        at = now - timedelta(hours=hours)
        entry = write("priced", "the price is back", position, at=at, data={"bid": "0.512"})
        notify(entry, discord)
        if hours == 7:
            notify(entry, phone, sent_at=at + timedelta(minutes=12), attempts=4)
