"""A notification's fate in words, one line for each channel. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, TypedDict

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from monitoring.alerts.deciding.reasons import Reason, words
from monitoring.alerts.sending.queue import HELD
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
    `static/js/clock.js`. `note`: what else is to be known: why here, how often, the service's answer.
    `retry`: whether a person can have it sent again. `digest`: the message that tells of it;
    `tells`: of how many others it tells itself.
    """

    id: int
    channel: str
    tone: str
    icon: str
    text: str
    at: datetime | None
    form: str
    note: str
    retry: bool
    digest: int | None
    tells: int


def line(row: Notification, now: datetime, *, tells: int = 0) -> Line:
    """One channel's line; `row.channel`, `row.entry` and `row.digest` must be loaded."""
    fates = {
        State.SENT: _sent,
        State.PENDING: _pending,
        State.FAILED: _failed,
        State.SUPPRESSED: _suppressed,
        State.COLLAPSED: _collapsed,
    }
    fate = fates[State(row.state)](row, now)
    return Line(
        id=row.pk,
        channel=row.channel.name,
        tone=fate.tone,
        icon=fate.icon,
        text=fate.text,
        at=fate.at,
        form=fate.form,
        note=" · ".join(part for part in (str(ORIGINS.get(row.origin, "")), *fate.notes) if part),
        retry=row.state == State.FAILED and row.channel.enabled,
        digest=row.digest_id,
        tells=tells,
    )


class Fate(NamedTuple):
    """The part of a line that depends on the state."""

    tone: str
    icon: str
    text: str
    notes: tuple[str, ...] = ()
    at: datetime | None = None
    form: str = "left"


def _sent(row: Notification, now: datetime) -> Fate:  # noqa: ARG001  all fates are asked alike
    # From when it happened; a fallback or an escalation from when somebody had to be told instead.
    began = row.entry.at if row.origin == Origin.ROUTE else row.created_at
    seconds = (row.sent_at - began).total_seconds() if row.sent_at else 0.0
    text = _("delivered in %(span)s") % {"span": brief(seconds)}
    why = words(row.reason) if row.reason in TELLING else ""
    held = _("held by quiet hours") if row.reason == HELD else ""
    return Fate("ok", "check", text, (why, held, tries(row.attempts) if row.attempts > 1 else ""))


def _pending(row: Notification, now: datetime) -> Fate:
    due = max(row.not_before, row.channel.not_before or row.not_before)
    notes = (tries(row.attempts), row.error)
    if not row.channel.enabled:
        return Fate("wait", "clock", _("waits until this channel is switched on"), notes)
    if due <= now:
        return Fate("wait", "clock", _("on its way"), notes)
    if row.reason == HELD and not row.attempts:
        form = "time" if due - now < DAY else "when"
        return Fate("wait", "clock", _("held by quiet hours until"), notes, due, form)
    text = _("waiting, next try") if row.attempts else _("waits for its turn")
    return Fate("wait", "clock", text, notes, due)


def _failed(row: Notification, now: datetime) -> Fate:  # noqa: ARG001
    off = "" if row.channel.enabled else _("this channel is off: mend it before a retry")
    return Fate("bad", "warn", _("not delivered"), (row.error, tries(row.attempts), off))


def _suppressed(row: Notification, now: datetime) -> Fate:  # noqa: ARG001
    if not row.reason:
        return Fate("quiet", "mute", _("not told"))
    return Fate("quiet", "mute", _("not told: %(reason)s") % {"reason": words(row.reason)})


def _collapsed(row: Notification, now: datetime) -> Fate:  # noqa: ARG001
    delivered = row.digest is not None and row.digest.state == State.SENT
    return Fate("quiet", "list", _("told in a digest") if delivered else _("waits in a digest"))


def tries(attempts: int) -> str:
    """`3 attempts`; nothing while there was none."""
    if not attempts:
        return ""
    return ngettext("%(n)d attempt", "%(n)d attempts", attempts) % {"n": attempts}


def brief(seconds: float) -> str:
    """A short stretch with a tenth: `0.4 s`; a longer one as everywhere: `12 s`, `3 min`."""
    return _("%(n).1f s") % {"n": max(0.0, seconds)} if seconds < 10 else span(seconds)
