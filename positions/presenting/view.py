"""A row as the page shows it and the socket sends it: texts, classes, shapes, and exact numbers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from django.utils.translation import gettext as _

from positions.domain.pnl import money, plain
from positions.domain.wording import shares_text, signed_money_text
from positions.presenting.badges import Badge, badges, iso, rule_name
from positions.presenting.rail import Rail, rail
from positions.presenting.rows import Levels, Row, levels
from positions.presenting.spark import Spark, spark
from positions.presenting.text import NONE, arrow, brief_money, percent, price_move, span, tone


class RowView(TypedDict):
    """Keys with short names are texts by their place in the row (`static/js/rows.js`).

    `bid`, `pnl`, `value`, `shares`, `entry`: exact strings in plain notation, None = unknown.
    `group`: att, open or closed; `urg`: crit, warn or empty; `filters`: chips the row belongs to.
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
    urgency = _urgency(marks) if row.is_open else ""
    attention = bool(urgency) or any(mark["tone"] == "good" for mark in marks)
    pnl = _pnl(row)
    next_, next_text, next_2 = _next(row, where)
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
        px2=_under_price(row, now),
        hold=f"{shares_text(_size(row))} @ {row.price(row.held.entry)}",
        ends=iso(row.held.ends_at) if row.held.ends_at else None,
        rail=rail(row, where),
        spark=spark(row.runs, row.held.entry, now) if row.is_open else None,
        nx=next_,
        nx_t=next_text,
        nx2=next_2,
        add_stop=row.is_open and where.stop is None and where.target is None,
        **_money_texts(row, pnl),
        rl_long=_long(row, where.stop, below=True),
        rr_long=_long(row, where.target, below=False),
        why=_why(row, where),
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
    }
    return [name for name, holds in tests.items() if holds]


def _under_price(row: Row, now: datetime) -> str:
    """The price's age where it is unusable, else its change over the known time, at most a day."""
    if not row.is_open:
        return _("average sale") if row.bid is not None else ""
    if not row.priced:
        age = (now - row.bid_at).total_seconds() if row.bid_at else None
        return _("%(age)s old") % {"age": span(age)} if age is not None else _("no price yet")
    if not row.runs or row.bid is None:
        return _("last price") if row.kind == "last" else ""
    known = min((now - row.runs[0].since).total_seconds(), 86400.0)
    change = price_move(row.bid - row.runs[0].bid, row.held.payout, row.currency)
    if known < 3600:
        return f"{change} {span(known)}"
    return _("%(change)s %(n)dh") % {"change": change, "n": round(known / 3600)}


def _next(row: Row, where: Levels) -> tuple[str, str, str]:
    """The exit that is nearer in price: how far, to what, and the profit or loss it would book."""
    if not row.is_open:
        when = f"{row.closed_at:%H:%M} UTC" if row.closed_at else ""
        return rule_name(row.close_reason or "manual"), "", when
    if where.stop is None and where.target is None:
        return _("No price exit"), "", ""
    if row.bid is None:
        return NONE, "", ""
    stop_away = None if where.stop is None else row.bid - where.stop
    target_away = None if where.target is None else where.target - row.bid
    if target_away is None or (stop_away is not None and stop_away <= target_away):
        assert stop_away is not None and where.stop is not None  # noqa: PT018  one of both is known
        return _toward(row, stop_away, where.stop, _("to stop"), _("at stop"), _("past stop"))
    assert where.target is not None
    return _toward(row, target_away, where.target, _("to target"), _("at target"), _("past target"))


def _toward(
    row: Row, away: Decimal, level: Decimal, to: str, at: str, past: str
) -> tuple[str, str, str]:
    if away == 0:
        return row.price(level), at, _("then %(pnl)s") % {"pnl": _signed(row, level)}
    if away < 0 and row.bid is not None:
        then = _("exit ≈ %(pnl)s") % {"pnl": _signed(row, row.bid)}
        return row.price(-away), past, then
    return row.price(away), to, _("then %(pnl)s") % {"pnl": _signed(row, level)}


def _signed(row: Row, price: Decimal) -> str:
    return signed_money_text(row.pnl_at(price), row.currency)


class _MoneyTexts(TypedDict):
    pl: str
    pl_a: str
    pl_c: str
    pl2: str


def _money_texts(row: Row, pnl: Decimal | None) -> _MoneyTexts:
    if pnl is None:
        return _MoneyTexts(pl=NONE, pl_a="", pl_c="", pl2="")
    sure = row.priced or not row.is_open
    text = signed_money_text(pnl, row.currency)
    cost = row.cost if row.is_open else row.held.bought * row.held.entry + row.entry_fees
    parts = [percent(pnl / cost * 100)] if cost else []
    if row.is_open and row.bid is not None:
        parts.append(brief_money(row.value_at(row.bid), row.currency))
    return _MoneyTexts(
        pl=text if sure else f"≈ {text}",
        pl_a=arrow(pnl) if sure else "",
        pl_c=tone(pnl) if sure else "",
        pl2=" · ".join(parts),
    )


def _long(row: Row, level: Decimal | None, *, below: bool) -> str:
    """The end of the wide rail: `Stop 50.0¢ · 13.4¢ away · then −$76.00`."""
    if not row.is_open:
        return ""
    if level is None:
        return _("no stop") if below else _("no target")
    name = (_("Stop %(price)s") if below else _("Target %(price)s")) % {"price": row.price(level)}
    if row.bid is None:
        return name
    away = row.bid - level if below else level - row.bid
    form = _("%(away)s past") if away < 0 else _("%(away)s away")
    parts = [name, form % {"away": row.price(abs(away))}]
    parts.append(_("then %(pnl)s") % {"pnl": _signed(row, level)})
    return " · ".join(parts if below else parts[::-1])


def _why(row: Row, where: Levels) -> str:
    """One sentence when something keeps the rules from acting; empty on a quiet day."""
    if not row.is_open:
        return _sold(row)
    if row.exit and row.exit.problem:
        return _("The sale is held up: %(problem)s") % {"problem": row.exit.problem}
    if not row.priced:
        if not row.problem:
            return _("No price has come yet: no price rule can fire.")
        return _("%(problem)s: no price rule fires until a usable price is back.") % {
            "problem": _(row.problem).capitalize()
        }
    if row.state.unarmed:
        return _("A rule was already past its level when watching began; it waits for your word.")
    if where.stop is None or row.bid is None or row.bid > where.stop:
        return ""
    texts = {"bid": row.price(row.bid), "stop": row.price(where.stop)}
    if row.state.blocked:
        texts["ask"] = row.price(row.ask) if row.ask is not None else NONE
        return (
            _(
                "%(bid)s is at or below the %(stop)s stop, but the ask is %(ask)s: too wide a"
                " spread to believe it at once."
            )
            % texts
        )
    return _("%(bid)s is at or below the %(stop)s stop; it sells once that is confirmed.") % texts


def _sold(row: Row) -> str:
    """How a closed position ended."""
    if row.bid is None:
        return _("Closed: %(rule)s.") % {"rule": rule_name(row.close_reason or "manual")}
    return _("Bought %(n)s at %(entry)s, sold at %(price)s on average. Ended by: %(rule)s.") % {
        "n": shares_text(row.held.bought),
        "entry": row.price(row.held.entry),
        "price": row.price(row.bid),
        "rule": rule_name(row.close_reason or "manual").lower(),
    }


def worst_first(views: list[RowView]) -> list[RowView]:
    """Open rows with the worst on top, nearest to an exit first; closed ones keep their order."""
    return sorted(views, key=lambda view: (view["group"] == "closed", view["rank"]))
