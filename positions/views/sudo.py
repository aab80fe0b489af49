"""Dangerous acts want the password again: a screen left open must not sell or open a door.

`ConfirmedAdmin` for keys, people and the addresses of channels; `@confirmed_when_live` for whatever
moves real money (in paper mode it asks nothing). A login counts; it holds for ten minutes. Who has
to confirm is sent to /confirm/ and comes back to the page where the act is repeated: what was typed
is not kept anywhere meanwhile, for it may be a secret.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from pmsite.logins import in_turn
from positions.roles import View
from positions.views.respond import wants_json

HOLDS = timedelta(minutes=10)
KEY = "confirmed_at"


def note_confirmation(request: HttpRequest, *, now: datetime) -> None:
    """The password was given in this session just now."""
    request.session[KEY] = now.timestamp()


def is_confirmed(request: HttpRequest, *, now: datetime) -> bool:
    """Whether the password was given in the last ten minutes; a clock set back does not count."""
    at = request.session.get(KEY)
    return isinstance(at, float) and 0 <= now.timestamp() - at <= HOLDS.total_seconds()


def unconfirmed(request: HttpRequest) -> HttpResponse | None:
    """The answer that asks for the password; None where it was given just now."""
    return None if is_confirmed(request, now=timezone.now()) else ask(request)


def unconfirmed_when_live(request: HttpRequest) -> HttpResponse | None:
    """As `unconfirmed`, and None in paper mode."""
    return unconfirmed(request) if settings.EXECUTION_MODE == "live" else None


def confirmed_when_live(view: View) -> View:
    """A page, and its POST, that move real money in live mode."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return unconfirmed_when_live(request) or view(request, *args, **kwargs)

    return wrapped


def ask(request: HttpRequest) -> HttpResponse:
    """To /confirm/, and from there back to the page where the act began."""
    lost = request.method == "POST"
    # A POST comes from a page; where that was, its own address is told by the browser.
    back = _page_of(request) if lost else request.get_full_path()
    url = f"{reverse('confirm')}?{urlencode({'next': back} | ({'again': '1'} if lost else {}))}"
    if wants_json(request):
        error = _("Nothing was done yet: confirm it with your password.")
        return JsonResponse({"ok": False, "error": error, "confirm": url}, status=403)
    return redirect(url)


def _page_of(request: HttpRequest) -> str:
    """The page that held the form, as the browser told it, or the overview."""
    page = request.headers.get("Referer", "")
    host = f"{request.scheme}://{request.get_host()}"
    path = page.removeprefix(host)
    return path if page.startswith(f"{host}/") and _is_ours(request, path) else "/"


def _is_ours(request: HttpRequest, url: str) -> bool:
    return url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )


@sensitive_post_parameters("password")
def confirm(request: HttpRequest) -> HttpResponse:
    """Asks the signed-in user's password; wrong ones count like failed logins."""
    given = request.POST if request.method == "POST" else request.GET
    wish, again = given.get("next", ""), given.get("again", "")
    context = {"next": wish if _is_ours(request, wish) else "/", "again": again}
    if request.method == "POST":
        name = request.user.get_username()
        with in_turn(request):
            user = authenticate(request, username=name, password=request.POST.get("password", ""))
        if user is not None and user == request.user:
            note_confirmation(request, now=timezone.now())
            if again:
                messages.info(request, _("Confirmed. Nothing was done yet: repeat it now."))
            return redirect(context["next"])
        context["error"] = _("This is not your password.")
    return render(request, "registration/confirm.html", context)


def on_login(sender: object, request: HttpRequest, **kwargs: object) -> None:  # noqa: ARG001
    """A login is a confirmation (signal receiver)."""
    note_confirmation(request, now=timezone.now())


def watch_logins() -> None:
    """Connects `on_login`; called once the apps are ready."""
    user_logged_in.connect(on_login, dispatch_uid="positions.sudo")
