"""The journal as the pages read it, and what was booked today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from positions.domain.pnl import FillPart, realised
from positions.models import Exit, Fill, JournalEntry
from positions.presenting.badges import rule_name
from positions.presenting.chart import Mark
from positions.presenting.entries import REPEATED, Entry, EntryView, entry_view
from positions.presenting.rows import Row
from positions.presenting.summary import Realised

# Parts of an exit that its closing entry repeats: kept in the journal, left out of the lists.
NOISE = ("fill",)
SHOWN = {
    "exits": ("exit_decided", "exit_done", "exit_partial", "exit_failed", "exit_cancelled"),
    "prices": ("unpriced", "priced", "stop_blocked"),
    "people": ("rule_changed", "thesis_changed", "muted", "unmuted", "armed", "position_opened"),
}


def view(entry: JournalEntry) -> EntryView:
    """One stored entry as a person reads it."""
    name = "" if entry.position is None or "question" in entry.data else str(entry.position.market)
    return entry_view(
        Entry(
            id=entry.pk,
            at=entry.at,
            kind=entry.kind,
            urgency=entry.urgency,
            position=entry.position_id,
            rule=entry.rule,
            actor=entry.actor,
            text=entry.text,
            data=entry.data,
        ),
        name=name,
    )


def entries() -> QuerySet[JournalEntry]:
    """The journal, newest first, without the parts that only repeat."""
    return (
        JournalEntry.objects.exclude(kind__in=NOISE)
        .select_related("position__market")
        .order_by("-id")
    )


def history(*, position_id: int | None = None, most: int = 8) -> list[EntryView]:
    """The latest entries of one position, or of all without those that only repeat."""
    wanted = entries()
    if position_id is not None:
        wanted = wanted.filter(position_id=position_id)
    else:
        wanted = wanted.exclude(kind__in=REPEATED)
    return [view(entry) for entry in wanted[:most]]


def page(
    *, kinds: str = "", before: int | None = None, size: int = 50
) -> tuple[list[EntryView], int | None]:
    """One page of the journal and the id to go on before; None at the end.

    `kinds`: a key of SHOWN, or "critical" for what was urgent; anything else shows all.
    """
    wanted = entries()
    if kinds in SHOWN:
        wanted = wanted.filter(kind__in=SHOWN[kinds])
    elif kinds == "critical":
        wanted = wanted.filter(urgency__in=("critical", "high"))
    if before is not None:
        wanted = wanted.filter(pk__lt=before)
    found = list(wanted[: size + 1])
    following = found[size - 1].pk if len(found) > size else None
    return [view(entry) for entry in found[:size]], following


def marks(row: Row, since: datetime) -> list[Mark]:
    """What happened to a position at a price, for its chart: the entry and every exit."""
    found = [Mark(row.held.opened_at, row.held.entry, "", _("Opened"))]
    exits = Exit.objects.filter(position_id=row.id, created_at__gte=since).order_by("id")
    for one in exits:
        if one.trigger_price is not None:
            tone = "good" if one.pnl > 0 else "bad" if one.pnl < 0 else ""
            found.append(Mark(one.created_at, one.trigger_price, tone, rule_name(one.rule)))
    return found


def realised_today(now: datetime) -> dict[str, Realised]:
    """What was booked since midnight UTC by currency, demo rows left out; sums made in Decimal."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    fills = Fill.objects.filter(at__gte=midnight, exit__position__is_demo=False)
    # Piece by piece: the live feed asks again and again, and a process keeps its high-water mark.
    return _by_currency(fills.select_related("exit__position__market").iterator(chunk_size=200))


def _by_currency(fills: Iterable[Fill]) -> dict[str, Realised]:
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    exits: dict[str, set[int]] = defaultdict(set)
    for fill in fills:
        position = fill.exit.position
        currency = position.market.currency
        fee = position.entry_fees / position.bought if position.bought else Decimal(0)
        part = FillPart(fill.price, fill.shares, fill.fee)
        amounts[currency] += realised((part,), position.entry_price, fee)
        exits[currency].add(fill.exit_id)
    return {key: Realised(amount, len(exits[key])) for key, amount in amounts.items()}
