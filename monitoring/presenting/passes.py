"""The latest passes as a bar and a table. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

MOST = 60
STEP, WIDTH, TALLEST, LEAST = 10.0, 6.4, 34.0, 8.0  # of the drawing; a bar is at least a stub
NAMES: dict[str, Promise] = {
    "ok": gettext_lazy("complete"),
    "slow": gettext_lazy("complete, but slow"),
    "incomplete": gettext_lazy("incomplete"),
    "failed": gettext_lazy("failed"),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A pass that has ended; `seconds` it took."""

    id: int
    state: str
    started_at: datetime
    seconds: float
    open: int = 0
    checked: int = 0
    unpriced: int = 0
    triggers: int = 0
    exits: int = 0
    errors: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A pass as it is drawn: `kind` is a key of NAMES; x, y, height in the drawing's units."""

    one: Ended
    kind: str
    name: str
    took: str
    x: str
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Oldest first; `said`: all of them in one sentence."""

    bars: list[Bar]
    said: str
    width: str = f"{MOST * STEP:.0f}"
    floor: str = f"{TALLEST:.0f}"

    @property
    def newest_first(self) -> list[Bar]:
        return self.bars[::-1]


def kind_of(state: str, seconds: float, interval: float) -> str:
    """A key of NAMES; slow: longer than the time between two."""
    if state == "complete":
        return "slow" if seconds > interval else "ok"
    return "failed" if state == "failed" else "incomplete"


def took_text(seconds: float) -> str:
    """`0.42 s`, `75 s`."""
    return _("%(n)s s") % {"n": f"{seconds:.2f}" if seconds < 10 else f"{seconds:.0f}"}


def bars(passes: Sequence[Ended], interval: float) -> Bars:
    """`passes`: newest first, at most MOST are drawn; a whole interval is a bar of full height."""
    shown = list(passes[:MOST])[::-1]
    drawn = [_bar(one, MOST - len(shown) + place, interval) for place, one in enumerate(shown)]
    return Bars(drawn, _said(drawn))


def _bar(one: Ended, place: int, interval: float) -> Bar:
    height = LEAST + (TALLEST - LEAST) * min(1.0, max(0.0, one.seconds / interval))
    kind = kind_of(one.state, one.seconds, interval)
    if kind != "ok":
        height = TALLEST  # what went wrong is seen from afar, however short it was
    return Bar(
        one=one,
        kind=kind,
        name=str(NAMES[kind]),
        took=took_text(one.seconds),
        x=f"{STEP * place + (STEP - WIDTH) / 2:.1f}",
        y=f"{TALLEST - height:.1f}",
        height=f"{height:.1f}",
    )


def _said(drawn: Sequence[Bar]) -> str:
    if not drawn:
        return _("No check has ended yet.")
    counts = Counter(bar.kind for bar in drawn)
    seconds = [bar.one.seconds for bar in drawn]
    head = ngettext("The latest check", "The latest %(n)d checks", len(drawn)) % {"n": len(drawn)}
    parts = [f"{counts[kind]} {name}" for kind, name in NAMES.items() if counts[kind]]
    times = _("median %(median)s, longest %(longest)s") % {
        "median": took_text(median(seconds)),
        "longest": took_text(max(seconds)),
    }
    return f"{head}: {', '.join(parts)}; {times}"
