"""Who may listen: signed in, from a page of our own, and only as long as the session lives."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest


def same_origin(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the page that opened the socket is ours: its origin is the host it connects to, or
    one of CSRF_TRUSTED_ORIGINS (which holds SITE_URL). Another port of this machine is foreign:
    cookies do not tell ports apart, so that page's socket would come with our user's session.
    """
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    host = headers.get(b"host", b"").decode("latin-1").lower()
    if not origin or not host:
        return False
    if origin in {trusted.lower() for trusted in settings.CSRF_TRUSTED_ORIGINS}:
        return True
    scheme, _, place = origin.partition("://")
    # With https, a page without it may be anybody's on the way.
    return place == host and scheme in ({"https"} if settings.ENV.https else {"http", "https"})


def session_lives(session_key: str | None) -> bool:
    """Whether this session is still there and its user still active; queries."""
    if not session_key:
        return False
    request = HttpRequest()
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(session_key)
    user = get_user(request)
    return bool(user.is_authenticated and user.is_active)


def asked(scope: Mapping[str, Any], name: str) -> int | None:
    """The number of `?name=`; None when there is none or it is no number."""
    values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get(name, [""])
    text = values[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
