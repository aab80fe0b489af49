"""What the daily digest says: what is held, what was sold, what was told, and whether all is well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.alerts.collected import clock
from monitoring.alerts.wording import DOT, SOLD, alert_of, clipped, first_line
from monitoring.models import Channel, Notification
from monitoring.watching import troubles
from positions.domain.pnl import plain
from positions.domain.wording import signed_money_text
from positions.models import JournalEntry
from positions.selectors.book import book
from positions.zones import zone_of

MOST_EXITS, MOST_SPANS, LINE_MAX = 12, 5, 180
State = Notification.State


@dataclass(frozen=True, slots=True)
class Report:
    """The columns that a person reads, and the same for programs."""

    title: str
    body: str
    link: str
    data: dict[str, Any]


def report(channel: Channel, *, since: datetime, now: datetime) -> Report:
    """The digest of the time from `since` to `now`, in the channel's own clock. Demo rows stay out."""
    zone = zone_of(channel.time_zone)
    day = date_format(now.astimezone(zone), "D j M")
    exits = [entry for entry in _entries(SOLD, since, now) if entry.data.get("demo") is not True]
    made = _made(exits)
    sums = [signed_money_text(amount, currency) for currency, amount in sorted(made.items())]
    wrong = [trouble.text for trouble in troubles(now)]
    held, count = _held(now)
    sold = ngettext("%(count)d exit", "%(count)d exits", len(exits)) % {"count": len(exits)}
    well = _("watch well") if not wrong else _("WATCH: %(what)s") % {"what": clipped(wrong[0], 120)}
    open_ = ngettext("%(count)d open", "%(count)d open", count) % {"count": count}
    title = DOT.join([_("DAILY DIGEST"), day, open_, " ".join([sold, *sums]), well])
    spans = [entry.text for entry in _entries({"unguarded"}, since, now)]
    told, numbers = _told(channel, since, now)
    lines = [
        *held,
        _("%(exits)s since %(time)s") % {"exits": sold, "time": clock(since, zone, now)},
        *_first(f"· {clock(one.at, zone, now)} {_line(one)}" for one in exits[-MOST_EXITS:]),
        told,
        *(_first(f"· {text}" for text in wrong) or [_("The watch is well.")]),
        *_first(f"· {text}" for text in spans[-MOST_SPANS:]),
    ]
    data: dict[str, Any] = {"open": count, "exits": len(exits), "troubles": len(wrong)}
    data |= {"pnl": {currency: plain(amount) for currency, amount in made.items()}, **numbers}
    data |= {"unguarded": len(spans)}
    return Report(clipped(title, 500), "\n".join(lines), f"{settings.SITE_URL}/", data)


def _entries(kinds: Iterable[str], since: datetime, now: datetime) -> list[JournalEntry]:
    rows = JournalEntry.objects.filter(kind__in=list(kinds), at__gt=since, at__lte=now)
    return list(rows.order_by("pk"))


def _made(exits: Iterable[JournalEntry]) -> dict[str, Decimal]:
    """Realised profit or loss by currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in exits:
        alert = alert_of(entry)
        sums[alert.currency] += alert.number("pnl") or Decimal(0)
    return dict(sums)


def _held(now: datetime) -> tuple[list[str], int]:
    """A line for each currency, and how many positions are open."""
    whole = book(now)
    count = sum(1 for row in whole.rows if row["state"] == "open" and not row["demo"])
    lines = []
    for card in whole.summary:
        texts = card["texts"]
        value = f"{texts['whole']}{texts['cents']}"
        lines.append(
            _("Held: %(held)s · %(value)s · %(pnl)s, %(part)s")
            % {
                "held": texts["held"],
                "value": value,
                "pnl": texts["pnl"],
                "part": texts["pnl_d"],
            }
        )
    return lines, count


def _told(channel: Channel, since: datetime, now: datetime) -> tuple[str, dict[str, int]]:
    """What became of this channel's alerts."""
    rows = Notification.objects.filter(channel=channel, created_at__gt=since, created_at__lte=now)
    counted = dict(rows.values_list("state").annotate(Count("pk")).order_by())
    numbers = {
        "sent": counted.get(State.SENT, 0) + counted.get(State.COLLAPSED, 0),
        "failed": counted.get(State.FAILED, 0),
        "suppressed": counted.get(State.SUPPRESSED, 0),
    }
    text = _("Alerts here: %(sent)d told, %(failed)d failed, %(suppressed)d held back.")
    return text % numbers, numbers


def _line(entry: JournalEntry) -> str:
    return first_line(alert_of(entry))


def _first(lines: Iterable[str]) -> list[str]:
    return [clipped(line, LINE_MAX) for line in lines]
