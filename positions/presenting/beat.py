"""The heartbeat in words: ok, late or down by the age of the last complete check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions.presenting.badges import iso
from positions.presenting.text import NONE, span

State = Literal["ok", "late", "down"]


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs of life, all UTC: last complete pass, newest price, next pass due; seconds between."""

    check_at: datetime | None
    prices_at: datetime | None
    next_at: datetime | None
    interval: int
    state: State
    paused: bool = False
    demo: bool = False
    journal: int = 0
    restored: datetime | None = None  # the backup whose positions nobody has confirmed yet
    held: int = 0  # open positions
    epoch: int = 0
    blind: str = ""  # sentences about venues that tell no prices
    leaves: str = ""  # and about exits that nobody sends


class Pulse(TypedDict):
    """What the pill, its popover and the banners show; the socket repeats it every few seconds."""

    now: str
    state: State
    check_at: str | None
    prices_at: str | None
    next_at: str | None
    interval: int
    paused: bool
    demo: bool
    journal: int
    epoch: int
    restored: str
    blind: str
    leaves: str
    label: str
    next_label: str
    headline: str
    detail: str


def pulse(signs: Signs, now: datetime) -> Pulse:
    """The heartbeat as a page is rendered with it; `static/js/pulse.js` goes on from there."""
    age = (now - signs.check_at).total_seconds() if signs.check_at else None
    return Pulse(
        now=iso(now),
        state=signs.state,
        check_at=_iso(signs.check_at),
        prices_at=_iso(signs.prices_at),
        next_at=_iso(signs.next_at),
        interval=signs.interval,
        paused=signs.paused,
        demo=signs.demo,
        journal=signs.journal,
        epoch=signs.epoch,
        restored=_restored(signs),
        blind=signs.blind,
        leaves=signs.leaves,
        label=_label(signs.state, age),
        next_label=_next(signs.next_at, now),
        headline=_("The monitor has not checked for %(age)s.") % {"age": span(age)}
        if age is not None
        else _("The monitor has not checked yet."),
        detail=detail(signs.state, signs.interval, checked=age is not None),
    )


def detail(state: State, interval: int, *, checked: bool) -> str:
    """What the banner adds."""
    if state == "down" or not checked:
        return _("Stops are not being watched. Expected every %(s)d s: is the worker running?") % {
            "s": interval
        }
    return _("Expected every %(s)d s. Prices on this page may be old.") % {"s": interval}


def next_due(last: datetime | None, interval: int) -> datetime | None:
    """When the next pass is expected."""
    return last + timedelta(seconds=interval) if last else None


def _restored(signs: Signs) -> str:
    """What the banner says until somebody has confirmed a restored book; else empty."""
    if signs.restored is None:
        return ""
    return ngettext(
        "Restored from the backup of %(at)s UTC. Compare %(n)d open position with your wallet.",
        "Restored from the backup of %(at)s UTC. Compare %(n)d open positions with your wallet.",
        signs.held,
    ) % {"at": f"{signs.restored:%Y-%m-%d %H:%M}", "n": signs.held}


def _iso(at: datetime | None) -> str | None:
    return iso(at) if at else None


def _label(state: State, age: float | None) -> str:
    if age is None:
        return _("No check yet")
    forms = {
        "ok": _("Checked %(age)s ago"),
        "late": _("Late: %(age)s since check"),
        "down": _("Silent %(age)s"),
    }
    return forms[state] % {"age": span(age)}


def _next(at: datetime | None, now: datetime) -> str:
    if at is None:
        return NONE
    left = (at - now).total_seconds()
    return _("in %(age)s") % {"age": span(left)} if left > 0 else _("due")
