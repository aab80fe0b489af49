"""What a person can do besides closing. Every answer says what happened."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from positions import services
from positions.domain.pnl import plain
from positions.models import LIVE_EXIT_STATES, Exit, Position
from positions.presenting.badges import rule_name
from positions.views.respond import action, actor, done, refused
from positions.views.sudo import confirmed_when_live
from positions.wallets import confirm_gone

DAY_MINUTES = 24 * 60
LONGEST_MUTE = 30 * DAY_MINUTES
COMPARED = 100  # positions listed on the page that asks for a comparison


def _named(position_id: int) -> str:
    position = Position.objects.select_related("market").filter(pk=position_id).first()
    return str(position) if position else str(position_id)


@action
def check(request: HttpRequest, position_id: int | None = None) -> HttpResponse:
    """A pass now. One position is never checked alone: prices come in batches anyway."""
    services.check_request(now=timezone.now())
    back = reverse("detail", args=[position_id]) if position_id else reverse("index")
    return done(request, _("A check of every position was asked for; it starts in a second."), back)


@action
def mute(request: HttpRequest, position_id: int) -> HttpResponse:
    """No alerts for `minutes`; exits go on."""
    back = reverse("detail", args=[position_id])
    text = request.POST.get("minutes", "60")
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= LONGEST_MUTE):
        return refused(request, _("Choose a time from one minute to 30 days."), back, status=400)
    now = timezone.now()
    until = now + timedelta(minutes=int(text))
    services.position_mute(position_id=position_id, until=until, actor=actor(request), now=now)
    message = _("Muted “%(name)s” until %(until)s UTC. Its exits go on.") % {
        "name": _named(position_id),
        "until": f"{until:%d %b %H:%M}",
    }
    undo = {"url": reverse("unmute", args=[position_id]), "fields": {}}
    return done(request, message, back, undo=undo)


@action
def unmute(request: HttpRequest, position_id: int) -> HttpResponse:
    """Alerts again."""
    services.position_unmute(position_id=position_id, actor=actor(request), now=timezone.now())
    message = _("Alerts of “%(name)s” are on again.") % {"name": _named(position_id)}
    return done(request, message, reverse("detail", args=[position_id]))


@action
def cancel(request: HttpRequest, position_id: int) -> HttpResponse:
    """Stops a sale that is still waiting; what was sold stays sold, the other rules go on watching."""
    live = Exit.objects.filter(position_id=position_id, state__in=LIVE_EXIT_STATES).first()
    if live is None:
        raise services.ServiceError(_("No sale of this position is running."))
    services.exit_cancel_request(exit_id=live.pk, actor=actor(request), now=timezone.now())
    message = _("The sale is cancelled. Its rules go on watching.")
    if live.rule not in services.BY_HAND:
        message = _(
            "The sale is cancelled. %(rule)s is not armed until the price leaves its level or you arm"
            " it; the other rules go on watching."
        ) % {"rule": rule_name(live.rule)}
    return done(request, message, reverse("detail", args=[position_id]))


@action
def gone(request: HttpRequest, position_id: int) -> HttpResponse:
    """Yes to "closed elsewhere?": the wallet no longer has it, and its activity does not say why."""
    confirm_gone(position_id=position_id, actor=actor(request), now=timezone.now())
    message = _("“%(name)s” is closed at its last bid: it is no longer in the wallet.") % {
        "name": _named(position_id)
    }
    return done(request, message, reverse("detail", args=[position_id]))


@action
@confirmed_when_live
def arm(request: HttpRequest, position_id: int, rule: str) -> HttpResponse:
    """Arms a rule that was past its level when watching began: it may sell at the next check."""
    services.rule_arm(position_id=position_id, rule=rule, actor=actor(request), now=timezone.now())
    message = _("%(rule)s is armed now; if it is still breached it sells at the next check.") % {
        "rule": rule_name(rule)
    }
    return done(request, message, reverse("detail", args=[position_id]))


@action
def pause(request: HttpRequest) -> HttpResponse:
    """The loud switch, on."""
    services.exits_pause(actor=actor(request), now=timezone.now())
    return done(request, _("All exits are paused. No stop will sell until you resume."), "/")


@action
@confirmed_when_live
def resume(request: HttpRequest) -> HttpResponse:
    """The loud switch, off; a restored book has to be compared with the wallet first."""
    compared = request.POST.get("compared") == "on"
    try:
        services.exits_resume(actor=actor(request), now=timezone.now(), compared=compared)
    except services.ServiceError as error:
        return refused(request, str(error), reverse("exits"))
    return done(request, _("Exits are on again; every rule is judged anew at the next check."), "/")


def pause_page(request: HttpRequest) -> HttpResponse:
    """Asks before exits are paused, and what has to be confirmed before they go on."""
    held = Position.objects.filter(state=Position.State.OPEN).select_related("market")
    rows = held.order_by("-pk")[:COMPARED] if services.restored_from() else ()
    listed = [(row, _("%(n)s shares") % {"n": plain(row.shares)}) for row in rows]
    context = {"nav": "positions", "held": listed, "more": len(listed) == COMPARED}
    return render(request, "positions/pause.html", context)
