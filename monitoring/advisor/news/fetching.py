"""One address, read once: bounded in time and bytes, and never led where it may not go.

The operator's own template is called as it stands. What people type goes through the guard, and so
does whatever either of them redirects to: publishers move their feeds about, so redirects to other
hosts are followed, but each as if somebody had typed it.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from monitoring.advisor.news.items import SourceError
from monitoring.advisor.news.sources import Source
from monitoring.models import Feed
from positions.venues.base import TransientError, VenueError
from positions.venues.guard import Guard
from positions.venues.http import Answer, HttpClient, RedirectError, ThrottledError

SECONDS = 15.0  # for one address with its redirects
MAX_BYTES = 2 * 1024 * 1024
HOPS = 3
ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9"


@dataclass(frozen=True, slots=True)
class Clients:
    """`own` calls what the operator set, `guarded` what people typed and what redirects name."""

    own: HttpClient
    guarded: HttpClient


def clients(allowed: Collection[str]) -> Clients:
    """One try each: the next run is the next try. `allowed`: WEBHOOK_ALLOWED_HOSTS."""
    guard = Guard(frozenset(allowed))
    return Clients(
        HttpClient(tries=1, max_bytes=MAX_BYTES),
        HttpClient(tries=1, max_bytes=MAX_BYTES, guard=guard),
    )


@dataclass(frozen=True, slots=True)
class Fetched:
    """`body` None: nothing has changed since the last reading. `url`: where it came from in the end."""

    body: bytes | None
    kind: str
    url: str
    etag: str
    modified: str


def fetch(
    source: Source, feed: Feed | None, *, calls: Clients, seconds: float = SECONDS
) -> Fetched:
    """Reads an address; of a `feed` that was read before only when it has changed.

    Raises SourceError.
    """
    end = time.monotonic() + seconds
    url, client = source.url, calls.own if source.own else calls.guarded
    for _hop in range(HOPS + 1):
        if not url.lower().startswith(("https://", "http://")):
            raise SourceError(_("the address must begin with https://"))
        try:
            answer = client.send("GET", url, headers=_headers(feed), as_json=False, deadline=end)
        except RedirectError as moved:
            url, client = moved.target, calls.guarded
        except VenueError as error:
            raise _named(error) from None
        else:
            return _fetched(answer, url)
    raise SourceError(_("redirects more than %(n)d times") % {"n": HOPS})


def _headers(feed: Feed | None) -> dict[str, str]:
    asked = {"If-None-Match": feed.etag, "If-Modified-Since": feed.modified} if feed else {}
    return {"Accept": ACCEPT} | {name: value for name, value in asked.items() if value}


def _fetched(answer: Answer, url: str) -> Fetched:
    header = answer.headers.get
    return Fetched(
        body=None if answer.status == 304 else answer.body,
        kind=header("Content-Type", ""),
        url=url,
        etag=_kept(header("ETag", ""), 300),
        modified=_kept(header("Last-Modified", ""), 100),
    )


def _kept(value: str, most: int) -> str:
    """A validator as it came, to be sent back; one that is cut or odd would never match."""
    return value if len(value) <= most and value.isascii() and value.isprintable() else ""


def _named(error: VenueError) -> SourceError:
    """What went wrong, without the address: it stands beside it."""
    text = str(error)
    if text.startswith("GET "):
        text = text.partition(": ")[2] or text
    wish = error.retry_after if isinstance(error, TransientError) else None
    resting = isinstance(error, ThrottledError) or wish is not None
    if text[:3].isdecimal():
        text = _("answered with an error: %(text)s") % {"text": text}
    return SourceError(text, retry_after=wish, resting=resting)
