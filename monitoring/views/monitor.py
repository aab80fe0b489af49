"""`/monitor/`: is the watch at work, and what does this installation still need?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from monitoring import checklist, heartbeat
from monitoring.live.feed import feed
from monitoring.selectors import monitor as selectors
from monitoring.selectors import news
from monitoring.selectors.spending import bill
from monitoring.watching import troubles
from pmsite.version import VERSION
from positions.views.respond import done, may_act

View = Callable[[HttpRequest], HttpResponse]


def answers_without_database(view: View) -> View:
    """A page for signed-in people that says so itself when the database is away, even who asks."""

    @login_not_required
    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponse:
        try:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            return view(request)
        except DatabaseError as error:
            # Without the request: whose it is stands in the database.
            page = render_to_string("monitoring/down.html", {"error": type(error).__name__})
            return HttpResponse(page, status=503)

    return wrapped


@never_cache
@require_safe
@answers_without_database
def monitor(request: HttpRequest) -> HttpResponse:
    """The page."""
    return render(request, "monitoring/monitor.html", _context(request) | {"nav": "monitor"})


@never_cache
@require_safe
@answers_without_database
def live(request: HttpRequest) -> HttpResponse:
    """The page's parts that change."""
    return render(request, "monitoring/_monitor.html", _context(request))


@require_POST
def hide_steps(request: HttpRequest) -> HttpResponse:
    """No list of first steps on this user's first page any more; it stays on this one."""
    checklist.hide(request.user.pk, now=timezone.now())
    undo = {"url": reverse("steps_show"), "fields": {}}
    return done(request, _("Hidden; the list stays on the monitor page."), "/", undo=undo)


@require_POST
def show_steps(request: HttpRequest) -> HttpResponse:
    """Takes that back."""
    checklist.show(request.user.pk)
    return done(request, _("The list is on the first page again."), "/")


def _context(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    beats = heartbeat.beats()
    return {
        "now": now,
        "found": troubles(now),
        "passes": selectors.passes(),
        "feeds": selectors.feeds(now),
        "newsfeeds": news.news_sources(now),
        "google_news": news.searches_google(),
        "queue": selectors.queue(now),
        "turns": selectors.turns(now, beats),
        "routes": selectors.routes(now),
        "bill": bill(now),
        "store": selectors.store(),
        "signs": selectors.signs(beats),
        "spans": selectors.unguarded(now),
        "steps": checklist.steps(now),
        "silent_before": now - timedelta(seconds=45),
        "pings": bool(settings.HEARTBEAT_URL),
        "clients": len(feed.outlets),
        "version": VERSION,
        "may_act": may_act(request),
    }
