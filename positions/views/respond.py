"""One answer for two ways: JSON for the page's modules, a redirect with a message for plain forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, overload

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from positions.roles import ACT, View, may
from positions.services import ServiceError


def wants_json(request: HttpRequest) -> bool:
    """Whether fetch() asked, which wants to stay on its page."""
    return "application/json" in request.headers.get("accept", "")


def done(
    request: HttpRequest, message: str, back: str, *, undo: dict[str, Any] | None = None
) -> HttpResponse:
    """It was done; `undo` = {url, fields} of the POST that takes it back."""
    if wants_json(request):
        return JsonResponse({"ok": True, "message": message, "undo": undo})
    messages.success(request, message)
    return redirect(back)


def refused(request: HttpRequest, error: str, back: str, *, status: int = 409) -> HttpResponse:
    """It was not done; `error` says why and what to do. Nothing was changed."""
    if wants_json(request):
        return JsonResponse({"ok": False, "error": error}, status=status)
    messages.error(request, error)
    return redirect(back)


def may_act(request: HttpRequest) -> bool:
    """Whether the user may do more than look."""
    return may(request.user, ACT)


@overload
def action(view: View) -> View: ...
@overload
def action(*, permission: str) -> Callable[[View], View]: ...
def action(view: View | None = None, *, permission: str = ACT) -> View | Callable[[View], View]:
    """A POST that changes something: needs the right to, and tells refusals instead of failing.

    `@action` is for operators, `@action(permission=MANAGE)` for admins (see `positions.roles`).
    A ServiceError becomes the page's message, and the way back is the position that it is about.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @require_POST
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user, permission):
                return _not_allowed(request, permission)
            try:
                return view(request, *args, **kwargs)
            except ServiceError as error:
                position_id = kwargs.get("position_id")
                back = f"/positions/{position_id}/" if position_id else "/"
                return refused(request, str(error), back)

        return wrapped

    return decorate if view is None else decorate(view)


def _not_allowed(request: HttpRequest, permission: str) -> HttpResponse:
    if not wants_json(request):
        raise PermissionDenied
    looks = _("Your account may look, not act.")
    text = looks if permission == ACT else _("Only an admin of this installation may do this.")
    return refused(request, text, "/", status=403)


def actor(request: HttpRequest) -> str:
    """The name under which the journal keeps what this user did."""
    return request.user.get_username()
