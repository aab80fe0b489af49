"""Middleware of the whole site: headers and static files."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpResponse
from django.utils.decorators import sync_and_async_middleware
from whitenoise.middleware import WhiteNoiseMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from whitenoise.responders import StaticFile

POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


@sync_and_async_middleware
def headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """The contract's Content-Security-Policy on every response, the admin's and errors too; and no
    copy of a page in any cache, for each holds what somebody owns (static files name their own age).
    """

    def dressed(response: HttpResponseBase) -> HttpResponseBase:
        response["Content-Security-Policy"] = POLICY
        response.headers.setdefault("X-Frame-Options", "DENY")  # a refused host comes without
        response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        return response

    async def asynchronous(request: HttpRequest) -> HttpResponseBase:
        return dressed(await get_response(request))

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        return dressed(get_response(request))

    return asynchronous if iscoroutinefunction(get_response) else synchronous


class StaticMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise whose responses are plain bodies.

    Its own are streamed by a sync iterator, which ASGI drains in a thread and warns about.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        with found.file or BytesIO() as file:
            response = HttpResponse(file.read(), status=int(found.status))
        del response["content-type"]
        for name, value in found.headers:
            response[name] = value
        return response
