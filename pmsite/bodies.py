"""An end to what a stranger may send: Django keeps a whole body on disk before it looks at its size."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.utils.translation import gettext as _

from pmsite.middleware import POLICY

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
# Twice what Django takes, so that its own answers, which say more, come first.
LARGEST = 2 * 1024 * 1024


def bounded(application: Any, largest: int = LARGEST) -> Any:
    """`application`, which never sees more than `largest` bytes of a request; 413 beyond."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
        elif _announced(scope) > largest:
            await _refuse(scope, send)
        else:
            await _counted(application, largest, scope, receive, send)

    return guarded


async def _counted(
    application: Any, largest: int, scope: Scope, receive: Receive, send: Send
) -> None:
    got, begun = 0, False

    async def counting() -> Any:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        # Whom it is told that the visitor has left lets go of what it has kept so far.
        return message if got <= largest else {"type": "http.disconnect"}

    async def noting(message: Any) -> None:
        nonlocal begun
        begun = True
        await send(message)

    await application(scope, counting, noting)
    if got > largest and not begun:
        await _refuse(scope, send)


def _announced(scope: Scope) -> int:
    """Content-Length; 0 where there is none or it is no number (the server counts then)."""
    text = dict(scope["headers"]).get(b"content-length", b"")
    return int(text) if text.isdigit() and len(text) < 19 else 0


async def _refuse(scope: Scope, send: Send) -> None:
    api = scope["path"].startswith("/api/")
    text = _("The body is too large. Nothing was changed.")
    body = (json.dumps({"errors": {"body": text}}) if api else text).encode()
    kind = "application/json" if api else "text/plain; charset=utf-8"
    headers = {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store, private",
        "Connection": "close",  # what is still on its way is not read
    }
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 413, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
