"""One honest line after nobody has watched: from when to when, and what moved meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.clock import STEPPED
from monitoring.models import MonitorRun
from positions import journal
from positions.domain.pnl import plain
from positions.domain.wording import price_text
from positions.models import JournalEntry, Market, Position

LEAST = 60.0  # seconds, and two intervals: a shorter gap is no news
NAMED = 3  # moves in the line
KEPT = 500  # moves in the entry's data


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody watched from `since` to `until`."""

    since: datetime
    until: datetime

    @property
    def seconds(self) -> float:
        return (self.until - self.since).total_seconds()


@dataclass(frozen=True, slots=True)
class Move:
    """A market's usable bid when it was last watched, and now."""

    market: int
    before: Decimal
    after: Decimal

    @property
    def size(self) -> Decimal:
        """How much of the bid before has come or gone."""
        return abs(self.after - self.before) / self.before


def last_watched(before: int) -> datetime | None:
    """When the latest pass before this run id ended that read and judged: a complete one, or one
    that was incomplete for another reason than prices. One query where that was the last one.
    """
    rows = MonitorRun.objects.filter(pk__lt=before).order_by("-pk")
    last = rows.first()
    if last is None:
        return None
    if last.state == MonitorRun.State.COMPLETE:
        return last.finished_at
    watched = Q(state=MonitorRun.State.COMPLETE) | Q(
        Q(checked__gt=0) | Q(open=0), state=MonitorRun.State.INCOMPLETE
    )
    return rows.filter(watched).values_list("finished_at", flat=True).first()


def gap_of(last: datetime | None, now: datetime, interval: float, set_by: float = 0) -> Gap | None:
    """The gap since the pass that ended at `last`, if it is worth telling; `interval` in seconds,
    `set_by`: how far the clock was set forward since, for that is no time. Pure.
    """
    if last is None:
        return None
    gap = Gap(last + timedelta(seconds=set_by), now)
    return gap if gap.seconds > max(2 * interval, LEAST) else None


def read_gap(run: int, now: datetime, interval: float) -> Gap | None:
    """The gap before the pass `run`, which begins now. One query, two when there seems to be one."""
    last = last_watched(run)
    gap = gap_of(last, now, interval)
    if gap is None:
        return None
    steps = JournalEntry.objects.filter(kind=STEPPED, at__gte=gap.since, at__lte=now)
    seconds = sum(float(data.get("seconds", 0)) for data in steps.values_list("data", flat=True))
    return gap_of(last, now, interval, max(0.0, seconds))


def moves(bids: Mapping[int, tuple[Decimal | None, Decimal | None]]) -> list[Move]:
    """By market id (bid before, bid now): those that moved, the largest move first. Pure."""
    found = [
        Move(market, before, after)
        for market, (before, after) in bids.items()
        if before and after is not None and before != after
    ]
    return sorted(found, key=lambda move: (-move.size, move.market))


def entry(gap: Gap, moved: Sequence[Move], now: datetime) -> JournalEntry:
    """The line, not yet written. Three queries, four when something moved. The demo's markets are
    not named beside one's own; where there is nothing but the demo, it says that it is one.
    """
    held = Position.objects.filter(state=Position.State.OPEN)
    own = set(held.filter(is_demo=False).values_list("market_id", flat=True))
    moved = [move for move in moved if not own or move.market in own]
    kept = moved[:KEPT]
    markets = Market.objects.in_bulk([move.market for move in kept])
    rows = [_row(move, markets[move.market]) for move in kept if move.market in markets]
    for row, holders in zip(rows, _holders(rows), strict=True):
        row["positions"] = holders
    return journal.entry(
        "unguarded",
        sentence(gap, [row["text"] for row in rows], len(moved)),
        at=now,
        urgency="high",
        data={
            "since": gap.since.isoformat(),
            "until": gap.until.isoformat(),
            "seconds": round(gap.seconds),
            "moved": len(moved),
            "moves": rows,
            **({} if own or not held.exists() else {"demo": True}),
        },
    )


def sentence(gap: Gap, texts: Sequence[str], moved: int) -> str:
    """`unguarded 02:10–04:35 UTC (2 h 25 min), Yes moved 61.0¢ → 48.0¢ (Fed cuts?)`. Pure."""
    head = _("unguarded %(when)s UTC (%(span)s)") % {"when": _when(gap), "span": _long(gap.seconds)}
    if not moved:
        return _("%(head)s; no price moved meanwhile") % {"head": head}
    line = ", ".join([head, *texts[:NAMED]])
    rest = moved - min(NAMED, len(texts))
    if not rest:
        return line
    more = ngettext("and %(n)d more", "and %(n)d more", rest) % {"n": rest}
    return f"{line}, {more}"


def since_text(since: datetime) -> str:
    """What an exit adds whose level was passed while nobody watched."""
    return _("nobody watched since %(since)s UTC") % {"since": f"{since.astimezone(UTC):%H:%M}"}


def _when(gap: Gap) -> str:
    since, until = gap.since.astimezone(UTC), gap.until.astimezone(UTC)
    if since.date() == until.date():
        return f"{since:%H:%M}–{until:%H:%M}"
    return f"{since:%Y-%m-%d %H:%M} – {until:%Y-%m-%d %H:%M}"


def _long(seconds: float) -> str:
    """A stretch of time in two units: `2 h 25 min`, `3 d 4 h`, `95 s`."""
    whole = round(seconds)
    if whole < 100:
        return _("%(n)d s") % {"n": whole}
    minutes = round(whole / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return _("%(d)d d %(h)d h") % {"d": days, "h": hours}
    if hours:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    return _("%(n)d min") % {"n": minutes}


def _row(move: Move, market: Market) -> dict[str, Any]:
    before, after = (
        price_text(bid, market.payout, market.currency) for bid in (move.before, move.after)
    )
    text = _("%(outcome)s moved %(before)s → %(after)s") % {
        "outcome": market.outcome or market.key,
        "before": before,
        "after": after,
    }
    if market.question:
        text = f"{text} ({market.question[:60]})"
    return {
        "market": move.market,
        "question": market.question,
        "outcome": market.outcome,
        "before": plain(move.before),
        "after": plain(move.after),
        "text": text,
    }


def _holders(rows: Collection[Mapping[str, Any]]) -> list[list[int]]:
    """Ids of the open positions in each row's market."""
    ids = [row["market"] for row in rows]
    held = Position.objects.filter(market__in=ids).exclude(state=Position.State.CLOSED)
    found: dict[int, list[int]] = {market: [] for market in ids}
    for pk, market in held.order_by("pk").values_list("pk", "market_id"):
        found[market].append(pk)
    return [found[market] for market in ids]
