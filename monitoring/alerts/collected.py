"""The words of one message that tells of many: how many of what, then each, the critical first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from monitoring.alerts.deciding.topics import RANK
from monitoring.alerts.wording import DOT, alert_of, called, clipped
from monitoring.models import Channel, Notification
from positions.zones import zone_of

LINES = 40
LINE_MAX = 160
KINDS_NAMED = 6


@dataclass(frozen=True, slots=True)
class Words:
    """The columns of a notification that a person reads."""

    title: str
    body: str
    link: str


@dataclass(frozen=True, slots=True)
class Late:
    """Why many come at once: `head` with their `%(count)d`, and a sentence."""

    head: str
    intro: str


def message(rows: Sequence[Notification], channel: Channel, late: Late | None = None) -> Words:
    """`rows` must not be empty, each with its entry; times are the channel's own. Without `late`
    they could not be told when they happened.
    """
    late = late or Late(
        _("%(count)d ALERTS, LATE"),
        _("These could not be told when they happened. Critical ones come first."),
    )
    zone = zone_of(channel.time_zone)
    first, last = min(row.entry.at for row in rows), max(row.entry.at for row in rows)
    span = f"{clock(first, zone, last)}–{clock(last, zone, last)}"
    title = DOT.join([late.head % {"count": len(rows)}, span, counts(rows)])
    ordered = sorted(rows, key=lambda row: (-RANK.get(row.urgency, 0), row.entry.at, row.pk))
    lines = [f"{clock(row.entry.at, zone, last)} {clipped(row.title, LINE_MAX)}" for row in ordered]
    if len(lines) > LINES:
        lines[LINES:] = [_("… and %(count)d more") % {"count": len(lines) - LINES}]
    link = f"{settings.SITE_URL}/alerts/"
    return Words(clipped(title, 500), "\n".join([late.intro, *lines]), link)


def counts(rows: Sequence[Notification]) -> str:
    """`2 STOP, 5 PRICE ERROR`, the most frequent first."""
    counted = Counter(called(alert_of(row.entry)) for row in rows).most_common()
    parts = [f"{number} {name}" for name, number in counted[:KINDS_NAMED]]
    rest = sum(number for _name, number in counted[KINDS_NAMED:])
    return ", ".join([*parts, *([_("%(count)d others") % {"count": rest}] if rest else [])])


def clock(at: datetime, zone: ZoneInfo, near: datetime) -> str:
    """`02:10`, with its date where `near` lies more than 20 hours off."""
    local = at.astimezone(zone)
    far = abs(near - at) > timedelta(hours=20)
    return f"{local:%Y-%m-%d %H:%M}" if far else f"{local:%H:%M}"
