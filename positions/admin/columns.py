"""The columns of the positions list and the facts of its form; one query for a whole page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions.domain.pnl import money
from positions.domain.policy import FIELDS, loads, merge
from positions.domain.wording import percent_text, price_text, shares_text, signed_money_text
from positions.fields import number
from positions.forms.lines import shown
from positions.forms.rules import LABELS
from positions.models import Position
from positions.presenting.badges import rule_name
from positions.presenting.rows import Levels, Row, levels
from positions.presenting.text import NONE, span
from positions.selectors.rows import open_rows
from positions.services import advice_of
from positions.services.base import documents


def attach_rows(positions: Iterable[Position], now: datetime) -> None:
    """Gives each position of a page its `row` as the dashboard computes it; None where closed."""
    held = [position for position in positions if position.state == Position.State.OPEN]
    rows = {row.id: row for row in open_rows(now, ids=[one.pk for one in held], sparks={})}
    for position in held:
        position.row = rows.get(position.pk)  # type: ignore[attr-defined]


def _row(position: Position) -> Row | None:
    return getattr(position, "row", None)


def _levels(row: Row) -> Levels:
    return levels(row, timezone.now())


def _muted_until(position: Position) -> str | None:
    until = position.muted_until
    if until is None or until <= timezone.now():
        return None
    return f"{until:%Y-%m-%d %H:%M} UTC"


def _condition(position: Position) -> str:
    row = _row(position)
    if row is None:
        return _("closed: %(rule)s") % {"rule": rule_name(position.close_reason)}
    if row.exit is not None:
        return _("selling: %(rule)s") % {"rule": rule_name(row.exit.rule)}
    if row.state.unarmed:
        names = ", ".join(rule_name(rule) for rule in sorted(row.state.unarmed))
        return _("NOT ARMED: %(rules)s") % {"rules": names}
    if row.problem:
        return _("no price: %(why)s") % {"why": row.problem}
    return _("dust") if position.is_dust else _("open")


class PositionColumns:
    """Display methods; `obj.row` was put there by `attach_rows`."""

    @admin.display(description=gettext_lazy("market"), ordering="market__question")
    def market_name(self, obj: Position) -> str:
        return f"{_('DEMO')} · {obj.market.question}" if obj.is_demo else obj.market.question

    @admin.display(description=gettext_lazy("market"))
    def market_link(self, obj: Position) -> SafeString | str:
        market = obj.market
        if not market.url:
            return str(market)
        return format_html('<a href="{}" rel="noopener">{}</a>', market.url, str(market))

    @admin.display(description=gettext_lazy("outcome"), ordering="market__outcome")
    def outcome(self, obj: Position) -> str:
        return obj.market.outcome or NONE

    @admin.display(description=gettext_lazy("shares"), ordering=number("shares"))
    def shares_held(self, obj: Position) -> str:
        return shares_text(obj.shares)

    @admin.display(description=gettext_lazy("shares ever bought"))
    def shares_bought(self, obj: Position) -> str:
        return shares_text(obj.bought)

    @admin.display(description=gettext_lazy("entry"), ordering=number("entry_price"))
    def entry(self, obj: Position) -> str:
        return price_text(obj.entry_price, obj.market.payout, obj.market.currency)

    @admin.display(description=gettext_lazy("bid"), ordering="market__quote__bid_f")
    def bid(self, obj: Position) -> str:
        row = _row(obj)
        if row is None or row.bid is None:
            return NONE
        # What is wrong with an old price stands in the state.
        return row.price(row.bid) if row.priced else f"≈ {row.price(row.bid)}"

    @admin.display(description=gettext_lazy("P&L"))
    def pnl(self, obj: Position) -> str:
        row, currency = _row(obj), obj.market.currency
        if row is None:
            return signed_money_text(money(obj.realised_pnl, currency), currency)
        if row.bid is None:
            return NONE
        amount = money(row.pnl_at(row.bid), currency)
        cost = row.cost
        part = f" ({percent_text(amount / cost * 100)})" if cost else ""
        return signed_money_text(amount, currency) + part

    @admin.display(description=gettext_lazy("realised P&L"))
    def realised(self, obj: Position) -> str:
        currency = obj.market.currency
        return signed_money_text(money(obj.realised_pnl, currency), currency)

    @admin.display(description=gettext_lazy("to stop"))
    def to_stop(self, obj: Position) -> str:
        row = _row(obj)
        stop = _levels(row).stop if row is not None else None
        if row is None or stop is None:
            return NONE if row is None else _("no stop")
        if not row.priced or row.bid is None:
            return _("stop %(level)s") % {"level": row.price(stop)}
        return f"{row.price(row.bid - stop)} ({percent_text((row.bid - stop) / row.bid * 100)})"

    @admin.display(description=gettext_lazy("to target"))
    def to_target(self, obj: Position) -> str:
        row = _row(obj)
        target = _levels(row).target if row is not None else None
        if row is None or target is None:
            return NONE if row is None else _("no target")
        if not row.priced or row.bid is None:
            return _("target %(level)s") % {"level": row.price(target)}
        return f"{row.price(target - row.bid)} ({percent_text((target - row.bid) / row.bid * 100)})"

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def condition(self, obj: Position) -> str:
        """The worst that is to be said of it, and whether its alerts are muted."""
        until = _muted_until(obj)
        if until is None:
            return _condition(obj)
        return _("%(state)s · muted until %(at)s") % {"state": _condition(obj), "at": until}

    @admin.display(description=gettext_lazy("last judged"), ordering="market__quote__told_at")
    def judged(self, obj: Position) -> str:
        """A pass compares every price with its band and judges in full what left it: either counts."""
        quote, mark = getattr(obj.market, "quote", None), getattr(obj, "mark", None)
        times = [quote.told_at if quote else None, mark.judged_at if mark else None]
        known = [at for at in times if at is not None]
        if not known or obj.state != Position.State.OPEN:
            return NONE
        age = span((timezone.now() - max(known)).total_seconds())
        return _("%(age)s ago") % {"age": age}

    @admin.display(description=gettext_lazy("muted until"))
    def muted(self, obj: Position) -> str:
        return _muted_until(obj) or NONE

    @admin.display(description=gettext_lazy("best bid since watching"))
    def best_bid(self, obj: Position) -> str:
        row = _row(obj)
        return row.price(row.state.best) if row is not None and row.state.best else NONE

    @admin.display(description=gettext_lazy("levels now"))
    def levels_now(self, obj: Position) -> str:
        """What the rules come to at this moment."""
        row = _row(obj)
        if row is None:
            return NONE
        now = _levels(row)
        stop = row.price(now.stop) if now.stop is not None else _("none")
        target = row.price(now.target) if now.target is not None else _("none")
        return _("stop %(stop)s · target %(target)s") % {"stop": stop, "target": target}

    @admin.display(description=gettext_lazy("strategy"))
    def strategy_name(self, obj: Position) -> str:
        return str(obj.strategy) if obj.strategy else NONE

    @admin.display(description=gettext_lazy("opened"))
    def opened(self, obj: Position) -> str:
        return f"{obj.opened_at:%Y-%m-%d %H:%M} UTC"

    @admin.display(description=gettext_lazy("rules"))
    def rules_text(self, obj: Position) -> SafeString | str:
        """The rules in force, one a line, as they are typed."""
        document = merge(*(loads(text) for text in documents(obj)))
        lines = [(f"{LABELS[key][0]}: {text}",) for key in FIELDS if (text := shown(key, document))]
        return format_html_join("", "<div>{}</div>", lines) or NONE

    @admin.display(description=gettext_lazy("AI stage"))
    def advice_now(self, obj: Position) -> str:
        return advice_of(obj.pk).get_mode_display()

    @admin.display(description=gettext_lazy("thesis"))
    def thesis_now(self, obj: Position) -> str:
        thesis = getattr(obj, "thesis", None)
        return thesis.text if thesis is not None and thesis.text else NONE
