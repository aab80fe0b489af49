"""A stand-in for news feeds: a search in Google's shape, RSS and Atom, and what goes wrong with them.

`/search?q=…` answers whatever is published, as Google News does: the publisher behind each title
and in `<source>`. `/feed/NAME` is NAME's RSS, `/atom/NAME` the same as Atom. `/page/…` are answers
that are no news: html, consent, empty, json, text, bomb, huge, broken, cut, rss_in_html, odd.
Validators (ETag, Last-Modified) are sent and honoured; the knobs of every fake work.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, ClassVar
from xml.sax.saxutils import escape, quoteattr

from tests.fakes import cli
from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request

RSS, ATOM = "application/rss+xml; charset=utf-8", "application/atom+xml"
BLOCKED = (
    b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>unusual traffic</body></html>"
)
BOMB = b"""<?xml version="1.0"?><!-- news --><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">]>
<rss version="2.0"><channel><title>&e;</title><item><title>&e;&e;&e;</title></item></channel></rss>"""
PAGES: dict[str, tuple[bytes, str]] = {
    "html": (BLOCKED, "text/html"),
    "consent": (b'<?xml version="1.0"?>\n<!-- x -->\n<html><body>Before you go on', "text/html"),
    "empty": (b"", RSS),
    "blank": (b"\n \n", RSS),
    "json": (b'{"error": "rate limited", "hint": "<rss>"}', "application/json"),
    "text": (b"Please limit requests to one every 5 seconds.", "text/plain"),
    "bomb": (BOMB, RSS),
    "broken": (b'<?xml version="1.0"?><rss version="2.0"><channel><title>x</ti', RSS),
    "rss_in_html": (b"<html><body><rss version='2.0'><channel/></rss></body></html>", RSS),
    "odd": (b"<opml version='2.0'><body/></opml>", "text/xml"),
}


@dataclass(frozen=True)
class Article:
    """`at` in unix seconds; None leaves the date away. `source`: the publisher's address."""

    title: str
    publisher: str = "Reuters"
    source: str = "https://www.reuters.com"
    at: float | None = None
    link: str = ""


class NewsServer(FakeServer):
    """`publish` puts articles into a feed; the search holds those of all feeds."""

    controls: ClassVar[tuple[str, ...]] = (*FakeServer.controls, "publish", "withdraw")

    def __init__(self, *, port: int = 0, clock: Callable[[], float] = time.time) -> None:
        super().__init__(port=port, clock=clock)
        self.feeds: dict[str, list[Article]] = {}

    @property
    def template(self) -> str:
        """What NEWS_QUERY_URL is set to."""
        return f"{self.url}/search?q={{query}}+when:1d"

    def feed(self, name: str = "main", *, atom: bool = False) -> str:
        """The address of a feed."""
        return f"{self.url}/{'atom' if atom else 'feed'}/{name}"

    def page(self, name: str) -> str:
        """The address of something that is no feed."""
        return f"{self.url}/page/{name}"

    def ready_line(self) -> str:
        return f"NEWS_QUERY_URL={self.template}"

    def publish(self, title: str, name: str = "main", **details: Any) -> None:
        """An article in a feed, now unless it says otherwise."""
        article = Article(title, **({"at": self.clock()} | details))
        self.feeds.setdefault(name, []).insert(0, article)

    def withdraw(self) -> None:
        """No articles any more."""
        self.feeds.clear()

    def error_reply(self, status: int) -> Reply:
        return Reply(status, b"" if status == 304 else BLOCKED, {"Content-Type": "text/html"})

    def handle(self, request: Request) -> Reply:
        match request.path.strip("/").split("/"):
            case ["search"]:
                found = [article for feed in self.feeds.values() for article in feed]
                return self._told(request, rss(found, "search - Google News", google=True), RSS)
            case ["feed", name]:
                return self._told(request, rss(self.feeds.get(name, []), name), RSS)
            case ["atom", name]:
                return self._told(request, atom(self.feeds.get(name, []), name), ATOM)
            case ["page", "huge"]:
                return Reply(200, b"<rss>" + b"x" * (2 * 1024 * 1024), {"Content-Type": RSS})
            case ["page", name] if name in PAGES:
                return Reply(200, PAGES[name][0], {"Content-Type": PAGES[name][1]})
        return Reply(404, BLOCKED, {"Content-Type": "text/html"})

    def _told(self, request: Request, text: str, kind: str) -> Reply:
        body = text.encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {
            "Content-Type": kind,
            "ETag": etag,
            "Last-Modified": "Sun, 22 Nov 2026 11:00:00 GMT",
        }
        if request.headers.get("If-None-Match") == etag:
            return Reply(304, b"", headers)
        return Reply(200, body, headers)


def rss(articles: list[Article], name: str, *, google: bool = False) -> str:
    """RSS 2.0; in Google's shape the publisher stands behind each title."""
    items = "".join(_item(article, google=google) for article in articles)
    head = f"<title>{escape(name)}</title><link>https://feeds.example/</link>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'


def _item(article: Article, *, google: bool) -> str:
    title = f"{article.title} - {article.publisher}" if google else article.title
    link = article.link or f"{article.source}/{hashlib.sha256(title.encode()).hexdigest()[:8]}"
    date = "" if article.at is None else f"<pubDate>{formatdate(article.at, usegmt=True)}</pubDate>"
    origin = f"<source url={quoteattr(article.source)}>{escape(article.publisher)}</source>"
    return f"<item><title>{escape(title)}</title><link>{escape(link)}</link>{date}{origin}</item>"


def atom(articles: list[Article], name: str) -> str:
    """Atom 1.0."""
    entries = "".join(
        f"<entry><title>{escape(one.title)}</title><link href={quoteattr(one.link or one.source)}/>"
        + (f"<updated>{_iso(one.at)}</updated>" if one.at is not None else "")
        + "</entry>"
        for one in articles
    )
    space = 'xmlns="http://www.w3.org/2005/Atom"'
    return f'<?xml version="1.0"?><feed {space}><title>{escape(name)}</title>{entries}</feed>'


def _iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def main() -> None:
    """Run by itself; prints the setting that points to it."""
    options = cli.parser(
        "A local source of news. Prints NEWS_QUERY_URL when it is ready."
    ).parse_args()
    cli.serve(NewsServer(port=options.port), options.knob)


if __name__ == "__main__":
    main()
