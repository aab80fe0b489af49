"""The price chart of one position as SVG values: price, stop as steps, target and entry lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypedDict

from django.utils.translation import gettext as _

from positions.domain.state import EMPTY
from positions.domain.stops import stop_level, trail_level
from positions.domain.window import Run
from positions.presenting.badges import iso
from positions.presenting.rows import Levels, Row
from positions.presenting.spark import sample
from positions.presenting.text import span

BOX = 1000  # the plot's own coordinates in both directions, stretched to its place
MOST_POINTS = 240
TABLE_POINTS = 24
APART = Decimal("5.6")  # percent of the height between two labels
RANGES = {"6h": timedelta(hours=6), "1d": timedelta(days=1), "1w": timedelta(days=7), "all": None}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a price."""

    at: datetime
    price: Decimal
    tone: str
    text: str


class Tag(TypedDict):
    """A label at the right edge; `y` in percent of the height."""

    y: str
    text: str
    cls: str


class MarkView(TypedDict):
    """A dot in the plot, both in percent."""

    x: str
    y: str
    tone: str
    text: str


class Chart(TypedDict):
    """`price`, `stop`: polyline points in a 1000 x 1000 box; `lines`: y of target and entry."""

    price: str
    stop: str
    lines: dict[str, str]
    grid: list[str]
    tags: list[Tag]
    marks: list[MarkView]
    times: list[str]
    table: list[tuple[str, str]]
    label: str


def chart(
    row: Row,
    where: Levels,
    runs: Sequence[Run],
    marks: Sequence[Mark],
    now: datetime,
    *,
    since: datetime,
) -> Chart | None:
    """The drawing of `runs` (oldest first, the present one last) from `since` on; None where there
    is no price.
    """
    if not runs:
        return None
    until = now if row.is_open or row.closed_at is None else row.closed_at
    points = sample(runs, until, MOST_POINTS, since)
    start = points[0][0]
    steps = _stop_steps(row, points)
    shown = [price for _, price in points] + [price for _, price in steps]
    shown += [price for price in (where.target, row.held.entry) if price is not None]
    frame = _Frame(start, until, min(shown), max(shown))
    lines = {"entry": frame.y(row.held.entry)}
    if where.target is not None:
        lines["target"] = frame.y(where.target)
    return Chart(
        price=" ".join(f"{frame.x(at)},{frame.y(price)}" for at, price in points),
        stop=_step_points(frame, steps),
        lines=lines,
        grid=[frame.percent(price) for price in frame.ticks()],
        tags=_tags(row, where, points[-1][1], frame),
        marks=[
            MarkView(
                x=frame.percent_x(mark.at),
                y=frame.percent(mark.price),
                tone=mark.tone,
                text=mark.text,
            )
            for mark in marks
            if start <= mark.at <= until and frame.low <= mark.price <= frame.high
        ],
        times=[iso(start + (until - start) * part / 3) for part in range(4)],
        table=[(iso(at), row.price(price)) for at, price in sample(runs, until, TABLE_POINTS)][
            ::-1
        ],
        label=_label(row, where, points, until - start),
    )


class _Frame:
    """Times and prices to places, with some air above and below."""

    def __init__(self, start: datetime, until: datetime, low: Decimal, high: Decimal) -> None:
        air = (high - low) * Decimal("0.07") or high * Decimal("0.05")
        self.start, self.span = start, max(until - start, timedelta(seconds=1))
        self.low, self.high = max(low - air, Decimal(0)), high + air

    def x(self, at: datetime) -> str:
        return f"{BOX * ((at - self.start) / self.span):.0f}"

    def y(self, price: Decimal) -> str:
        return f"{BOX * (self.high - price) / (self.high - self.low):.0f}"

    def percent_x(self, at: datetime) -> str:
        return f"{100 * ((at - self.start) / self.span):.1f}%"

    def percent(self, price: Decimal) -> str:
        return f"{100 * (self.high - price) / (self.high - self.low):.1f}%"

    def ticks(self) -> list[Decimal]:
        """Four to eight round prices."""
        raw = (self.high - self.low) / 5
        step = Decimal(1).scaleb(raw.adjusted())
        step = next(step * factor for factor in (1, 2, 5, 10) if step * factor >= raw)
        first = (self.low // step + 1) * step
        return [first + step * n for n in range(9) if first + step * n < self.high]


def _stop_steps(
    row: Row, points: Sequence[tuple[datetime, Decimal]]
) -> list[tuple[datetime, Decimal]]:
    """The stop's level at each point under today's rules: the trailing one as it rose."""
    static, best = stop_level(row.policy, row.held.entry), None
    since = row.state.watched_since or row.held.opened_at
    found: list[tuple[datetime, Decimal]] = []
    for at, price in points:
        if at < since:
            continue
        best = price if best is None else max(best, price)
        trail = trail_level(row.policy, row.held.entry, replace(EMPTY, best=best))
        level = max((one for one in (static, trail) if one is not None), default=None)
        if level is not None:
            found.append((at, level))
    return found


def _step_points(frame: _Frame, steps: Sequence[tuple[datetime, Decimal]]) -> str:
    parts: list[str] = []
    for number, (at, level) in enumerate(steps):
        if number and level != steps[number - 1][1]:
            parts.append(f"{frame.x(at)},{frame.y(steps[number - 1][1])}")
        parts.append(f"{frame.x(at)},{frame.y(level)}")
    return " ".join(parts)


def _tags(row: Row, where: Levels, last: Decimal, frame: _Frame) -> list[Tag]:
    """Labels of the lines, pushed apart so that none covers another; the price keeps its place."""
    wanted = [(_("Price"), last, "t-price"), (_("Entry"), row.held.entry, "t-entry")]
    if where.target is not None:
        wanted.append((_("Target"), where.target, "t-target"))
    if where.stop is not None:
        wanted.append((_("Stop"), where.stop, "t-stop"))
    wanted.sort(key=lambda one: -one[1])
    places = [Decimal(frame.percent(price).removesuffix("%")) for _, price, _ in wanted]
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + APART)
    over = places[-1] - 99
    if over > 0:
        places = [place - over for place in places]
    tags = [
        Tag(y=f"{place:.1f}%", text=f"{name} {row.price(price)}", cls=cls)
        for place, (name, price, cls) in zip(places, wanted, strict=True)
    ]
    return tags + _grid_tags(row, frame, places)


def _grid_tags(row: Row, frame: _Frame, taken: Sequence[Decimal]) -> list[Tag]:
    """Prices of the grid lines where no other label stands."""
    found = []
    for price in frame.ticks():
        y = frame.percent(price)
        if all(abs(Decimal(y.removesuffix("%")) - place) >= APART for place in taken):
            found.append(Tag(y=y, text=row.price(price), cls="t-grid"))
    return found


def _label(
    row: Row, where: Levels, points: Sequence[tuple[datetime, Decimal]], length: timedelta
) -> str:
    prices = [price for _, price in points]
    text = _(
        "Price over %(time)s: from %(first)s to %(last)s, lowest %(low)s, highest %(high)s"
    ) % {
        "time": span(length.total_seconds()),
        "first": row.price(prices[0]),
        "last": row.price(prices[-1]),
        "low": row.price(min(prices)),
        "high": row.price(max(prices)),
    }
    if where.stop is not None:
        text += _("; stop %(price)s") % {"price": row.price(where.stop)}
    if where.target is not None:
        text += _("; target %(price)s") % {"price": row.price(where.target)}
    return text + "."
