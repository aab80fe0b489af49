"""A notification's fate in words, one line for each channel. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypedDict

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from monitoring.alerts.reasons import Reason, words
from monitoring.models import Notification
from positions.presenting.text import span

State, Origin = Notification.State, Notification.Origin
DAY = timedelta(hours=24)

# Why something was told, where that is news; the others were told because they happened.
TELLING = frozenset(
    {
        Reason.REPEAT,
        Reason.STILL,
        Reason.FLAPS,
        Reason.CALM,
        Reason.DESPITE_SILENCE,
        Reason.DESPITE_MUTE,
        Reason.DESPITE_ACKNOWLEDGEMENT,
    }
)
ORIGINS: Mapping[str, Promise] = {
    Origin.FALLBACK: gettext_lazy("as a fallback"),
    Origin.ESCALATION: gettext_lazy("escalated, as nobody acknowledged it"),
}


class Line(TypedDict):
    """What became of one message on one channel.

    `tone`: ok, wait, quiet or bad. `at`: a time shown after `text` in the form `form` of
    `static/js/clock.js`. `note`: the service's last answer. `digest`: the message that told of it.
    """

    id: int
    channel: str
    tone: str
    icon: str
    text: str
    at: datetime | None
    form: str
    note: str
    origin: str
    failed: bool
    digest: int | None


def line(row: Notification, now: datetime) -> Line:
    """One channel's line; `row.channel` (and `row.digest`, where it has one) must be loaded."""
    found = Line(
        id=row.pk,
        channel=row.channel.name,
        tone="quiet",
        icon="mute",
        text="",
        at=None,
        form="left",
        note="",
        origin=str(ORIGINS.get(row.origin, "")),
        failed=row.state == State.FAILED,
        digest=row.digest_id,
    )
    fates = {State.SENT: _sent, State.PENDING: _pending, State.FAILED: _failed}
    fate = fates.get(State(row.state))
    if fate is not None:
        fate(found, row, now)
    else:
        found["text"] = _collapsed(row) if row.state == State.COLLAPSED else _suppressed(row)
    return found


def _sent(found: Line, row: Notification, now: datetime) -> None:  # noqa: ARG001
    found["tone"], found["icon"] = "ok", "check"
    seconds = (row.sent_at - row.created_at).total_seconds() if row.sent_at else 0.0
    found["text"] = _("delivered in %(span)s") % {"span": brief(seconds)}
    found["note"] = tries(row.attempts) if row.attempts > 1 else ""


def _pending(found: Line, row: Notification, now: datetime) -> None:
    found["tone"], found["icon"] = "wait", "clock"
    due = max(row.not_before, row.channel.not_before or row.not_before)
    found["note"] = " · ".join(part for part in (tries(row.attempts), row.error) if part)
    if not row.channel.enabled:
        found["text"] = _("waits until this channel is switched on")
    elif due <= now:
        found["text"] = _("on its way")
    elif row.attempts == 0 and row.reason in HELD:
        found["text"] = str(HELD[row.reason])
        found["at"], found["form"] = due, "time" if due - now < DAY else "when"
    else:
        found["text"] = _("waiting, next try") if row.attempts else _("waiting, its turn comes")
        found["at"] = due


def _failed(found: Line, row: Notification, now: datetime) -> None:  # noqa: ARG001
    found["tone"], found["icon"] = "bad", "warn"
    found["text"] = _("not delivered")
    found["note"] = " · ".join(part for part in (row.error, tries(row.attempts)) if part)


HELD: Mapping[str, Promise] = {
    "quiet_hours": gettext_lazy("held by quiet hours until"),
    "digest": gettext_lazy("waits for the daily digest at"),
}


def _suppressed(row: Notification) -> str:
    if not row.reason:
        return _("not told")
    return _("not told: %(reason)s") % {"reason": words(row.reason)}


def _collapsed(row: Notification) -> str:
    if row.digest is not None and row.digest.state == State.SENT:
        return _("told in a digest")
    return _("will be told in a digest")


def tries(attempts: int) -> str:
    """`3 attempts`; nothing while there was none."""
    if not attempts:
        return ""
    return ngettext("%(n)d attempt", "%(n)d attempts", attempts) % {"n": attempts}


def brief(seconds: float) -> str:
    """A short stretch with a tenth: `0.4 s`; a longer one as everywhere: `12 s`, `3 min`."""
    return _("%(n).1f s") % {"n": max(0.0, seconds)} if seconds < 10 else span(seconds)
