"""Open alarms, channels and silences as the alerts page shows them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from monitoring.alerts.deciding.silences import Subject, until, whose
from monitoring.alerts.deciding.topics import is_happening
from monitoring.models import Alarm, Channel, Silence
from monitoring.presenting.kinds import what
from positions.presenting.entries import TONES, EntryView
from positions.presenting.text import first_up

KINDS: Mapping[str, Promise] = {
    Channel.Kind.DISCORD: gettext_lazy("Discord"),
    Channel.Kind.APPRISE: gettext_lazy("Apprise"),
}


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm that is open. `name`: what is wrong; `label`: the same with whose it is, for buttons;
    `lasts`: whether it is a state (which can be snoozed) and not something that happened once.
    """

    alarm: Alarm
    view: EntryView
    name: str
    label: str
    tone: str
    facts: list[str]
    lasts: bool
    silenced_until: datetime | None


@dataclass(frozen=True, slots=True)
class Way:
    """A channel and how it fares. `at`: a time after `text`; `cure`: what a person can do."""

    channel: Channel
    kind: str
    waiting: int
    tone: str
    icon: str
    text: str
    at: datetime | None = None
    form: str = "ago"
    cure: str = ""


def raised(alarm: Alarm, view: EntryView, silences: Iterable[Silence], now: datetime) -> Raised:
    """One alarm with its newest entry; its position, where it has one, must be loaded."""
    name = what(alarm.kind, alarm.rule)
    strategy = alarm.position.strategy_id if alarm.position else None
    subject = Subject(now, alarm.kind, alarm.rule, alarm.position_id, strategy)
    return Raised(
        alarm=alarm,
        view=view,
        name=name,
        label=f"{name} · {view['name']}" if view["name"] else name,
        tone=TONES.get(alarm.urgency, ""),
        facts=_facts(alarm),
        lasts=not is_happening(alarm.kind),
        silenced_until=until(silences, subject),
    )


def way(channel: Channel, waiting: int, sent_at: datetime | None, now: datetime) -> Way:
    """How a channel fares; `sent_at`: its last delivery."""
    kind = f"{KINDS.get(channel.kind, channel.kind)} · {channel.get_listens_display()}"
    if not channel.enabled:
        return _off(channel, kind, waiting)
    if channel.not_before is not None and channel.not_before > now and waiting:
        at = channel.not_before
        return Way(channel, kind, waiting, "wait", "clock", _("pauses, goes on"), at, "left")
    if sent_at is None:
        return Way(channel, kind, waiting, "quiet", "clock", _("nothing delivered yet"))
    return Way(channel, kind, waiting, "ok", "check", _("last delivered"), sent_at)


def scope(silence: Silence) -> str:
    """Whose alerts it keeps back, as a title."""
    return first_up(whose(silence))


def _facts(alarm: Alarm) -> list[str]:
    """What has been done about it so far."""
    said = ngettext("%(n)d reminder", "%(n)d reminders", alarm.reminders)
    return [
        text
        for holds, text in (
            (alarm.flapping, _("comes and goes")),
            (alarm.reminders, said % {"n": alarm.reminders}),
            (alarm.escalated_at, _("escalated")),
        )
        if holds
    ]


def _off(channel: Channel, kind: str, waiting: int) -> Way:
    if not channel.disabled_reason:
        return Way(channel, kind, waiting, "quiet", "mute", _("switched off by hand"))
    text = _("off: %(reason)s") % {"reason": channel.disabled_reason}
    cure = _("Put a working address into it in admin and switch it on; what waits is sent then.")
    return Way(channel, kind, waiting, "bad", "warn", text, cure=cure)
