"""Who may pass: Django's rule that every view asks for a login, in an order that spares the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.middleware import LoginRequiredMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


class LoginRequired(LoginRequiredMiddleware):
    """Does not ask who somebody is where it does not matter.

    Django's own asks first, in the database: /livez then fails for whoever has a cookie while the
    database is away, and /healthz and /monitor/ cannot say what is wrong.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """None lets the request pass."""
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)
