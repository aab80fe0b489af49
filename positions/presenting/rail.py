"""The exit rail: where the price stands between stop and target, to scale, in percent.

Percent coordinates and presentation attributes only: an inline style is refused by the page's
Content-Security-Policy. `static/js/rail.js` draws the same dictionary.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from django.utils.translation import gettext as _

from positions.presenting.rows import Levels, Row

GAP = Decimal(12)  # percent of the rail that a missing end is dotted
STOPS = frozenset({"stop_loss", "trailing_stop"})
REACH = Decimal("0.45")  # how far the scale goes beyond the middle where an end is missing


class Rail(TypedDict):
    """Shapes of one rail; None = not drawn. `track`, `fill`: start and width; `open`: both ends."""

    track: tuple[str, str] | None
    open: tuple[str, str] | None
    fill: tuple[str, str, str] | None
    stop: str | None
    target: str | None
    ghost: str | None
    entry: str | None
    now: str | None
    left: str
    right: str
    label: str


def rail(row: Row, levels: Levels) -> Rail:
    """The rail of one position. A stop above the entry ends in profit and is coloured so."""
    if not row.is_open:
        return _ended(row)
    stop, target, entry, bid = levels.stop, levels.target, row.held.entry, row.bid
    shapes = Rail(
        track=None,
        open=("1%", "99%"),
        fill=None,
        stop=None,
        target=None,
        ghost=None,
        entry=None,
        now=None,
        left=_left(row, levels),
        right=row.price(target) if target is not None else _("no target"),
        label=_label(row, levels),
    )
    scale = _Scale(row, stop, target)
    if not scale.drawn:
        return shapes
    shapes["track"], shapes["open"] = scale.track, scale.open
    shapes["stop"] = _tone(row, stop)
    shapes["target"] = _tone(row, target)
    if scale.holds(entry):
        shapes["entry"] = _percent(scale.at(entry))
    if levels.static is not None and scale.holds(levels.static):
        shapes["ghost"] = _percent(scale.at(levels.static))
    if bid is not None:
        now, start = scale.at(bid), scale.at(entry)
        shapes["now"] = _percent(now)
        tone = "g" if bid >= entry else "l"
        shapes["fill"] = (_percent(min(now, start)), _percent(abs(now - start)), tone)
    return shapes


def _ended(row: Row) -> Rail:
    """A closed position has no rail, only where it was bought and sold."""
    bought = _("bought %(price)s") % {"price": row.price(row.held.entry)}
    sold = _("sold %(price)s") % {"price": row.price(row.bid)} if row.bid is not None else ""
    return Rail(
        track=None,
        open=None,
        fill=None,
        stop=None,
        target=None,
        ghost=None,
        entry=None,
        now=None,
        left=bought,
        right=sold,
        label=", ".join(filter(None, (bought, sold))),
    )


class _Scale:
    """Price to percent of the rail; a missing end is guessed from the other and dotted."""

    def __init__(self, row: Row, stop: Decimal | None, target: Decimal | None) -> None:
        near = [row.held.entry] + ([row.bid] if row.bid is not None else [])
        self.low, self.high = stop, target
        self.left, self.right = Decimal(0), Decimal(100)
        if stop is None and target is not None:
            self.low = max(Decimal(0), min(near) - REACH * abs(target - min(near)))
            self.left = GAP
        elif target is None and stop is not None:
            self.high = max(near) + REACH * abs(max(near) - stop)
            self.right = Decimal(100) - GAP
        self.drawn = self.low is not None and self.high is not None and self.low < self.high

    @property
    def track(self) -> tuple[str, str]:
        return _percent(self.left), _percent(self.right - self.left)

    @property
    def open(self) -> tuple[str, str] | None:
        if self.left:
            return "0%", _percent(self.left - 1)
        return (_percent(self.right + 1), "100%") if self.right < 100 else None

    def holds(self, price: Decimal) -> bool:
        return self.low is not None and self.high is not None and self.low <= price <= self.high

    def at(self, price: Decimal) -> Decimal:
        """Percent of `price`, clamped to the ends."""
        if self.low is None or self.high is None:
            return Decimal(0)
        part = (price - self.low) / (self.high - self.low)
        inside = min(max(part, Decimal(0)), Decimal(1))
        return self.left + inside * (self.right - self.left)


def _percent(value: Decimal) -> str:
    return f"{value:.1f}%"


def _tone(row: Row, level: Decimal | None) -> str | None:
    if level is None:
        return None
    return "g" if row.pnl_at(level) >= 0 else "l"


def _left(row: Row, levels: Levels) -> str:
    if levels.stop is None:
        return no_stop(row)
    price = row.price(levels.stop)
    return _("%(price)s trailing") % {"price": price} if levels.static is not None else price


def no_stop(row: Row) -> str:
    """Why no stop is in force: one that is set but not armed is not the same as none."""
    return _("stop not armed") if STOPS & row.state.unarmed else _("no stop")


def _label(row: Row, levels: Levels) -> str:
    """The whole rail as a sentence for those who do not see it."""
    parts = [
        _("Price %(price)s") % {"price": row.price(row.bid)}
        if row.bid is not None
        else _("No price yet"),
        _("entry %(price)s") % {"price": row.price(row.held.entry)},
        _end(row, levels.stop, _("stop"), no_stop(row), below=True),
        _end(row, levels.target, _("target"), _("no target"), below=False),
    ]
    if row.bid is not None and not row.priced:
        parts.append(_("price not usable now: %(problem)s") % {"problem": _(row.problem)})
    return "; ".join(parts)


def _end(row: Row, level: Decimal | None, name: str, none: str, *, below: bool) -> str:
    if level is None:
        return none
    text = f"{name} {row.price(level)}"
    if row.bid is None:
        return text
    away = row.bid - level if below else level - row.bid
    form = _("%(text)s, %(away)s past") if away < 0 else _("%(text)s, %(away)s away")
    return form % {"text": text, "away": row.price(abs(away))}
