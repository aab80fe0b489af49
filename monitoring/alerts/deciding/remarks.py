"""What an alert says about itself: why it comes in spite of a silence, and of whom it tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.alerts.deciding.reasons import Reason
from monitoring.alerts.deciding.suppression import FLAPS, WINDOW, Around, Memory
from monitoring.alerts.wording import DOT, Alert, clipped, first_line, kind_words

LISTED = 40  # lines of a grouped message; the channel cuts what is too long for it
NAMES, NAME_MAX = 4, 60


def mark(reason: Reason) -> str:
    """What stands before the kind in the first line."""
    return _("COMES AND GOES") if reason is Reason.FLAPS else ""


def remark(reason: Reason, memory: Memory | None, around: Around) -> str:
    """The line of the body that says why it is told all the same; "" where nothing is odd."""
    if reason is Reason.DESPITE_SILENCE:
        return _("Silenced until %(until)s, but a critical stop is always told.") % {
            "until": _time(around.silenced_until)
        }
    if reason is Reason.DESPITE_MUTE:
        return _("Muted until %(until)s, but a critical stop is always told.") % {
            "until": _time(around.muted_until)
        }
    if reason is Reason.DESPITE_ACKNOWLEDGEMENT and memory is not None:
        return _("Acknowledged by %(who)s, but a critical stop is always told.") % {
            "who": memory.acknowledged_by
        }
    if reason is Reason.FLAPS:
        return _(
            "It came and went %(times)s times within %(minutes)s minutes. You are told again when"
            " it is calm."
        ) % {"times": FLAPS, "minutes": int(WINDOW.total_seconds() // 60)}
    return ""


def grouped_line(alerts: Sequence[Alert]) -> str:
    """`PAPER · PRICE ERROR · 40 times: Fed cuts in Dec · Yes, …`: many alerts of one kind."""
    first = alerts[0]
    kind = first.word("kind") if first.kind == "reminder" else first.kind
    names = [name for alert in alerts if (name := _name(alert))]
    shown = ", ".join(dict.fromkeys(names[:NAMES])) + (", …" if len(names) > NAMES else "")
    count = ngettext("%(n)s alert", "%(n)s alerts", len(alerts)) % {"n": len(alerts)}
    start = [_("DEMO")] if all(alert.data.get("demo") is True for alert in alerts) else []
    mode = (first.word("mode") or "paper").upper()
    parts = [*start, mode, kind_words(kind), f"{count}: {shown}" if shown else count]
    return DOT.join(parts)[:500]


def grouped_details(alerts: Sequence[Alert]) -> str:
    """The first lines of the alerts it stands for, one below the other."""
    lines = [first_line(alert) for alert in alerts[:LISTED]]
    if len(alerts) > LISTED:
        lines.append(_("… and %(n)s more") % {"n": len(alerts) - LISTED})
    return "\n".join(lines)


def _name(alert: Alert) -> str:
    parts = (clipped(alert.word("question"), NAME_MAX), alert.word("outcome"))
    return DOT.join(part for part in parts if part)


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
