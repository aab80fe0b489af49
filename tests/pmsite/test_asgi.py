from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from pmsite.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)  # the session is looked up in a thread
OURS = b"http://127.0.0.1"


def session_cookie() -> bytes:
    """The Cookie header of somebody who has logged in."""
    client = Client()
    client.force_login(get_user_model().objects.create_user("alice"))
    return f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}".encode()


async def first_answer(cookie: bytes, *origins: bytes) -> str:
    """What the site says to a browser's WebSocket handshake: accept or close."""
    headers = [(b"host", b"127.0.0.1"), (b"cookie", cookie)]
    scope = {
        "type": "websocket",
        "path": "/ws/live/",
        "query_string": b"",
        "subprotocols": [],
        "headers": headers + [(b"origin", origin) for origin in origins],
    }
    socket = ApplicationCommunicator(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    answer = await socket.receive_output(timeout=5)
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(timeout=5)
    return str(answer["type"])


async def test_socket_accepts_somebody_logged_in_from_our_own_page() -> None:
    cookie = await sync_to_async(session_cookie)()
    assert await first_answer(cookie, OURS) == "websocket.accept"


@pytest.mark.parametrize(
    "origins",
    [
        (b"https://evil.example",),
        (b"http://127.0.0.1.evil.example",),
        (b"null",),
        (b"",),
        (),
    ],
)
async def test_socket_refuses_a_foreign_or_missing_origin(origins: tuple[bytes, ...]) -> None:
    cookie = await sync_to_async(session_cookie)()
    assert await first_answer(cookie, *origins) == "websocket.close"


async def test_socket_refuses_a_stranger_from_our_own_page() -> None:
    assert await first_answer(b"", OURS) == "websocket.close"
