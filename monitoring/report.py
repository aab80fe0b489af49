"""A pass as lines for a person: one for each position, then the sum."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from monitoring.engine.result import PassResult
from monitoring.models import Question
from monitoring.questions.asking import waiting
from positions.domain.wording import price_text, shares_text, signed_money_text
from positions.models import Mark, Position


def lines(result: PassResult) -> Iterator[str]:
    """Open positions with bid and problem, what fired and what was sold, and the sum."""
    happened: dict[int, list[str]] = {}
    for trigger in result.triggers:
        text = f"{trigger['rule']}: {trigger['reason']}"
        happened.setdefault(trigger["position"], []).append(text)
    for decision in result.decisions:
        happened.setdefault(decision["position"], []).append(_decided(decision))
    waits = _unanswered({decision["question"] for decision in result.decisions})
    for error in result.errors:
        happened.setdefault(error["position"], []).append(_("error: %(error)s") % error)
    sold: dict[int, list[dict[str, Any]]] = {}
    for exit_ in result.exits:
        sold.setdefault(exit_["position"], []).append(exit_)
        happened.setdefault(exit_["position"], [])
    touched = Position.objects.filter(pk__in=happened)
    rows = Position.objects.filter(state=Position.State.OPEN) | touched
    for position in rows.select_related("market__quote", "mark").order_by("pk"):
        exits = [_sale(position, exit_) for exit_ in sold.get(position.pk, [])]
        line = _line(position, happened.get(position.pk, []) + exits)
        yield "; ".join([line, *waits.get(position.pk, [])])
    yield _(
        "%(open)s open, %(checked)s checked, %(unpriced)s unpriced, %(triggers)s triggers,"
        " %(exits)s exits, %(errors)s errors in %(seconds)s s"
    ) % {
        "open": result.open,
        "checked": result.checked,
        "unpriced": result.unpriced,
        "triggers": len(result.triggers),
        "exits": len(result.exits),
        "errors": len(result.errors),
        "seconds": f"{result.seconds:.2f}",
    }


def _line(position: Position, happened: list[str]) -> str:
    market, mark = position.market, position.mark
    bid = _("no price")
    if market.quote.bid is not None:
        bid = price_text(market.quote.bid, market.payout, market.currency)
    state = "; ".join(happened) or mark.problem or market.quote.problem or _standing(mark)
    head = f"#{position.pk} {market} · {shares_text(position.shares)}"
    entry = price_text(position.entry_price, market.payout, market.currency)
    return f"{head} @ {entry} → {bid} · {state}"


def _unanswered(told: Collection[int]) -> dict[int, list[str]]:
    """Questions of earlier passes that still wait for somebody, by position."""
    found: dict[int, list[str]] = {}
    rows = Question.objects.filter(state__in=Question.LIVE).exclude(pk__in=told)
    for question in rows.order_by("pk"):
        found.setdefault(question.position_id, []).append(_decided(waiting(question)))
    return found


def _decided(decision: Mapping[str, Any]) -> str:
    """What came of a question so far: `question #7: SELL 0.86, you decide`."""
    verdict = str(decision["verdict"]).upper()
    said = " ".join(filter(None, (verdict, str(decision.get("confidence", "")))))
    if decision["verdict"] in {"", "ask"}:
        said = ""
    state = Question.State(decision["state"]).label
    parts = ", ".join(str(part) for part in (said, state) if part)
    return _("question #%(number)s: %(what)s") % {"number": decision["question"], "what": parts}


def _standing(mark: Mark) -> str:
    """What an undisturbed position does: it holds, with or without its rules."""
    if not mark.unarmed:
        return _("hold")
    return _("hold; NOT ARMED: %(rules)s") % {"rules": mark.unarmed.replace(",", ", ")}


def _sale(position: Position, exit_: Mapping[str, Any]) -> str:
    """What an exit sold, in the market's own money."""
    market = position.market
    told = {"state": exit_["state"], "shares": exit_["shares"], "price": "–"}
    if exit_["price"] is not None:
        told["price"] = price_text(Decimal(exit_["price"]), market.payout, market.currency)
    told["pnl"] = signed_money_text(Decimal(exit_["pnl"]), market.currency)
    return _("%(state)s: sold %(shares)s at %(price)s, %(pnl)s") % told
