"""Closing by hand: the request is an exit like any other, carried out by the next pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from positions import journal
from positions.domain.pnl import SHARE_STEP, floor_shares, plain
from positions.domain.state import load
from positions.domain.wording import shares_text
from positions.models import LIVE_EXIT_STATES, Exit, JournalEntry, Mark, Position
from positions.services.base import ServiceError, facts, take, write_state
from positions.services.switches import check_request, exits_are_paused

MANUAL, AI_EXIT = "manual", "ai_exit"
# Decided by or for a person: no rule of the watch would decide the same again after a cancel.
BY_HAND = frozenset({MANUAL, AI_EXIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be sold and why: `shares` None is all; `facts` go into what is told of the sale.

    `bid`: the usable bid that whoever decided saw.
    """

    rule: str = MANUAL
    reason: str = ""
    shares: Decimal | None = None
    bid: Decimal | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def position_close_request(
    *, position_id: int, actor: str, now: datetime, shares: Decimal | None = None
) -> Exit:
    """Decides a manual exit of all or `shares`; the next pass sells it (a pass is asked for now).

    A running take-profit or other exit that is judged anew gives way. Raises ServiceError.
    """
    with transaction.atomic():
        position = take(position_id, None)
        exit_ = decide(position, Order(shares=shares), actor=actor, now=now)
    check_request(now=now)
    return exit_


def close_everything(*, actor: str, now: datetime) -> list[Exit]:
    """Manual exits for every open position that can be sold; positions already selling are left."""
    with transaction.atomic():
        rows = Position.objects.filter(state=Position.State.OPEN, is_dust=False)
        free = rows.exclude(exits__state__in=LIVE_EXIT_STATES).select_related("market")
        ids = [row.pk for row in free if floor_shares(row.shares) >= _least(row)]
        exits = [decide(take(pk, None), Order(), actor=actor, now=now) for pk in ids]
    check_request(now=now)
    return exits


def exit_cancel_request(*, exit_id: int, actor: str, now: datetime) -> None:
    """Cancels what an exit has not sold yet. Raises ServiceError while an order is out.

    The rule that decided it is not armed from then on, until its breach ends or a person arms it:
    the next pass would decide the same exit again, and nobody could ever stop a sale.
    """
    with transaction.atomic():
        exit_ = Exit.objects.select_related("position__market").filter(pk=exit_id).first()
        if exit_ is None or exit_.state not in LIVE_EXIT_STATES:
            raise ServiceError(_("This exit has ended already."))
        take(exit_.position_id, None)
        changed = Exit.objects.filter(
            pk=exit_id, state__in=(Exit.State.PENDING, Exit.State.PARTIAL)
        ).update(state=Exit.State.CANCELLED, finished_at=now)
        if not changed:
            raise ServiceError(_("An order is out at the venue. Try again in a moment."))
        text = _("exit cancelled, %(left)s shares not sold")
        if exit_.rule not in BY_HAND:
            _disarm(exit_)
            text = _(
                "exit cancelled, %(left)s shares not sold; its rule is not armed until the price"
                " leaves its level or you arm it"
            )
        journal.append(
            journal.entry(
                "exit_cancelled",
                text % {"left": shares_text(exit_.shares - exit_.filled)},
                at=now,
                position=exit_.position,
                rule=exit_.rule,
                actor=actor,
                data=facts(exit_.position)
                | {"exit": exit_id, "unarmed": exit_.rule not in BY_HAND},
            )
        )


def _disarm(exit_: Exit) -> None:
    mark = Mark.objects.select_for_update(of=("self",)).get(position=exit_.position_id)
    state = load(mark.state)
    write_state(mark, replace(state, unarmed=state.unarmed | {exit_.rule}))


def decide(position: Position, order: Order, *, actor: str, now: datetime) -> Exit:
    """The one way to make an exit that no rule of the watch has decided: latched, sold by the next
    pass. Inside the transaction of a caller that has taken the position. Raises ServiceError.
    """
    if exits_are_paused():
        raise ServiceError(_("All exits are paused. Resume exits first, then close."))
    if position.state != Position.State.OPEN:
        raise ServiceError(_("This position is closed already."))
    asked = min(order.shares or position.shares, position.shares)
    wanted = sellable(asked, position.market.min_size)
    _make_way(position, now)
    exit_ = Exit.objects.create(
        position=position,
        rule=order.rule,
        reason=(order.reason or _("closed by %(who)s") % {"who": actor})[:500],
        trigger_price=order.bid,
        shares=wanted,
        latched=True,
        requested_by=actor[:150],
        facts=dict(order.facts),
        created_at=now,
    )
    journal.append(_decided(exit_, position, order, actor, now))
    return exit_


def _make_way(position: Position, now: datetime) -> None:
    """Ends an exit that is judged anew. Raises ServiceError while one sells that nothing ends."""
    live = Exit.objects.filter(position=position, state__in=LIVE_EXIT_STATES).first()
    if live is None:
        return
    if live.latched or live.state == Exit.State.WORKING:
        raise ServiceError(_("An exit of this position is running already."))
    live.state, live.finished_at = Exit.State.CANCELLED, now
    live.save(update_fields=["state", "finished_at"])


def _decided(
    exit_: Exit, position: Position, order: Order, actor: str, now: datetime
) -> JournalEntry:
    text = _("close requested: %(shares)s shares") % {"shares": shares_text(exit_.shares)}
    return journal.entry(
        "exit_decided",
        order.reason or text,
        at=now,
        position=position,
        urgency="medium",
        rule=exit_.rule,
        actor=actor,
        data=facts(position)
        | dict(order.facts)
        | {"exit": exit_.pk, "shares": plain(exit_.shares)},
    )


def sellable(shares: Decimal, min_size: Decimal | None) -> Decimal:
    """`shares` in whole steps. Raises ServiceError below `min_size`, the market's smallest order."""
    wanted, least = floor_shares(shares), min_size or SHARE_STEP
    if wanted <= 0:
        raise ServiceError(_("There is nothing left that could be sold."))
    if wanted < least:
        raise ServiceError(
            _(
                "%(shares)s shares are below the market's minimum order of %(least)s: it refuses them."
            )
            % {"shares": shares_text(wanted), "least": shares_text(least)}
        )
    return wanted


def _least(position: Position) -> Decimal:
    """The smallest sale the market takes, in shares."""
    return position.market.min_size or SHARE_STEP
