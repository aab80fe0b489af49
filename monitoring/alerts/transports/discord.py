"""Discord webhooks: built with discord-webhook, sent by its `api_post_request()`, read by us.

Its `execute()` raises after a success without a body, retries without bound, and its errors hold
the webhook's token. Nothing that leaves this module holds the token: texts are made here, from the
status and from Discord's own words, never from an exception.
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from discord_webhook import DiscordEmbed, DiscordWebhook
from django.utils.translation import gettext as _

from monitoring.alerts.transports.base import Answer, Message
from monitoring.alerts.transports.sizes import CONTENT, DESCRIPTION, FOOTER, TOTAL, fitted, units
from pmsite.logs import redacted
from positions.venues.base import VenueError
from positions.venues.guard import PORTS, Guard, allows, plain_host
from positions.venues.http import CONNECT_SECONDS, READ_SECONDS, retry_after_seconds
from positions.venues.pinned import session

HOSTS = frozenset({"discord.com", "ptb.discord.com", "canary.discord.com", "discordapp.com"})
TIMEOUT = (CONNECT_SECONDS, READ_SECONDS)
MAX_BYTES = 64 * 1024
COLOURS = {"critical": 0xC92F57, "high": 0xF2C14E, "medium": 0x5DB0F5, "low": 0x868F9D}
BODY_KEYS = ("content", "embeds", "allowed_mentions")
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)
# What Discord's Markdown would read as formatting, a link behind other words or a mention.
MARKDOWN = re.compile(r"([\\*_~`|\[\]<])")
_SESSIONS: dict[tuple[int, tuple[str, ...]], requests.Session] = {}
LINE_START = re.compile(r"(?m)^(\s*)([#>-])")


class Post(DiscordWebhook):  # type: ignore[misc]
    """A message as discord-webhook builds it, without what it would give away."""

    @property
    def json(self) -> dict[str, Any]:
        """The body: the library's would hold timeouts and proxies, passwords included."""
        return {key: getattr(self, key) for key in BODY_KEYS if getattr(self, key)}

    calls: requests.Session

    def api_post_request(self) -> requests.Response:
        """One POST by `calls`; redirects are not followed, they could lead anywhere."""
        return self.calls.post(
            self.url,
            json=self.json,
            params=self._query_params,
            timeout=self.timeout,
            allow_redirects=False,
            stream=True,
        )


class Discord:
    """Sends to Discord's own hosts by https, and to `allowed` hosts by http too."""

    def __init__(
        self,
        allowed: Collection[str] = (),
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.allowed = allowed
        self.guard = Guard(allowed)
        self.now = now
        self.clock = clock

    def send(self, url: str, message: Message, *, role_id: str = "") -> Answer:
        """Sends once and never raises; the answer's texts hold no part of the address's path."""
        problem = refusal(url, self.allowed)
        if problem:
            return Answer(None, problem, refused=True)
        post = build(url, message, role_id)
        try:
            post.calls = _session(self.guard)
            with post.api_post_request() as response:
                body = self._body(response)
        except VenueError as error:
            # The guard's: it may be a name server's passing mistake, so the channel stays on.
            return Answer(None, str(error))
        except BROKEN as error:
            return Answer(None, _broken(error))
        return self._read(url, response, body)

    def refusal(self, url: str) -> str:
        """Why this address is not called; "" when it may be."""
        return refusal(url, self.allowed)

    def _body(self, response: requests.Response) -> bytes:
        """What can be read of it: the status alone says whether the message was taken."""
        parts: list[bytes] = []
        size, end = 0, self.clock() + READ_SECONDS
        try:
            while size < MAX_BYTES and self.clock() < end:
                piece = response.raw.read1(MAX_BYTES, decode_content=True)
                if not piece:
                    break
                parts.append(piece)
                size += len(piece)
        except BROKEN:
            return b""
        return b"".join(parts)

    def _read(self, url: str, response: requests.Response, body: bytes) -> Answer:
        status, headers = response.status_code, response.headers
        told = _object(body)
        error = _error(status, told, headers.get("Content-Type", ""))
        return Answer(
            status,
            redacted(error, (url, urlsplit(url).path.rpartition("/")[2]))[:300],
            retry_after=_longest(
                _seconds(told.get("retry_after")),
                retry_after_seconds(headers.get("Retry-After"), self.now()),
            ),
            remaining=_count(headers.get("X-RateLimit-Remaining")),
            reset_after=_seconds(headers.get("X-RateLimit-Reset-After")),
            everywhere=told.get("global") is True or "X-RateLimit-Global" in headers,
            in_between=not told and "html" in headers.get("Content-Type", "").lower(),
        )


def _session(guard: Guard) -> requests.Session:
    """One session for each process and guard: a burst of alerts goes through one connection. One
    that a fork inherited would share its sockets.
    """
    key = (os.getpid(), tuple(guard.allowed))
    if key not in _SESSIONS:
        _SESSIONS[key] = session(guard)
    return _SESSIONS[key]


def refusal(url: str, allowed: Collection[str] = ()) -> str:
    """Why this address is not called, in words; "" when it may be.

    `allowed`: host names, lower case, with or without a port.
    """
    try:
        parts = urlsplit(url)
        host = plain_host(parts.hostname or "")
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        host, port = "", None
    # Parsers disagree about user names, backslashes and blanks: whoever sends those means harm.
    if not host or not re.fullmatch(r"https?://[\w.:\[\]-]+/[!-~]*", url) or "\\" in url:
        return _("this is not a webhook's address: https://discord.com/api/webhooks/…")
    if allows(host, port, allowed):
        return ""
    if host not in HOSTS:
        return _("%(host)s is not Discord; WEBHOOK_ALLOWED_HOSTS names further hosts") % {
            "host": host
        }
    return "" if parts.scheme == "https" else _("the webhook's address must start with https://")


def build(url: str, message: Message, role_id: str = "") -> Post:
    """The message within Discord's limits, ready to be posted.

    The first line is plain content, for phones announce nothing of an embed. The link is plain
    text: an embed's `url` with a host that Discord does not know (localhost) is a 400.
    """
    ping = f"\n<@&{role_id}>" if role_id.isdecimal() and message.urgency == "critical" else ""
    mentions: dict[str, Any] = {"parse": []}
    if ping:
        mentions["roles"] = [role_id]
    footer = fitted(_("notification %(id)d") % {"id": message.id}, FOOTER)
    link = f"\n{message.link}" if message.link else ""
    room = min(DESCRIPTION, TOTAL - units(footer)) - units(link)
    embed = DiscordEmbed(
        description=(fitted(escaped(message.body), max(0, room)) + link).strip() or footer,
        color=COLOURS.get(message.urgency, COLOURS["low"]),
        footer={"text": footer},
        timestamp=message.at,
    )
    return Post(
        url,
        content=fitted(escaped(message.title), CONTENT - units(ping)) + ping,
        embeds=[{key: value for key, value in vars(embed).items() if value not in (None, [])}],
        allowed_mentions=mentions,
        timeout=TIMEOUT,
        rate_limit_retry=False,
        # Without it Discord answers before it has stored anything. As text: requests would say True.
        wait="true",
    )


def escaped(text: str) -> str:
    """`text` as Discord shows it letter by letter: a market's question cannot hide a link."""
    return LINE_START.sub(r"\1\\\2", MARKDOWN.sub(r"\\\1", text))


def _broken(error: BaseException) -> str:
    if isinstance(error, requests.Timeout):
        return _("no answer in time")
    if isinstance(error, requests.exceptions.SSLError):
        return _("no secure connection")
    if isinstance(error, requests.ConnectionError):
        return _("no connection, or it broke off")
    return _("the call failed (%(name)s)") % {"name": type(error).__name__}


def _error(status: int, told: dict[str, Any], kind: str) -> str:
    """`404 Unknown Webhook`; "" for a success that looks like one."""
    if status == 204 or (200 <= status < 300 and "id" in told):
        return ""
    words = told.get("message") or (told and json.dumps(told)) or kind.partition(";")[0]
    return f"{status} {' '.join(str(words).split())}".strip()


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _longest(body: float | None, header: float | None) -> float | None:
    """The body's exact seconds, unless the header asks for more than those rounded up."""
    if body is None or (header is not None and header > math.ceil(body)):
        return header
    return body


def _count(value: str | None) -> int | None:
    return int(value) if value is not None and value.isdecimal() else None
