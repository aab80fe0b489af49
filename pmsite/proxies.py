"""Proxies that end TLS before us: whom they ask for and how, believed only of those we trust.

uvicorn itself believes X-Forwarded-* of anybody on this machine, so every start passes
`--no-proxy-headers`, and TRUSTED_PROXIES decides here. Without one the client is who connects:
a header alone can neither hide an address from the login's limit nor make plain http look like TLS.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import gettext as _
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


def behind_proxies(application: Any, trusted: Sequence[str]) -> Any:
    """`application` with client and scheme as a trusted proxy tells them (X-Forwarded-For, -Proto)."""
    return ProxyHeadersMiddleware(application, list(trusted)) if trusted else application


def client_address(request: HttpRequest) -> str | None:
    """Who asks, as the login's limit counts: an IPv4 address, or the /64 of an IPv6 one (its owner
    has all of them); None for what is no address (a UNIX socket, a proxy's nonsense).
    """
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "")
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False).network_address)
    return str(address)


@sync_and_async_middleware
def explain_silent_proxy(get_response: Callable[[HttpRequest], Any]) -> Callable[..., Any]:
    """Where a proxy does not say how it was asked, or says it without being trusted, the redirect to
    https would come back for ever: a page says what to set instead.
    """

    async def asynchronous(request: HttpRequest) -> Any:
        return _silent(request) or await get_response(request)

    def synchronous(request: HttpRequest) -> Any:
        return _silent(request) or get_response(request)

    return asynchronous if iscoroutinefunction(get_response) else synchronous


def _silent(request: HttpRequest) -> HttpResponse | None:
    if not settings.SECURE_SSL_REDIRECT or request.is_secure():
        return None
    named = request.headers.get("Host", "") == urlsplit(settings.SITE_URL).netloc
    told = request.headers.get("X-Forwarded-Proto")
    if told in {"http", "ws"} or not named or request.path in {"/healthz", "/livez"}:
        return None
    if told is not None:  # it was asked by TLS, and we do not believe or understand it
        return _explained(
            _(
                "The proxy in front of Position Manager must be named in TRUSTED_PROXIES, and its"
                " X-Forwarded-Proto must be just “https” or “http”; docs/guide-running.md shows how."
            )
        )
    # With X-Forwarded-For the address is the visitor's already; whoever makes it up gets this text.
    through = "X-Forwarded-For" in request.headers
    if not through and not _is_trusted(request.META.get("REMOTE_ADDR") or ""):
        return None
    return _explained(
        _(
            "The proxy in front of Position Manager must send X-Forwarded-Proto and X-Forwarded-For;"
            " docs/guide-running.md shows how."
        )
    )


def _explained(text: str) -> HttpResponse:
    return HttpResponse(text, status=502, content_type="text/plain; charset=utf-8")


def _is_trusted(address: str) -> bool:
    try:
        client = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(client in ipaddress.ip_network(one) for one in settings.TRUSTED_PROXIES)
