"""A pass as lines for a person: one for each position, then the sum."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from monitoring.engine.result import PassResult
from positions.domain.wording import price_text, shares_text
from positions.models import Position


def lines(result: PassResult) -> Iterator[str]:
    """Open positions with bid and problem, what fired and what was sold, and the sum."""
    happened: dict[int, list[str]] = {}
    for trigger in result.triggers:
        text = f"{trigger['rule']}: {trigger['reason']}"
        happened.setdefault(trigger["position"], []).append(text)
    for exit_ in result.exits:
        text = _("%(state)s: sold %(shares)s, P&L %(pnl)s") % exit_
        happened.setdefault(exit_["position"], []).append(text)
    for error in result.errors:
        happened.setdefault(error["position"], []).append(_("error: %(error)s") % error)
    touched = Position.objects.filter(pk__in=happened)
    rows = Position.objects.filter(state=Position.State.OPEN) | touched
    for position in rows.select_related("market__quote", "mark").order_by("pk"):
        yield _line(position, happened.get(position.pk, []))
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
    state = "; ".join(happened) or mark.problem or market.quote.problem or _("hold")
    head = f"#{position.pk} {market} · {shares_text(position.shares)}"
    entry = price_text(position.entry_price, market.payout, market.currency)
    return f"{head} @ {entry} → {bid} · {state}"
