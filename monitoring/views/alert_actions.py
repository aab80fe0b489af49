"""What an operator does about alerts. Every answer says what happened, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from monitoring.alerts import probe
from monitoring.alerts.deciding.acknowledging import acknowledge as acknowledge_alarm
from monitoring.alerts.deciding.acknowledging import unacknowledge as unacknowledge_alarm
from monitoring.alerts.deciding.silences import end_silence, silence
from monitoring.alerts.sending.retrying import retry as retry_one
from monitoring.alerts.sending.retrying import retry_all as retry_channel
from monitoring.models import Alarm, Channel, Notification, Silence
from monitoring.presenting.alarms import scope
from monitoring.selectors.alerts import number
from monitoring.views.until import clock_text, until
from positions.presenting.badges import RULES
from positions.services import ServiceError
from positions.views.respond import action, actor, done, refused
from positions.zones import zone_of

STILL_TOLD = gettext_lazy("Critical stops are still told.")


class BadInputError(Exception):
    """The form holds what no person can have chosen; the text says what to choose."""


def acts(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """`action`, whose way back is the alerts page as it was filtered."""

    @action
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except BadInputError as error:
            return refused(request, str(error), back(request), status=400)
        except ServiceError as error:
            return refused(request, str(error), back(request))

    return wrapped


def back(request: HttpRequest) -> str:
    """The page with the query that its form carried along."""
    query = request.POST.get("query", "")
    plain = query.isascii() and query.isprintable() and len(query) < 500
    return reverse("alerts") + (f"?{query}" if query and plain else "")


@acts
def retry(request: HttpRequest, notification_id: int) -> HttpResponse:
    """A failed alert once more, with 24 hours of tries ahead."""
    row = retry_one(notification_id=notification_id, actor=actor(request), now=timezone.now())
    message = _("Trying again on %(channel)s.") % {"channel": row.channel.name}
    return done(request, message, back(request))


@acts
def retry_all(request: HttpRequest) -> HttpResponse:
    """All that have failed on channels that are on, once more."""
    failed = Channel.objects.filter(notifications__state=Notification.State.FAILED).distinct()
    count = sum(
        retry_channel(channel_id=pk, actor=actor(request), now=timezone.now())
        for pk in failed.filter(enabled=True).values_list("pk", flat=True)
    )
    if not count:
        raise ServiceError(_("There is nothing that could be sent again; is its channel off?"))
    message = ngettext(
        "Trying %(n)d alert again.", "Trying %(n)d alerts again, the oldest first.", count
    )
    return done(request, message % {"n": count}, back(request))


@acts
def acknowledge(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Somebody has taken note: reminders and escalation stop."""
    acknowledge_alarm(alarm_id=alarm_id, actor=actor(request), now=timezone.now())
    undo = {"url": reverse("alarm_unacknowledge", args=[alarm_id]), "fields": {}}
    message = _("Acknowledged: no more reminders, and nobody else is woken.")
    return done(request, message, back(request), undo=undo)


@acts
def unacknowledge(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Takes that back."""
    unacknowledge_alarm(alarm_id=alarm_id, actor=actor(request), now=timezone.now())
    message = _("No longer acknowledged: it is reminded of again while it is true.")
    return done(request, message, back(request))


@acts
def snooze(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """A silence on just what this alarm is about."""
    alarm = Alarm.objects.filter(pk=alarm_id).first()
    if alarm is None:
        raise ServiceError(_("This alarm is no longer there."))
    about = {"position_id": alarm.position_id, "kind": alarm.kind, "rule": alarm.rule}
    return _silence(request, reason=_("snoozed"), **about)


@acts
def silence_new(request: HttpRequest) -> HttpResponse:
    """A silence of everything, a strategy or a position, of all rules or of one."""
    about = _about(request.POST.get("what", ""), request.POST.get("rule", ""))
    reason = " ".join(request.POST.get("reason", "").replace("\0", "").split())
    return _silence(request, reason=reason, **about)


@acts
def silence_end(request: HttpRequest, silence_id: int) -> HttpResponse:
    """Alerts again."""
    ended = end_silence(silence_id=silence_id, actor=actor(request), now=timezone.now())
    message = _("The silence has ended: %(what)s.") % {"what": scope(ended)}
    return done(request, message, back(request))


@acts
def test(request: HttpRequest, channel_id: int) -> HttpResponse:
    """A test alert by the way that all alerts go."""
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is None:
        raise ServiceError(_("This channel is no longer there."))
    if not channel.enabled:
        raise ServiceError(_("This channel is off: switch it on in admin first."))
    probe.record(actor=actor(request), now=timezone.now(), channel=channel.name)
    message = _("A test alert is on its way to %(name)s.") % {"name": channel.name}
    return done(request, message, back(request))


def _silence(request: HttpRequest, *, reason: str, **about: Any) -> HttpResponse:
    now = timezone.now()
    end = _end(request, now)
    made = silence(until=end, reason=reason, actor=actor(request), now=now, **about)
    undo = {"url": reverse("silence_end", args=[made.pk]), "fields": {}}
    return done(request, _silenced(made, end), back(request), undo=undo)


def _silenced(made: Silence, end: datetime) -> str:
    said = _("Silenced until %(until)s: %(what)s.") % {
        "until": clock_text(end),
        "what": scope(made),
    }
    return f"{said} {STILL_TOLD}"


def _end(request: HttpRequest, now: datetime) -> datetime:
    found = until(request.POST.get("for", ""), now, _zone(request))
    if found is None:
        raise BadInputError(_("Choose for how long."))
    return found


def _zone(request: HttpRequest) -> ZoneInfo:
    """Where it is eight in the morning: the browser says so, else the first channel's settings."""
    named = request.POST.get("zone", "")
    return zone_of(
        named or Channel.objects.order_by("pk").values_list("time_zone", flat=True).first() or ""
    )


def _about(what: str, rule: str) -> dict[str, Any]:
    """What the form's two lists name: `all`, `strategy:3` or `position:12`, and a rule or none."""
    scope, _colon, text = what.partition(":")
    pk = number(text)
    if rule and rule not in RULES:
        raise BadInputError(_("Choose a rule of the list."))
    if what == "all":
        return {"rule": rule}
    if scope not in {"strategy", "position"} or pk is None:
        raise BadInputError(_("Choose what is to be silent."))
    return {f"{scope}_id": pk, "rule": rule}
