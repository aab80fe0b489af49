"""A row as the page shows it and the socket sends it: texts, classes, shapes, and exact numbers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from positions.domain.pnl import money, plain
from positions.domain.wording import shares_text
from positions.presenting.badges import Badge, badges, iso
from positions.presenting.phrases import long_end, money_texts, nearest, under_price, why
from positions.presenting.rail import STOPS, Rail, rail
from positions.presenting.rows import Row, levels
from positions.presenting.spark import Spark, spark
from positions.presenting.text import NONE


class RowView(TypedDict):
    """Keys with short names are texts by their place in the row (`static/js/rows.js`).

    `bid`, `pnl`, `value`, `shares`, `entry`: exact strings in plain notation, None = unknown.
    `group`: att, open or closed; `urg`: crit, warn or empty; `filters`: chips the row belongs to.
    `add_stop`, `arm_stop`: which of both a row offers that no price would close.
    """

    id: int
    url: str
    state: str
    title: str
    outcome: str
    chip: str
    demo: bool
    selling: bool
    link: str
    search: str
    group: str
    urg: str
    rank: int
    cls: str
    filters: list[str]
    badges: list[Badge]
    px: str
    px2: str
    hold: str
    ends: str | None
    rail: Rail
    spark: Spark | None
    nx: str
    nx_t: str
    nx2: str
    add_stop: bool
    arm_stop: bool
    pl: str
    pl_a: str
    pl_c: str
    pl2: str
    rl_long: str
    rr_long: str
    why: str
    currency: str
    bid: str | None
    ask: str | None
    pnl: str | None
    value: str | None
    shares: str
    entry: str


def row_view(row: Row, now: datetime) -> RowView:
    """Everything the pages show of one position; the only place where a row becomes text."""
    where = levels(row, now)
    marks = badges(row, where, now)
    past = row.priced and where.stop is not None and row.bid is not None and row.bid <= where.stop
    bare = row.is_open and where.stop is None and where.target is None
    unarmed = bool(STOPS & row.state.unarmed)
    urgency = _urgency(marks) if row.is_open else ""
    attention = bool(urgency) or any(mark["tone"] == "good" for mark in marks)
    pnl = _pnl(row)
    next_, next_text, next_2 = nearest(row, where)
    classes = [
        "is-closed" * (not row.is_open),
        "is-stale" * (row.is_open and not row.priced),
        "past" * (past and row.is_open),
    ]
    return RowView(
        id=row.id,
        url=f"/positions/{row.id}/",
        state="open" if row.is_open else "closed",
        title=row.question,
        outcome=row.outcome,
        chip="no" if row.outcome.lower() == "no" else "",
        demo=row.demo,
        selling=row.exit is not None,
        link=row.link,
        search=f"{row.question} {row.outcome} {row.strategy}".lower(),
        group="closed" if not row.is_open else "att" if attention else "open",
        urg=urgency,
        rank={"crit": 0, "warn": 1}.get(urgency, 2),
        cls=" ".join(filter(None, classes)),
        filters=_filters(row, pnl, now, attention=attention),
        badges=marks,
        px=row.price(row.bid) if row.bid is not None else NONE,
        px2=under_price(row, now),
        hold=f"{shares_text(_size(row))} @ {row.price(row.held.entry)}",
        ends=iso(row.held.ends_at) if row.held.ends_at else None,
        rail=rail(row, where),
        spark=spark(row.runs, row.held.entry, now) if row.is_open else None,
        nx=next_,
        nx_t=next_text,
        nx2=next_2,
        add_stop=bare and not unarmed,
        arm_stop=bare and unarmed,
        **money_texts(row, pnl),
        rl_long=long_end(row, where.stop, below=True),
        rr_long=long_end(row, where.target, below=False),
        why=why(row, where),
        currency=row.currency,
        bid=_exact(row.bid),
        ask=_exact(row.ask),
        pnl=_exact(money(pnl, row.currency) if pnl is not None else None),
        value=_exact(money(row.value_at(row.bid), row.currency) if row.bid is not None else None),
        shares=plain(row.held.shares),
        entry=plain(row.held.entry),
    )


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _size(row: Row) -> Decimal:
    return row.held.shares if row.is_open else row.held.bought


def _pnl(row: Row) -> Decimal | None:
    """Open profit at the last usable bid, realised profit once closed."""
    if not row.is_open:
        return row.realised
    return None if row.bid is None else row.pnl_at(row.bid)


def _urgency(marks: list[Badge]) -> str:
    tones = {mark["tone"] for mark in marks}
    return next((name for name in ("crit", "warn") if name in tones), "")


def _filters(row: Row, pnl: Decimal | None, now: datetime, *, attention: bool) -> list[str]:
    if not row.is_open:
        return ["closed"]
    tests = {
        "att": attention,
        "profit": pnl is not None and pnl > 0,
        "stale": not row.priced,
        "muted": row.muted_until is not None and row.muted_until > now,
        "absent": row.absent,
    }
    return [name for name, holds in tests.items() if holds]


def worst_first(views: list[RowView]) -> list[RowView]:
    """Open rows with the worst on top, nearest to an exit first; closed ones keep their order."""
    return sorted(views, key=lambda view: (view["group"] == "closed", view["rank"]))
