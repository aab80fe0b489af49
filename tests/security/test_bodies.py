"""Bodies without an end, sent by strangers: none is read further than the product takes."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from pmsite.asgi import application
from pmsite.bodies import LARGEST

pytestmark = pytest.mark.django_db(transaction=True)
PIECE = b"a" * (LARGEST // 4)


async def sent(path: str, pieces: int, *headers: tuple[bytes, bytes]) -> list[Any]:
    """The answer to a POST of so many pieces, whose last one says that more will follow."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), *headers],
    }
    talk = ApplicationCommunicator(application, scope)
    for _piece in range(pieces):
        await talk.send_input({"type": "http.request", "body": PIECE, "more_body": True})
    answer = [await talk.receive_output(timeout=5) for _part in range(2)]
    await talk.wait(timeout=5)
    return answer


@pytest.mark.parametrize("path", ["/login/", "/healthz", "/"])
async def test_body_without_an_end_is_cut(path: str) -> None:
    start, body = await sent(path, 5)
    assert (start["status"], body["body"]) == (413, b"The body is too large. Nothing was changed.")
    assert (b"connection", b"close") in start["headers"]


async def test_announced_body_is_refused_before_a_byte_of_it_is_read() -> None:
    start, _body = await sent("/login/", 0, (b"content-length", str(LARGEST + 1).encode()))
    assert start["status"] == 413


async def test_api_is_told_in_its_own_words() -> None:
    start, body = await sent("/api/positions", 5)
    said = b'{"errors": {"body": "The body is too large. Nothing was changed."}}'
    assert (start["status"], body["body"]) == (413, said)
