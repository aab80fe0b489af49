"""A replay as a standalone SVG: price, entry, stop and target with their history, exits.

Floats place pixels here and decide nothing. Colours are the design's, light and dark by the
viewer's own setting; the words are also in title and desc, for those who cannot see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from xml.sax.saxutils import escape

from positions.domain.replay import Replay, Sale
from positions.domain.series import Point
from positions.domain.views import NAMES
from positions.domain.wording import gettext_noop, shares_text, signed_money_text

WIDTH, HEIGHT = 960, 440
LEFT, RIGHT, TOP, BOTTOM = 76, 836, 64, 384
LABEL_GAP, LETTER = 16, 7
SIZE = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'

RULE_NAMES = {
    **NAMES,
    "momentum_exit": gettext_noop("momentum exit"),
    "time_exit": gettext_noop("time exit"),
}
ENTRY = gettext_noop("entry")
PRICE = gettext_noop("bid")
MIDDLE = gettext_noop("middle")
TIMES = gettext_noop("time, UTC")
ABOUT = gettext_noop(
    "%(count)s readings from %(begin)s to %(end)s UTC, entry at %(entry)s, lowest %(low)s, highest"
    " %(high)s while the position was open."
)
EXIT = gettext_noop("%(shares)s shares at %(price)s, %(pnl)s: %(reason)s.")
OPEN = gettext_noop("%(shares)s shares are still open.")

FALLING = {"stop_loss", "trailing_stop"}
RISING = {"take_profit", "fair_value", "momentum_exit"}
STEPS = [
    timedelta(**{unit: count})
    for unit, counts in {
        "seconds": (1, 5, 15, 30),
        "minutes": (1, 5, 15, 30),
        "hours": (1, 3, 6, 12),
        "days": (1, 2, 7, 14, 30, 90, 365),
    }.items()
    for count in counts
]

STYLE = """
text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#59626f}
.back{fill:#fff}.grid{stroke:#e4e7ec}.name{font-size:15px;font-weight:600;fill:#12161c}
path,line{fill:none;stroke-width:1.5;stroke-linejoin:round}
.price{stroke:#12161c}.after{stroke:#868f9d;stroke-width:1}
.entry{stroke:#59626f;stroke-dasharray:2 6}.target{stroke:#0b6bb8;stroke-dasharray:7 4}
.stop{stroke:#b8440b}.mark{stroke:#fff;stroke-width:1.5}
.falling{fill:#b0123c}.rising{fill:#0b6bb8}.neutral{fill:#12161c}
.said{font-weight:600;paint-order:stroke;stroke:#fff;stroke-width:4px}
text.entry,text.target,text.stop,text.price,text.after{stroke:none}
text.target{fill:#0b6bb8}text.stop{fill:#b8440b}text.price{fill:#12161c}
@media (prefers-color-scheme:dark){
text{fill:#9aa4b2}.back{fill:#13171e}.grid{stroke:#232a34}.name{fill:#e8ebef}
.price{stroke:#e8ebef}.after{stroke:#6b7684}.entry{stroke:#9aa4b2}
.target{stroke:#5db0f5}.stop{stroke:#f58a52}.mark,.said{stroke:#13171e}
.falling{fill:#ff7a98}.rising{fill:#5db0f5}.neutral{fill:#e8ebef}
text.target{fill:#5db0f5}text.stop{fill:#f58a52}text.price{fill:#e8ebef}
}
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where times and prices lie on the picture."""

    begin: datetime
    end: datetime
    span: float
    low: float
    high: float

    def x(self, at: datetime) -> float:
        """Pixels from the left."""
        return LEFT + (RIGHT - LEFT) * (at - self.begin).total_seconds() / self.span

    def y(self, price: Decimal | float) -> float:
        """Pixels from the top."""
        return BOTTOM - (BOTTOM - TOP) * (float(price) - self.low) / (self.high - self.low)


def chart(result: Replay, name: str, translate: Callable[[str], str] = str) -> str:
    """SVG text, valid XML by itself. `name` heads it; `translate` is gettext or the like."""
    frame = _frame(result)
    about = " ".join(_about(result, translate))
    shapes = (
        *_prices(frame, result),
        *_times(frame, translate),
        *_lines(frame, result),
        *_labels(frame, result, translate),
        *_exits(frame, result, translate),
    )
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" {SIZE} role="img" aria-labelledby="name about">',
            f'<title id="name">{_clean(name)}</title>',
            f'<desc id="about">{_clean(about)}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>',
            f'<text class="name" x="{LEFT}" y="32">{_clean(name)}</text>',
            *shapes,
            "</svg>\n",
        )
    )


def _clean(text: str) -> str:
    """Escaped, without the control characters that XML forbids."""
    return escape("".join(char if char.isprintable() else " " for char in text))


def _frame(result: Replay) -> Frame:
    points = _shown(result)
    shown = [point.bid for point in points if point.bid is not None]
    shown += [result.held.entry, *(sale.fill.price for sale in result.sales)]
    for row in result.judged:
        shown += [level for level in (row.stop, row.target) if level is not None]
    low, high = float(min(shown)), float(max(shown))
    room = (high - low) * 0.06 or abs(high) * 0.05 or 1.0
    begin, end = points[0].at, points[-1].at
    return Frame(
        begin, end, (end - begin).total_seconds() or 1.0, max(low - room, 0.0), high + room
    )


def _shown(result: Replay) -> Sequence[Point]:
    """All points; of a position sold early, as long again as it was held."""
    points, judged = result.series.points, result.judged
    held = judged[-1].at - judged[0].at
    end = judged[-1].at + held if held and len(judged) < len(points) else points[-1].at
    return [point for point in points if point.at <= end]


def _about(result: Replay, translate: Callable[[str], str]) -> Iterator[str]:
    """The picture in words."""
    price, points = result.held.price, result.series.points
    bids = result.bids or [result.held.entry]
    yield translate(ABOUT) % {
        "count": len(points),
        "begin": f"{points[0].at:%Y-%m-%d %H:%M}",
        "end": f"{points[-1].at:%Y-%m-%d %H:%M}",
        "entry": price(result.held.entry),
        "low": price(min(bids)),
        "high": price(max(bids)),
    }
    for sale in result.sales:
        yield _said(sale, result, translate)
    if result.open_shares > 0:
        yield translate(OPEN) % {"shares": shares_text(result.open_shares)}


def _said(sale: Sale, result: Replay, translate: Callable[[str], str]) -> str:
    return translate(EXIT) % {
        "shares": shares_text(sale.fill.shares),
        "price": result.held.price(sale.fill.price),
        "pnl": signed_money_text(sale.pnl, result.held.currency),
        "reason": sale.trigger.sentence.render(translate),
    }


def _prices(frame: Frame, result: Replay) -> Iterator[str]:
    """Horizontal grid with the prices at the left."""
    step = _nice((frame.high - frame.low) / 6)
    count = int(Decimal(str(frame.low)) / step) + 1
    while float(step * count) <= frame.high:
        y = frame.y(step * count)
        yield f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        text = _clean(result.held.price(step * count))
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
        count += 1


def _nice(least: float) -> Decimal:
    """The smallest of 1, 2, 5 times a power of ten that is at least `least`."""
    power = Decimal(10) ** (Decimal(str(least)).adjusted())
    return next(power * digit for digit in (1, 2, 5, 10) if float(power * digit) >= least)


def _times(frame: Frame, translate: Callable[[str], str]) -> Iterator[str]:
    """Times at the foot, on round moments."""
    step = next((step for step in STEPS if step.total_seconds() * 7 >= frame.span), STEPS[-1])
    form = "%d %b" if step >= timedelta(days=1) else "%H:%M" if step.seconds >= 60 else "%H:%M:%S"
    midnight = frame.begin.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + step * -((midnight - frame.begin) // step)
    while frame.x(at) <= RIGHT:
        x = frame.x(at)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{BOTTOM}"/>'
        label = f"{at:%d %b}" if at.time() == midnight.time() else f"{at:{form}}"
        yield f'<text x="{x:.1f}" y="{BOTTOM + 20}" text-anchor="middle">{label}</text>'
        at += step
    yield f'<text x="{RIGHT}" y="{BOTTOM + 42}" text-anchor="end">{_clean(translate(TIMES))}</text>'


def _lines(frame: Frame, result: Replay) -> Iterator[str]:
    """What came after the last judgement, then entry, target, stop, and the judged price."""
    judged = result.judged
    after = [(point.at, point.bid) for point in _shown(result)[len(judged) - 1 :]]
    end = judged[-1].at
    yield _steps(frame, "after", after, frame.end)
    y = frame.y(result.held.entry)
    yield f'<line class="entry" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
    yield _steps(frame, "target", [(row.at, row.target) for row in judged], end)
    yield _steps(frame, "stop", [(row.at, row.stop) for row in judged], end)
    yield _steps(frame, "price", [(row.at, row.bid) for row in judged], end)


def _steps(
    frame: Frame, kind: str, rows: Sequence[tuple[datetime, Decimal | None]], end: datetime
) -> str:
    """A value stands until the next reading; a missing one leaves a gap."""
    known = [(frame.x(at), None if price is None else frame.y(price)) for at, price in rows]
    path: list[str] = []
    standing: float | None = None
    for x, y in _thinned(known):
        if y is None:
            path += [f"H{x:.1f}"] if standing is not None else []
        elif standing is None:
            path.append(f"M{x:.1f} {y:.1f}")
        elif y != standing:
            path.append(f"H{x:.1f}V{y:.1f}")
        standing = y
    if standing is not None:
        path.append(f"H{frame.x(end):.1f}")
    return f'<path class="{kind}" d="{"".join(path)}"/>' if path else ""


Spot = tuple[float, float | None]


def _thinned(spots: Iterable[Spot]) -> Iterator[Spot]:
    """At most four spots a pixel column: first, highest, lowest, last; gaps stay."""
    for _, group in groupby(spots, key=lambda spot: (int(spot[0]), spot[1] is None)):
        column = list(group)
        order = sorted(range(len(column)), key=lambda index: column[index][1] or 0.0)
        yield from (column[index] for index in sorted({0, order[0], order[-1], len(column) - 1}))


def _labels(frame: Frame, result: Replay, translate: Callable[[str], str]) -> Iterator[str]:
    """Names and last values of the lines at the right, pushed apart where they would overlap."""
    price, rows = result.held.price, [("entry", ENTRY, result.held.entry)]
    if result.judged[-1].at == frame.end:  # else the lines end before, and the marks say why
        rows += _values(result)
    below = float(TOP - LABEL_GAP)
    for kind, name, value in sorted(rows, key=lambda row: row[2], reverse=True):
        below = max(frame.y(value), below + LABEL_GAP)
        text = _clean(f"{translate(name)} {price(value)}")
        yield f'<text class="{kind}" x="{RIGHT + 8}" y="{below + 4:.1f}">{text}</text>'


def _values(result: Replay) -> Iterator[tuple[str, str, Decimal]]:
    last, middle = result.judged[-1], result.series.source == "mid"
    if last.stop is not None:
        yield "stop", NAMES["stop_loss"], last.stop
    if last.target is not None:
        yield "target", NAMES["take_profit"], last.target
    if last.bid is not None:
        yield "price", MIDDLE if middle else PRICE, last.bid


def _exits(frame: Frame, result: Replay, translate: Callable[[str], str]) -> Iterator[str]:
    """A mark where something was sold; hovering tells why."""
    taken: list[tuple[float, float, float]] = []
    for sale in result.sales:
        x, y = frame.x(sale.at), frame.y(sale.fill.price)
        kind = _kind(sale.trigger.rule)
        name = translate(RULE_NAMES[sale.trigger.rule])
        words = f"{name} {result.held.price(sale.fill.price)}"
        begins = x < (LEFT + RIGHT) / 2
        left = x + 10 if begins else x - 10 - LETTER * len(words)
        up = -1 if kind == "falling" else 1
        text_y = _free(y + (20 if kind == "falling" else -10), left, LETTER * len(words), up, taken)
        anchor = (
            f'x="{x + (10 if begins else -10):.1f}" text-anchor="{"start" if begins else "end"}"'
        )
        yield (
            f"<g><title>{_clean(_said(sale, result, translate))}</title>{_mark(kind, x, y)}"
            f'<text class="said {kind}" {anchor} y="{text_y:.1f}">{_clean(words)}</text></g>'
        )


def _kind(rule: str) -> str:
    return "falling" if rule in FALLING else "rising" if rule in RISING else "neutral"


def _mark(kind: str, x: float, y: float) -> str:
    """Shapes differ as well as colours: a wedge, a disc, a square."""
    if kind == "falling":
        return f'<path d="M{x - 6:.1f} {y - 5:.1f}h12l-6 11z" class="mark falling"/>'
    if kind == "rising":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" class="mark rising"/>'
    return f'<path d="M{x - 5:.1f} {y - 5:.1f}h10v10h-10z" class="mark neutral"/>'


def _free(
    y: float, left: float, width: float, up: int, taken: list[tuple[float, float, float]]
) -> float:
    """The next height at which the words cover no other words."""
    while any(
        abs(y - other) < LABEL_GAP and left < end and begin < left + width
        for other, begin, end in taken
    ):
        y -= up * LABEL_GAP
    taken.append((y, left, left + width))
    return y
