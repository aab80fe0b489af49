"""Correcting what was typed in wrongly of a holding: its strategy, entry, fees, time of entry."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from positions import journal
from positions.domain import policy as policies
from positions.domain.pnl import plain
from positions.domain.state import load
from positions.domain.stops import stop_level
from positions.domain.wording import money_text, price_text
from positions.models import Mark, Position
from positions.services.base import (
    ServiceError,
    catch_up,
    effective_policy,
    facts,
    refuse_while_selling,
    take,
    write_state,
)
from positions.services.opening import check_entry
from positions.services.rules import rearm, refuse_lower_stop

EDITABLE = ("strategy", "entry_price", "entry_fees", "opened_at")


def position_edit(
    *,
    position_id: int,
    actor: str,
    now: datetime,
    version: int | None = None,
    confirmed: bool = False,
    **changes: Any,
) -> None:
    """Changes some of `EDITABLE`; old and new go to the journal, the rules are judged anew.

    Raises StaleError, ServiceError, PolicyError, and ConfirmationNeededError when the static stop
    would fall or vanish.
    """
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not editable: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        position = take(position_id, version)
        refuse_while_selling(position_id)
        if position.state != Position.State.OPEN:
            raise ServiceError(_("This position is closed already."))
        old = {name: getattr(position, name) for name in changes}
        if old == changes:
            return
        before = effective_policy(position)
        level = stop_level(before, position.entry_price)
        catch_up(position)
        for name, value in changes.items():
            setattr(position, name, value)
        check_entry(position.market, position.entry_price, position.shares, position.entry_fees)
        after = effective_policy(position)
        policies.check_market(after, position.market.payout)
        refuse_lower_stop(
            position.market, level, stop_level(after, position.entry_price), confirmed=confirmed
        )
        position.save(update_fields=list(changes))
        rearm(position, before, after)
        mark = Mark.objects.get(position=position)
        write_state(mark, load(mark.state))
        values = {name: (_text(old[name]), _text(new)) for name, new in changes.items()}
        text = "; ".join(
            f"{_label(name)} {_shown(position, name, old[name])} → {_shown(position, name, new)}"
            for name, new in changes.items()
        )
        data = facts(position) | {
            "old": {name: was for name, (was, _is_now) in values.items()},
            "new": {name: is_now for name, (_was, is_now) in values.items()},
        }
        entry = journal.entry(
            "position_changed", text, at=now, position=position, actor=actor, data=data
        )
        journal.append(entry)


def _label(name: str) -> str:
    """The field's name as the form shows it."""
    return str(getattr(Position._meta.get_field(name), "verbose_name", name))  # noqa: SLF001


def _shown(position: Position, name: str, value: Any) -> str:
    """`value` as a person reads it."""
    market = position.market
    if name == "entry_price":
        return price_text(value, market.payout, market.currency)
    if name == "entry_fees":
        return money_text(value, market.currency)
    return f"{value:%-d %b %Y %H:%M} UTC" if isinstance(value, datetime) else _text(value)


def _text(value: Any) -> str:
    """`value` for programs."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return _("none") if value is None else str(value)
