"""From what a person wrote at a position to the addresses where its news is looked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

from monitoring.advisor.news.relevance import keywords_of

MOST_FEEDS = 20  # of one position
OPERATORS = frozenset({"and", "or", "not", "near"})


@dataclass(frozen=True, slots=True)
class Source:
    """An address. `own`: made from the operator's template, so called as it stands; what people
    type goes through the guard. `aggregates`: its entries tell who published each, and are believed.
    """

    url: str
    own: bool
    aggregates: bool

    @property
    def key(self) -> str:
        """sha256 of the address, in hex: a Feed's key."""
        return hashlib.sha256(self.url.encode("utf-8", "replace")).hexdigest()

    @property
    def host(self) -> str:
        """Lower case, "" where the address has none."""
        return host_of(self.url)


def sources(keywords: str, feeds: str, template: str) -> list[Source]:
    """Of one position: the search for its keywords (`template` "": none), then its feeds.

    `keywords` is a comma list, `feeds` one address a line, `template` holds `{query}`.
    """
    found = []
    query = query_of(keywords_of(keywords))
    if query and template:
        found.append(Source(template.replace("{query}", quote(query, safe="")), True, True))
    aggregator = host_of(template)
    lines = dict.fromkeys(line.strip() for line in feeds.splitlines() if line.strip())
    return found + [
        Source(line, False, bool(aggregator) and host_of(line) == aggregator)
        for line in list(lines)[:MOST_FEEDS]
    ]


def query_of(keywords: Iterable[str]) -> str:
    """Any of the keywords, in the way of search engines: phrases quoted, joined by OR.

    In one order whatever the order typed, so that two positions with the same words ask once.
    """
    terms = sorted({_term(keyword) for keyword in keywords}, key=str.casefold)
    return f"({' OR '.join(terms)})" if len(terms) > 1 else "".join(terms)


def _term(keyword: str) -> str:
    plain = keyword.isalnum() and keyword.casefold() not in OPERATORS
    return keyword if plain else f'"{keyword}"'


def host_of(url: str) -> str:
    """The host of an address in lower case without "www.", "" where it has none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.lower().removeprefix("www.")[:253]


def label(url: str) -> str:
    """How pages and logs name an address: what was searched for where it is a search, else host and
    path. Nothing else of a query: it may hold somebody's key.
    """
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query).get("q", [""])[0]
    except ValueError:
        return url[:100]
    if asked:
        return f"{parts.hostname}: {asked}"[:200]
    return f"{parts.hostname or ''}{unquote(parts.path)}"[:200] or url[:100]
