"""A feed's bytes as items. Only bytes come in here: feedparser reads a local file for a path and
fetches, without a time-out, for an address, so neither may ever reach it.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.utils.translation import gettext as _

from monitoring.advisor.news.effort import EffortError, at_most
from monitoring.advisor.news.items import Item, SourceError
from monitoring.advisor.news.keys import without_publisher
from monitoring.advisor.news.sources import Source, host_of
from monitoring.advisor.text import clean

MOST_ITEMS = 300
SECONDS = 10.0  # an honest feed of the greatest size takes three
HEAD = 64 * 1024  # bytes in which a document says what it is
PROLOGUE = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->|<!doctype\s[^>\[]*>", re.DOTALL | re.IGNORECASE)
ROOT = re.compile(rb"<(?:[\w-]+:)?([A-Za-z]+)")
DECLARES = b"<!doctype"
FEEDS = frozenset({b"rss", b"feed", b"rdf"})
MOST_URL = 2000


def parse(
    body: bytes, source: Source, *, kind: str = "", url: str = "", seconds: float = SECONDS
) -> list[Item]:
    """The entries of a feed, newest as the feed has them; [] is a feed without entries.

    `kind`: the content type; `url`: where it came from in the end; `seconds` of the processor. Raises
    SourceError for anything that is no feed, which must never look like "no news".
    """
    if not isinstance(body, bytes):
        raise TypeError("a feed is parsed from bytes only")
    _must_be_a_feed(body, kind, source)
    parsed = _parsed(body, kind, seconds)
    if not parsed.get("version") or (parsed.get("bozo") and not parsed.entries):
        raise SourceError(_("broken: it could not be read as a feed"))
    name = clean(_text(parsed.feed, "title"), 100)
    return list(_items(parsed.entries[:MOST_ITEMS], source, name, url or source.url))


def _parsed(body: bytes, kind: str, seconds: float) -> Any:
    import feedparser

    try:
        # A thousand name spaces or attributes cost it minutes, though they fit into any size.
        with at_most(seconds):
            # Titles are made plain by our own clean(); its sanitiser would only cost time.
            return feedparser.parse(
                io.BytesIO(body),
                response_headers={"content-type": kind} if kind else {},
                sanitize_html=False,
                resolve_relative_uris=False,
            )
    except EffortError:
        raise SourceError(_("broken: it takes too long to read")) from None


def _must_be_a_feed(body: bytes, kind: str, source: Source) -> None:
    head = body[:HEAD].replace(b"\0", b"")  # UTF-16 shows its ASCII so
    head = head.lstrip(b"\xef\xbb\xbf\xff\xfe")
    if not head.strip():
        raise SourceError(_("answered with nothing"))
    root = _root(head)
    if root == DECLARES:
        raise SourceError(_("declares entities of its own, which no feed needs: not read"))
    if root == b"html":
        # A search that blocks us does so for each of its addresses.
        text = _("answered with a web page instead of a feed (blocked?)")
        raise SourceError(text, resting=source.own)
    if root not in FEEDS:
        what = {"kind": kind.partition(";")[0].strip()[:60] or _("of no stated kind")}
        raise SourceError(_("answered with something that is no feed (%(kind)s)") % what)


def _root(head: bytes) -> bytes:
    """The document's first element, lower case without its prefix; "html" for a page's doctype,
    DECLARES for one that opens a list of declarations, the only place for an entity bomb.
    """
    place = 0
    while found := PROLOGUE.match(head, place):
        if found[0][:14].lower() == b"<!doctype html":
            return b"html"
        place = found.end()
    if head[place : place + 9].lower() == DECLARES:
        return DECLARES
    start = ROOT.match(head, place)
    return start[1].lower() if start else b""


def _items(entries: list[Any], source: Source, name: str, base: str) -> Iterator[Item]:
    # What it redirects to is read as if somebody had typed that.
    believed = source.aggregates and host_of(base) == source.host
    for entry in entries:
        publisher, domain = _publisher(entry, source, name, believed=believed)
        title = without_publisher(clean(_text(entry, "title"), 500), publisher)[:300]
        if title:
            yield Item(
                title=title,
                publisher=publisher,
                domain=domain,
                url=_link(base, _text(entry, "link")),
                published_at=_moment(entry),
            )


def _publisher(entry: Any, source: Source, name: str, *, believed: bool) -> tuple[str, str]:
    """Name and domain. Only an aggregator's word is taken for another's name: any other feed could
    call itself two news agencies, and two publishers are what an automatic sale asks for.
    """
    origin = entry.get("source")
    if believed and isinstance(origin, Mapping):
        domain = host_of(_text(origin, "href"))
        return clean(_text(origin, "title"), 100) or domain, domain
    return name or source.host, source.host


def _text(row: Any, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _link(base: str, link: str) -> str:
    """An http(s) address, else "": it becomes a link on a page."""
    try:
        whole = urljoin(base, link.strip()) if link else ""
        fits = urlsplit(whole).scheme in {"http", "https"} and len(whole) <= MOST_URL
    except ValueError:
        return ""
    return "".join(whole.split()) if fits else ""


def _moment(entry: Any) -> datetime | None:
    for name in ("published_parsed", "updated_parsed"):
        # Not get(): it would answer with the one for the other, and warn of it.
        moment = entry[name] if name in entry else None  # noqa: SIM401
        try:
            if moment:
                return datetime.fromtimestamp(calendar.timegm(moment), UTC)
        except (ValueError, OverflowError, OSError, TypeError):
            continue
    return None
