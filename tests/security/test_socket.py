"""Who may open the socket, how often, and what it may say."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from monitoring.live.consumers import MOST_SOCKETS
from positions.roles import ensure_roles
from tests.monitoring.live.conftest import site, threads_let_go
from tests.monitoring.live.listener import Listener
from tests.website import COOKIE, Website, hold, member, session

pytestmark = pytest.mark.django_db(transaction=True)


__all__ = ("site", "threads_let_go")  # fixtures


def opened(site: Website, key: str, origin: str | None) -> connect:
    headers = {"Cookie": f"{COOKIE}={key}"} | ({"Origin": origin} if origin is not None else {})
    return connect(site.socket_url, additional_headers=headers, origin=None, proxy=None)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "https://example.org",
        "http://127.0.0.1",
        "http://127.0.0.1.example.org",
        "http://localhost",
        "http://127.0.0.1:{port}@example.org",
        "file://",
        "ftp://127.0.0.1:{port}",
        "127.0.0.1:{port}",
    ],
)
async def test_foreign_or_missing_origin_is_refused(site: Website, origin: str | None) -> None:
    key = session(await sync_to_async(member)())
    told = origin.format(port=site.port) if origin is not None else None
    with pytest.raises(InvalidStatus) as caught:
        async with opened(site, key, told):
            pass
    assert caught.value.response.status_code == 403


async def test_own_origin_is_let_in(site: Website) -> None:
    key = session(await sync_to_async(member)())
    async with opened(site, key, site.url) as page:
        assert b'"snapshot"' in await page.recv(decode=False)


async def first_rows(site: Website, key: str) -> object:
    async with opened(site, key, site.url) as page:
        return (await Listener(page).until("snapshot"))["rows"]


async def test_viewer_gets_the_same_frames_as_an_admin(site: Website) -> None:
    await sync_to_async(ensure_roles)()
    await sync_to_async(hold)()
    keys = [
        session(await sync_to_async(member)("alice")),
        session(await sync_to_async(member)("bob", acts=False)),
    ]
    seen = [await first_rows(site, key) for key in keys]
    assert seen[0]
    assert seen[0] == seen[1]


async def test_long_message_from_a_page_ends_its_socket(site: Website) -> None:
    key = session(await sync_to_async(member)())
    async with opened(site, key, site.url) as page:
        await page.send("x" * 4097)
        assert await Listener(page).end() == 1009  # message too big, RFC 6455 7.4.1


async def test_sockets_of_one_user_are_limited_and_given_back(site: Website) -> None:
    mine = session(await sync_to_async(member)("alice"))
    other = session(await sync_to_async(member)("bob"))
    async with AsyncExitStack() as pages:
        held: list[ClientConnection] = [
            await pages.enter_async_context(opened(site, mine, site.url))
            for _ in range(MOST_SOCKETS)
        ]
        with pytest.raises(InvalidStatus):
            async with opened(site, mine, site.url):
                pass
        async with opened(site, other, site.url):
            pass
        await held[0].close()
        await held[0].wait_closed()
        await asyncio.sleep(0.5)
        async with opened(site, mine, site.url):
            pass
