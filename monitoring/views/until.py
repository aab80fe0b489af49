"""When a silence ends, as a person chooses it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from monitoring.alerts.sending.quiet import moment

MORNING = time(8)
TOMORROW = "tomorrow"
SPANS: Mapping[str, timedelta] = {
    "15": timedelta(minutes=15),
    "60": timedelta(hours=1),
    "240": timedelta(hours=4),
}
# The choices of every form, in order: what is sent, what is read.
CHOICES: tuple[tuple[str, Promise], ...] = (
    ("15", _("15 minutes")),
    ("60", _("1 hour")),
    ("240", _("4 hours")),
    (TOMORROW, _("until tomorrow 08:00")),
)


def until(choice: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The end of what was chosen, in `zone`; None when it is none of CHOICES."""
    if choice == TOMORROW:
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        return moment(tomorrow, MORNING, zone).astimezone(zone)
    span = SPANS.get(choice)
    return (now + span).astimezone(zone) if span else None


def clock_text(at: datetime) -> str:
    """`24 Nov 08:00 CET`: a time with its own zone."""
    return f"{at:%d %b %H:%M} {at.tzname()}"
