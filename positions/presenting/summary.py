"""Totals per currency, never mixed; demo rows stay out. And the 0 to 3 cards that ask for a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from positions.domain.pnl import money, plain
from positions.domain.wording import money_text, signed_money_text
from positions.presenting.rows import Row, levels
from positions.presenting.text import NONE, arrow, brief_money, percent, tone
from positions.presenting.view import RowView


@dataclass(frozen=True, slots=True)
class Realised:
    """What was booked since midnight UTC in one currency: `amount`, from `count` exits."""

    amount: Decimal = Decimal(0)
    count: int = 0


class Summary(TypedDict):
    """One currency's card: `texts` by place, `tones` (gain, loss or nothing), exact numbers."""

    currency: str
    texts: dict[str, str]
    tones: dict[str, str]
    value: str
    pnl: str


@dataclass(frozen=True, slots=True)
class _Totals:
    value: Decimal
    cost: Decimal
    pnl: Decimal
    count: int
    unpriced: int
    to_stops: Decimal
    protected: int
    nearest: tuple[Row, str] | None


def summaries(
    rows: Sequence[Row],
    views: Mapping[int, RowView],
    today: Mapping[str, Realised],
    now: datetime,
) -> list[Summary]:
    """A card for each currency held or booked in today; one for USDC when there is none."""
    own = [row for row in rows if row.is_open and not row.demo]
    currencies = sorted({row.currency for row in own} | set(today)) or ["USDC"]
    return [
        _summary(
            currency,
            _totals([row for row in own if row.currency == currency], views, now),
            today.get(currency, Realised()),
            several=len(currencies) > 1,
            demo=not own and any(row.demo for row in rows),
        )
        for currency in currencies
    ]


def _totals(rows: Sequence[Row], views: Mapping[int, RowView], now: datetime) -> _Totals:
    value = cost = pnl = to_stops = Decimal(0)
    protected = unpriced = 0
    nearest: tuple[Decimal, Row, str] | None = None
    for row in rows:
        unpriced += not row.priced
        if row.bid is None:
            continue
        value += row.value_at(row.bid)
        cost += row.cost
        pnl += row.pnl_at(row.bid)
        where = levels(row, now)
        if where.stop is not None:
            protected += 1
            to_stops += row.pnl_at(min(where.stop, row.bid)) - row.pnl_at(row.bid)
        for level in (where.stop, where.target):
            if row.priced and level is not None:
                away = abs(row.bid - level) / row.bid
                if nearest is None or away < nearest[0]:
                    view = views[row.id]
                    nearest = (away, row, f"{view['nx']} {view['nx_t']}")
    near = (nearest[1], nearest[2]) if nearest else None
    return _Totals(value, cost, pnl, len(rows), unpriced, to_stops, protected, near)


def _summary(
    currency: str, sums: _Totals, today: Realised, *, several: bool, demo: bool
) -> Summary:
    value = money_text(sums.value, currency)
    whole, _dot, cents = value.rpartition(".")
    positions = ngettext("%(n)d position", "%(n)d positions", sums.count) % {"n": sums.count}
    if demo:
        positions = _("demo rows are not counted")
    elif sums.unpriced:
        positions += " · " + _("%(n)d unpriced") % {"n": sums.unpriced}
    exits = ngettext("%(n)d exit since 00:00 UTC", "%(n)d exits since 00:00 UTC", today.count)
    risk = signed_money_text(sums.to_stops, currency) if sums.protected else NONE
    part = percent(sums.pnl / sums.cost * 100) if sums.cost else ""
    texts = {
        "name": _("Portfolio value · %(currency)s") % {"currency": currency}
        if several
        else _("Portfolio value"),
        "whole": whole,
        "cents": f".{cents}",
        "held": positions,
        "pnl_a": arrow(sums.pnl),
        "pnl": signed_money_text(sums.pnl, currency),
        "pnl_d": _("%(part)s on %(cost)s cost")
        % {"part": part, "cost": brief_money(sums.cost, currency)}
        if part
        else _("nothing held"),
        "today_a": arrow(today.amount),
        "today": signed_money_text(today.amount, currency),
        "today_d": exits % {"n": today.count},
        "risk": risk,
        "risk_d": _("from here · %(n)d of %(all)d protected")
        % {"n": sums.protected, "all": sums.count},
        "near": sums.nearest[1] if sums.nearest else NONE,
        "near_d": _named(sums.nearest[0]) if sums.nearest else "",
    }
    return Summary(
        currency=currency,
        texts=texts,
        tones={"pnl": tone(sums.pnl), "today": f"m {tone(today.amount)}".strip()},
        value=plain(money(sums.value, currency)),
        pnl=plain(money(sums.pnl, currency)),
    )


def _named(row: Row) -> str:
    return f"{row.question} · {row.outcome}" if row.outcome else row.question


class Card(TypedDict):
    """One position that asks for a look. `key` changes when the card's shape does; `close`: whether
    it offers to sell.
    """

    key: str
    id: int
    url: str
    urg: str
    icon: str
    title: str
    text: str
    name: str
    close: bool


MOST = 3


def cards(views: Sequence[RowView]) -> list[Card]:
    """At most three, critical first, in the order of the rows."""
    urgent = [view for view in views if view["urg"] and view["state"] == "open"]
    urgent.sort(key=lambda view: view["rank"])
    return [_card(view) for view in urgent[:MOST]]


def _card(view: RowView) -> Card:
    badge = next(mark for mark in view["badges"] if mark["tone"] in {"crit", "warn"})
    numbers = f"{view['px']}, {view['nx']} {view['nx_t']}, {view['nx2']}".strip(", ")
    return Card(
        key=f"{view['id']}{view['urg']}{badge['icon']}{badge['tone']}",
        id=view["id"],
        url=view["url"],
        urg=view["urg"],
        icon=badge["icon"],
        title=f"{badge['text']} — {view['title']}",
        text=view["why"] or numbers,
        name=view["title"],
        close=view["urg"] == "crit" and not view["selling"],
    )


class Counts(TypedDict):
    """How many open rows each chip shows; `crit` goes into the tab's title."""

    all: int
    att: int
    profit: int
    stale: int
    muted: int
    crit: int


def counts(views: Sequence[RowView]) -> Counts:
    """Counts of the toolbar's chips."""
    live = [view for view in views if view["state"] == "open"]

    def having(name: str) -> int:
        return sum(name in view["filters"] for view in live)

    return Counts(
        all=len(live),
        att=having("att"),
        profit=having("profit"),
        stale=having("stale"),
        muted=having("muted"),
        crit=sum(view["urg"] == "crit" for view in live),
    )
