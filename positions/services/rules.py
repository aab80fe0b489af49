"""Changing the rules and the thesis of what we hold; who, old and new go to the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
from positions.domain.wording import price_text
from positions.locks import hold_book
from positions.models import LIVE_EXIT_STATES, ExitPolicy, Mark, Market, Position, Strategy, Thesis
from positions.services.base import (
    ConfirmationNeededError,
    ServiceError,
    documents,
    effective_policy,
    facts,
    jsonable,
    policy_text,
    refuse_while_selling,
    take,
    write_state,
)
from positions.services.wording import changed_text


def policy_set(
    *,
    position_id: int,
    document: Mapping[str, Any],
    actor: str,
    now: datetime,
    version: int | None = None,
    confirmed: bool = False,
) -> None:
    """Replaces the rules a position states itself (contract JSON; {} inherits everything).

    The changed rules are armed and judged anew at the next usable quote. Raises PolicyError,
    StaleError, ServiceError, and ConfirmationNeededError when the static stop would fall or vanish.
    """
    with transaction.atomic():
        position = take(position_id, version)
        refuse_while_selling(position_id)
        before = effective_policy(position)
        old = documents(position)[1]
        new = policy_text(document)
        after = policies.effective(documents(position)[0], new)
        policies.check_market(after, position.market.payout)
        levels = [stop_level(rules, position.entry_price) for rules in (before, after)]
        refuse_lower_stop(position.market, *levels, confirmed=confirmed)
        if old == new:
            return
        ExitPolicy.objects.update_or_create(position=position, defaults={"document": new})
        rearm(position, before, after)
        data = facts(position) | {"old": policies.loads(old), "new": policies.loads(new)}
        text = changed_text(policies.loads(old), policies.loads(new))
        journal.append(
            journal.entry(
                "rule_changed", text, at=now, position=position, actor=actor, data=jsonable(data)
            )
        )


def refuse_lower_stop(
    market: Market, old: Decimal | None, new: Decimal | None, *, confirmed: bool
) -> None:
    """Raises ConfirmationNeededError when the static stop would fall or vanish unconfirmed."""
    if confirmed or old is None or (new is not None and new >= old):
        return
    raise ConfirmationNeededError(
        _("This lowers the stop from %(old)s to %(new)s. Confirm to do it.")
        % {
            "old": price_text(old, market.payout, market.currency),
            "new": price_text(new, market.payout, market.currency) if new else _("none"),
        }
    )


def rearm(position: Position, before: policies.Policy, after: policies.Policy) -> None:
    """Forgets what the watch remembers of the rules that changed, and has it look at once."""
    mark = Mark.objects.select_for_update(of=("self",)).get(position=position)
    state = load(mark.state)
    if before.trailing_stop != after.trailing_stop:
        state = replace(state, trail_level=None, trail_since=None)
    names = {
        "stop_loss": ("stop_loss_pct", "stop_loss_price"),
        "trailing_stop": ("trailing_stop",),
        "take_profit": ("take_profit", "take_profit_price"),
        "time_exit": ("max_hold_minutes", "exit_before_end_minutes"),
        "fair_value": ("fair_value",),
        "momentum_exit": ("momentum_exit",),
        "soft_stop": ("soft_stop_pct",),
        "adverse_move": ("adverse_move",),
    }
    changed = {
        rule
        for rule, fields in names.items()
        if any(getattr(before, field) != getattr(after, field) for field in fields)
    }
    write_state(mark, replace(state, unarmed=state.unarmed - changed))


def strategy_policy_set(
    *, strategy: Strategy, document: Mapping[str, Any], actor: str, now: datetime
) -> None:
    """Replaces a strategy's rules; every open position that inherits them is judged anew.

    Raises PolicyError, and ServiceError while an exit of one of its positions runs.
    """
    with transaction.atomic():
        hold_book()
        rows = Position.objects.filter(strategy=strategy, state=Position.State.OPEN)
        positions = list(rows.select_for_update(of=("self",)).select_related("market"))
        if rows.filter(exits__state__in=LIVE_EXIT_STATES).exists():
            raise ServiceError(
                _("An exit of one of this strategy's positions is running. Try again after it.")
            )
        before = {position.pk: effective_policy(position) for position in positions}
        stored = ExitPolicy.objects.filter(strategy=strategy).first()
        old = policies.loads(stored.document) if stored else {}
        new_text = policy_text(document)
        if stored and stored.document == new_text:
            return
        ExitPolicy.objects.update_or_create(strategy=strategy, defaults={"document": new_text})
        for position in positions:
            rearm(position, before[position.pk], effective_policy(position))
        new = policies.loads(new_text)
        data = jsonable({"strategy": strategy.name, "old": old, "new": new})
        text = f"{strategy.name}: {changed_text(old, new)}"
        journal.append(journal.entry("rule_changed", text, at=now, actor=actor, data=data))


def thesis_set(
    *,
    position_id: int,
    actor: str,
    now: datetime,
    version: int | None = None,
    **fields: Any,
) -> None:
    """Changes fields of the thesis (text, probability, keywords, feeds, review_at); the old ones
    stay in the journal. Raises StaleError, ServiceError.
    """
    with transaction.atomic():
        position = take(position_id, version)
        refuse_while_selling(position_id)
        thesis = Thesis.objects.filter(position=position).first() or Thesis(
            position=position, version=0
        )
        old = {name: getattr(thesis, name) for name in fields}
        if thesis.pk and old == fields:
            return
        for name, value in fields.items():
            setattr(thesis, name, value)
        thesis.version += 1
        thesis.full_clean(exclude=["position"])
        thesis.save()
        mark = Mark.objects.get(position=position)
        write_state(mark, load(mark.state))
        data = facts(position) | {
            "old": {name: _text(value) for name, value in old.items()},
            "new": {name: _text(value) for name, value in fields.items()},
            "version": thesis.version,
        }
        journal.append(
            journal.entry(
                "thesis_changed",
                _("thesis changed"),
                at=now,
                position=position,
                actor=actor,
                data=data,
            )
        )


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return plain(value) if isinstance(value, Decimal) else str(value)


def rule_arm(*, position_id: int, rule: str, actor: str, now: datetime) -> None:
    """Arms a rule that was breached when watching began; it may fire at once. Raises ServiceError."""
    with transaction.atomic():
        position = take(position_id, None)
        mark = Mark.objects.select_for_update(of=("self",)).get(position=position)
        state = load(mark.state)
        if rule not in state.unarmed:
            raise ServiceError(_("This rule is armed already."))
        write_state(mark, replace(state, unarmed=state.unarmed - {rule}))
        journal.append(
            journal.entry(
                "armed",
                _("armed by hand"),
                at=now,
                position=position,
                rule=rule,
                actor=actor,
                data=facts(position),
            )
        )


def thesis_version(position_id: int) -> int:
    """The version of the position's thesis as it is now; 0 without one."""
    found = Thesis.objects.filter(position=position_id).values_list("version", flat=True).first()
    return found or 0
