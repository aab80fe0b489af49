"""The one client for outgoing HTTP: bounded in time, tries and bytes; errors name what was wrong.

Texts hold method, host and path, never a query or a header: those can carry keys. Retried are 425,
429, 5xx, broken connections and unreadable JSON (a body cut short looks like that), so use it for
reads, or with `tries=1`.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from positions.text import storable
from positions.venues.base import PermanentError, ProtocolError, TransientError, VenueError
from positions.venues.guard import Guard
from positions.venues.overdue import Overdue
from positions.venues.pinned import session

CONNECT_SECONDS = 3.05  # a little over TCP's 3 s between two SYNs
READ_SECONDS = 10.0
LEEWAY = 0.2  # seconds in which a call itself says that it is late, and of what
CALL_SECONDS = 30.0  # of a caller that names no deadline
MAX_BYTES = 16 * 1024 * 1024
MAX_REDIRECTS = 3
BACKOFF_SECONDS, BACKOFF_LIMIT = 0.3, 5.0
RETRIED = frozenset({425, 429})
NOT_MODIFIED = 304
CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
NO_URL = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class StatusError(PermanentError):
    """The venue refused with a status that another try will not change."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class NotSentError(TransientError):
    """No connection came about: the request cannot have had an effect."""


class ThrottledError(TransientError):
    """425 or 429: refused before anything was done."""


class RedirectError(PermanentError):
    """The answer sends us to another origin, which this client does not follow. `target`: where to."""

    def __init__(self, message: str, *, target: str) -> None:
        super().__init__(message)
        self.target = target


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer, read to its end; `data` is its JSON, fractions as Decimal. Status 304, without
    data, where the call's own headers asked whether anything has changed.
    """

    what: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    data: Any = None

    @property
    def age(self) -> float:
        """Seconds that the answer lay in a cache on its way (the HTTP `Age` header)."""
        text = self.headers.get("Age", "")
        return float(text) if text.isdecimal() else 0.0


def parsed(what: str, body: bytes, kind: str) -> Any:
    """JSON with exact numbers; ProtocolError when it is none (`kind`: its content type)."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(
            f"{what}: not readable as JSON ({kind or 'no content type'}, {len(body)} bytes)"
        ) from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def route(method: str, url: str) -> str:
    """How errors name a request: without query, user and port."""
    parts = urlsplit(url)
    return f"{method} {parts.hostname}{parts.path}"


def retry_after_seconds(text: str | None, now: datetime) -> float | None:
    """The `Retry-After` header: seconds, or an HTTP date (RFC 9110 10.2.3); None when unreadable."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, now)
    return max(0.0, seconds) if seconds < float("inf") else None


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def backoff(attempt: int, rng: random.Random) -> float:
    """Seconds before try `attempt` + 1: doubling from 0.3 s to 5 s, the upper half random."""
    full = min(BACKOFF_LIMIT, BACKOFF_SECONDS * 2.0**attempt)
    return full * (0.5 + rng.random() / 2)


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    params: Mapping[str, Any] | None
    body: Any
    end: float
    as_json: bool
    headers: Mapping[str, str] | None = None
    answers: Container[int] = ()
    quiet: float = READ_SECONDS

    @property
    def what(self) -> str:
        return route(self.method, self.url)

    @property
    def conditional(self) -> bool:
        return bool(CONDITIONS & {name.lower() for name in self.headers or {}})


class HttpClient:
    """One session for each process; clock, sleep and randomness are handed in.

    With a `guard` it calls only what that lets through (addresses that people type in); without one
    whatever it is asked to (addresses of the operator's own environment). `deadline`, wherever it is taken, is a value of `clock` after which the call has given up.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        rng: random.Random | None = None,
        tries: int = 4,
        max_bytes: int = MAX_BYTES,
        guard: Guard | None = None,
    ) -> None:
        self.clock = clock
        self.now = now
        self._sleep = sleep
        self._rng = rng or random.Random()
        self._tries = tries
        self._max_bytes = max_bytes
        self._guard = guard
        self._made: tuple[int, requests.Session] | None = None

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Answer:
        """GET; lists in `params` become repeated parameters. Raises VenueError's children."""
        return self.send("GET", url, params=params, deadline=deadline)

    def post(self, url: str, body: Any, *, deadline: float | None = None) -> Answer:
        """POST of `body` as JSON, for reads that take one. Raises VenueError's children."""
        return self.send("POST", url, body=body, deadline=deadline)

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        deadline: float | None = None,
        tries: int | None = None,
        as_json: bool = True,
        headers: Mapping[str, str] | None = None,
        answers: Container[int] = (),
        quiet: float = READ_SECONDS,
    ) -> Answer:
        """One request with its retries; `headers` go to its own origin only, redirects included.
        `answers`: error statuses that the caller reads himself, handed out like a 2xx, unparsed.
        `quiet`: how many seconds may pass without a byte.

        Raises NotSentError, ThrottledError or TransientError (out of tries or time), StatusError,
        RedirectError (to another origin), PermanentError (refused by the guard), ProtocolError
        (unreadable or too large).
        """
        end = self.clock() + CALL_SECONDS if deadline is None else deadline
        call = _Call(method, url, params, body, end, as_json, headers, answers, quiet)
        last = tries or self._tries
        for attempt in range(last):
            try:
                return self._once(call)
            except (TransientError, ProtocolError) as error:
                wait = backoff(attempt, self._rng)
                if isinstance(error, TransientError) and error.retry_after is not None:
                    wait = error.retry_after
                if attempt + 1 == last or self.clock() + wait >= end:
                    raise
                self._sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")

    def _once(self, call: _Call) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            response, body = self._exchange(call)
            if not 300 <= response.status_code < 400 or response.status_code == NOT_MODIFIED:
                return self._judge(call, response, body)
            call = replace(call, url=_redirected(call, response), params=None)
        raise PermanentError(f"{call.what}: more than {MAX_REDIRECTS} redirects")

    def _exchange(self, call: _Call) -> tuple[requests.Response, bytes]:
        left = call.end - self.clock()
        if left <= 0:
            raise TransientError(f"{call.what}: no time left")
        with Overdue(left + LEEWAY) as watch:
            try:
                told = self._asked(call, left)
            except VenueError:
                if not watch.over:
                    raise
            if watch.over:  # what was read is a part, even where it reads like a whole
                raise TransientError(f"{call.what}: no whole answer in time")
            return told

    def _asked(self, call: _Call, left: float) -> tuple[requests.Response, bytes]:
        timeout = (min(CONNECT_SECONDS, left), min(call.quiet, left))
        try:
            with self._session().request(
                call.method,
                call.url,
                params=call.params,
                json=call.body,
                headers=call.headers,
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return response, self._read(call, response)
        except BROKEN as error:
            raise _broken(call.what, error) from None  # its own text holds the whole address

    def _read(self, call: _Call, response: requests.Response) -> bytes:
        """The body piece by piece: a server that drips bytes must not outlast the deadline."""
        parts: list[bytes] = []
        size = 0
        while piece := response.raw.read1(65536, decode_content=True):
            parts.append(piece)
            size += len(piece)
            if size > self._max_bytes:
                raise ProtocolError(f"{call.what}: answer larger than {self._max_bytes} bytes")
            if self.clock() >= call.end:
                raise TransientError(f"{call.what}: answer too slow, {size} bytes by the deadline")
        return b"".join(parts)

    def _judge(self, call: _Call, response: requests.Response, body: bytes) -> Answer:
        status, headers = response.status_code, response.headers
        if status in call.answers:
            return Answer(call.what, status, headers, body)
        if status == NOT_MODIFIED:
            if not call.conditional:
                raise ProtocolError(f"{call.what}: 304, though nobody asked what has changed")
            return Answer(call.what, status, headers, body)
        if status < 400:
            # Read here: an unreadable answer is worth another try.
            kind = headers.get("Content-Type", "")
            data = parsed(call.what, body, kind) if call.as_json else None
            return Answer(call.what, status, headers, body, data)
        text = f"{call.what}: {status}{_reason(body)}"
        wish = retry_after_seconds(headers.get("Retry-After"), self.now())
        if status in RETRIED:
            raise ThrottledError(text, retry_after=wish)
        if status >= 500:
            raise TransientError(text, retry_after=wish)
        raise StatusError(text, status=status)

    def _session(self) -> requests.Session:
        """A session of this process: one inherited by a fork would share its sockets."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), session(self._guard))
        return self._made[1]


def _redirected(call: _Call, response: requests.Response) -> str:
    target = urljoin(call.url, response.headers.get("Location", ""))
    old, new = urlsplit(call.url), urlsplit(target)
    same = (old.scheme, old.hostname, old.port) == (new.scheme, new.hostname, new.port)
    if not same or call.method != "GET":
        text = f"{call.what}: redirects to {new.hostname}, not followed"
        raise RedirectError(text, target=target)
    return target


def _broken(what: str, error: BaseException) -> VenueError:
    """Exceptions of requests by what they mean for the caller."""
    if isinstance(error, NO_URL):
        return PermanentError(f"{what}: the address is not a URL")
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    never = isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError)
    if never or isinstance(reason, urllib3.exceptions.NewConnectionError):
        return NotSentError(f"{what}: no connection")
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return TransientError(f"{what}: no answer in time")
    return TransientError(f"{what}: connection broken ({type(error).__name__})")


def _reason(body: bytes) -> str:
    """The venue's own words when it sends `{"error": "…"}`, short and on one line."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    text = value.get("error") if isinstance(value, dict) else None
    return f" {storable(' '.join(text.split()), 200)}" if isinstance(text, str) else ""
