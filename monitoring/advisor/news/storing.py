"""Items as rows: each headline once, and a mention for each position that it may concern."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from monitoring.advisor.news.items import Item
from monitoring.advisor.news.keys import key, normalise
from monitoring.advisor.news.relevance import concerns
from monitoring.advisor.news.trust import WEIGHT, Trust, tier
from monitoring.advisor.news.unseen import OLDEST, oldest
from monitoring.models import Headline, Mention
from positions.text import storable

AHEAD = timedelta(minutes=10)  # clocks differ; what is dated later is not believed


@dataclass(frozen=True, slots=True)
class Reader:
    """An open position, as far as news cares for one."""

    position_id: int
    opened_at: datetime
    question: str
    keywords: tuple[str, ...] = ()
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """How many headlines and mentions are new."""

    headlines: int = 0
    mentions: int = 0


def store(items: Iterable[Item], readers: Sequence[Reader], *, now: datetime) -> Stored:
    """Writes, in one transaction, what concerns a reader and is neither old nor of the future.

    Safe to repeat, and beside another one: the same item twice changes nothing. Demo readers are
    given recorded items, which concern them as they are.
    """
    found = _relevant(items, readers, now)
    if not found:
        return Stored()
    with transaction.atomic():
        rows, fresh = _headlines(found, now)
        return Stored(fresh, _mentions(found, rows, now))


@dataclass(slots=True)
class _Found:
    """All items with one key, and the positions they concern."""

    item: Item  # of the weightiest publisher
    demo: bool
    domains: set[str]
    readers: list[Reader]


def _relevant(items: Iterable[Item], readers: Sequence[Reader], now: datetime) -> dict[str, _Found]:
    found: dict[str, _Found] = {}
    for item in items:
        concerned = [reader for reader in readers if _concerns(item, reader, now)]
        if not concerned or not normalise(item.title):
            continue
        demo = concerned[0].demo
        one = found.setdefault(key(item.title, demo=demo), _Found(item, demo, set(), concerned))
        one.domains.add(item.domain)
        if _weight(item.domain) > _weight(one.item.domain):
            one.item = item
    return found


def _concerns(item: Item, reader: Reader, now: datetime) -> bool:
    if reader.demo:
        return True
    at = item.published_at
    if at is not None and not oldest(reader.opened_at, now) <= at <= now + AHEAD:
        return False
    return concerns(item.title, reader.keywords, reader.question)


def _headlines(found: dict[str, _Found], now: datetime) -> tuple[dict[str, Headline], int]:
    known = set()
    for row in Headline.objects.filter(key__in=found):
        if _is_new_event(row, found[row.key].item):
            _retire(row)
        else:
            _copied(row, found[row.key])
            known.add(row.key)
    new = [_row(name, one, now) for name, one in found.items() if name not in known]
    Headline.objects.bulk_create(new, ignore_conflicts=True)  # another reading may be at it too
    return {row.key: row for row in Headline.objects.filter(key__in=found)}, len(new)


def _is_new_event(row: Headline, item: Item) -> bool:
    """The same words days later tell of something else: "Fed cuts rates by 25 basis points"."""
    return (
        item.published_at is not None
        and (row.published_at or row.first_seen) < item.published_at - OLDEST
    )


def _retire(row: Headline) -> None:
    """Makes room for its words; the row stays with whoever cited it."""
    retired = hashlib.sha256(f"{row.key}\n{row.pk}".encode()).hexdigest()
    Headline.objects.filter(pk=row.pk, key=row.key).update(key=retired)


def _row(name: str, one: _Found, now: datetime) -> Headline:
    item = one.item
    return Headline(
        key=name,
        title=storable(item.title),
        publisher=storable(item.publisher, 100),
        domain=storable(item.domain, 253),
        url=storable(item.url, 2000),
        published_at=item.published_at,
        first_seen=now,
        trust=tier(item.domain),
        copies=len(one.domains),
        is_demo=one.demo,
    )


def _copied(row: Headline, one: _Found) -> None:
    """Others carry the same words: counted by their domains, so that reading a feed again counts
    nothing twice. The weightiest of them stands for the headline.
    """
    copies = max(row.copies, len(one.domains | {row.domain}))
    better = WEIGHT[tier(one.item.domain)] > WEIGHT[Trust(row.trust)]
    if copies == row.copies and not better:
        return
    row.copies = copies
    if better:
        row.publisher, row.domain = storable(one.item.publisher, 100), one.item.domain
        row.url, row.trust = storable(one.item.url, 2000), tier(one.item.domain)
    row.save(update_fields=["copies", "publisher", "domain", "url", "trust"])


def _weight(domain: str) -> int:
    return WEIGHT[tier(domain)]


def _mentions(found: dict[str, _Found], rows: dict[str, Headline], now: datetime) -> int:
    wanted: dict[int, set[int]] = defaultdict(set)
    for name, row in rows.items():
        for reader in found[name].readers:
            if row.published_at is not None or row.first_seen >= reader.opened_at:
                wanted[reader.position_id].add(row.pk)
    known = set(
        Mention.objects.filter(
            position__in=wanted, headline__in=[row.pk for row in rows.values()]
        ).values_list("position_id", "headline_id")
    )
    new = [
        Mention(position_id=position, headline_id=headline, at=now)
        for position, headlines in wanted.items()
        for headline in sorted(headlines)
        if (position, headline) not in known
    ]
    Mention.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)
