"""The life of an exit: claimed before it is sent, recorded once, whatever dies in between.

`guard` is called inside each transaction and raises when the caller's lease is no longer its own
(monitoring.lease): a frozen pass that wakes up can neither claim nor book anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from positions import journal
from positions.domain.pnl import FillPart, floor_shares, money_json, plain, realised
from positions.domain.state import dump, load, sold_rungs
from positions.domain.views import URGENCY
from positions.domain.wording import price_text, shares_text, signed_money_text
from positions.locks import hold_book
from positions.markets import market_instrument
from positions.models import Exit, Fill, JournalEntry, Mark, Position
from positions.services.base import facts
from positions.venues.base import Instrument, Order, Report

Guard = Callable[[], None]
AVERAGE_STEP = Decimal("0.000001")  # only for reading: profit is booked from the fills
SENDABLE = (Exit.State.PENDING, Exit.State.PARTIAL)


def instrument_of(position: Position) -> Instrument:
    """The position's market as a venue port wants it."""
    return market_instrument(position.market)


def order_of(exit_: Exit) -> Order:
    """The order that is out (`attempt`), exactly as it was claimed."""
    market = exit_.position.market
    assert exit_.attempt_shares is not None and exit_.attempt_floor is not None  # noqa: PT018
    return Order(
        key=exit_.order_key,
        instrument=instrument_of(exit_.position),
        shares=exit_.attempt_shares,
        floor=exit_.attempt_floor,
        fee_rate=market.fee_rate,
        fee_exponent=market.fee_exponent,
    )


def claim(exit_: Exit, *, shares: Decimal, floor: Decimal, fence: int, guard: Guard) -> bool:
    """Makes the next order of the exit ours: pending or partial → working, one more attempt.

    Committed before anything is sent, so that a crash leaves a key to ask the venue about. False
    when somebody else (a cancel, another pass) was first.
    """
    with transaction.atomic():
        guard()
        changed = Exit.objects.filter(
            pk=exit_.pk, state__in=SENDABLE, attempt=exit_.attempt
        ).update(
            state=Exit.State.WORKING,
            attempt=exit_.attempt + 1,
            attempt_shares=shares,
            attempt_floor=floor,
            floor=floor,
            fence=fence,
        )
    if changed:
        exit_.state, exit_.attempt = Exit.State.WORKING, exit_.attempt + 1
        exit_.attempt_shares, exit_.attempt_floor = shares, floor
    return bool(changed)


def record(exit_: Exit, report: Report, *, now: datetime, guard: Guard) -> Exit:
    """Books what the order brought: fills, shares, P&L, journal, all or nothing, and only once.

    Returns the exit as it is afterwards. A second call for the same attempt changes nothing.
    """
    with transaction.atomic():
        hold_book()
        guard()
        rows = Exit.objects.select_for_update(of=("self",)).select_related("position__market")
        fresh = rows.filter(pk=exit_.pk).first()
        if fresh is None:  # the demo was removed meanwhile
            return exit_
        if fresh.state != Exit.State.WORKING or fresh.attempt != exit_.attempt:
            return fresh
        position = Position.objects.select_for_update(of=("self",)).get(pk=fresh.position_id)
        position.market = fresh.position.market
        fresh.position = position
        entries = _book(fresh, position, report, now)
        entries += _conclude(fresh, position, now, sold=bool(report.fills))
        journal.append_all(entries)
    return fresh


def _book(exit_: Exit, position: Position, report: Report, now: datetime) -> list[JournalEntry]:
    """Writes fills, shares sold, realised profit and what the rule remembers of its sale."""
    if not report.fills:
        return []
    sold = sum((part.shares for part in report.fills), Decimal(0))
    Fill.objects.bulk_create(
        Fill(
            exit=exit_,
            attempt=exit_.attempt,
            number=number,
            price=part.price,
            shares=part.shares,
            fee=part.fee,
            at=now,
        )
        for number, part in enumerate(report.fills)
    )
    profit = realised(report.fills, position.entry_price, position.entry_fees / position.bought)
    exit_.filled += sold
    exit_.pnl += profit
    position.shares -= sold
    position.realised_pnl += profit
    position.version += 1
    if exit_.rungs or exit_.momentum_high is not None:
        _remember(exit_, sold)
    gross = sum((part.price * part.shares for part in report.fills), Decimal(0))
    market, price = position.market, gross / sold
    text = _("sold %(shares)s at %(price)s") % {
        "shares": shares_text(sold),
        "price": price_text(price, market.payout, market.currency),
    }
    data = facts(position) | {
        "exit": exit_.pk,
        "shares": plain(sold),
        "price": plain(price.quantize(AVERAGE_STEP, rounding=ROUND_HALF_EVEN)),
        "fees": plain(sum((part.fee for part in report.fills), Decimal(0))),
        "pnl": money_json(profit, market.currency),
        "held": plain(position.shares),
    }
    return [journal.entry("fill", text, at=now, position=position, rule=exit_.rule, data=data)]


def sold_at(exit_: Exit) -> Decimal | None:
    """Average price of all that an exit has sold so far, before fees, to six digits."""
    rows = list(exit_.fills.values_list("price", "shares"))
    sold = sum((shares for _price, shares in rows), Decimal(0))
    if not sold:
        return None
    gross = sum((price * shares for price, shares in rows), Decimal(0))
    return (gross / sold).quantize(AVERAGE_STEP, rounding=ROUND_HALF_EVEN)


def _remember(exit_: Exit, sold: Decimal) -> None:
    """Rungs are sold once, momentum waits for a new high: known only when shares are really gone."""
    mark = Mark.objects.select_for_update(of=("self",)).get(position_id=exit_.position_id)
    state = load(mark.state)
    if exit_.rungs:
        parts = {key: Decimal(part) for key, part in json.loads(exit_.rungs).items()}
        state = sold_rungs(state, parts, sold)
    if exit_.momentum_high is not None:
        state = replace(state, momentum_high=exit_.momentum_high)
    mark.state = dump(state)
    mark.save(update_fields=["state"])


def _conclude(exit_: Exit, position: Position, now: datetime, *, sold: bool) -> list[JournalEntry]:
    """Decides what the exit and the position are now, and stores both."""
    least = position.market.min_size or Decimal(0)
    left = floor_shares(min(exit_.shares - exit_.filled, position.shares))
    held = floor_shares(position.shares)
    entries: list[JournalEntry] = []
    if left > 0 and left >= least:
        exit_.state = Exit.State.PARTIAL if exit_.filled else Exit.State.PENDING
        why = _("not enough bids at or above the floor")
        told, exit_.problem = exit_.problem == why, why
        if sold or not told:
            entries.append(_partial_entry(exit_, position, left, now))
    else:
        exit_.state, exit_.finished_at = Exit.State.FILLED, now
        if position.shares > 0 and (held <= 0 or held < least):
            position.is_dust = True
            exit_.state = Exit.State.FILLED if left <= 0 else Exit.State.DUST
            entries.append(dust_entry(position, exit_.rule, now))
        exit_.problem = ""
        entries.insert(0, _done_entry(exit_, position, now))
        if position.shares == 0:
            position.state, position.closed_at = Position.State.CLOSED, now
            position.close_reason = exit_.rule
            entries.append(closed_entry(position, now))
    exit_.save(update_fields=["state", "filled", "pnl", "problem", "finished_at"])
    position.save(
        update_fields=[
            "shares",
            "realised_pnl",
            "state",
            "closed_at",
            "close_reason",
            "is_dust",
            "version",
        ]
    )
    Mark.objects.filter(position=position).update(quiet_low=None, quiet_high=None, quiet_until=None)
    return entries


def _done_entry(exit_: Exit, position: Position, now: datetime) -> JournalEntry:
    market = position.market
    price = sold_at(exit_)
    text = _("%(reason)s; sold %(shares)s shares, %(pnl)s") % {
        "reason": exit_.reason,
        "shares": shares_text(exit_.filled),
        "pnl": signed_money_text(exit_.pnl, market.currency),
    }
    told = exit_.facts if isinstance(exit_.facts, dict) else {}
    data = (
        told
        | facts(position)
        | {
            "exit": exit_.pk,
            "rule": exit_.rule,
            "state": exit_.state,
            "shares": plain(exit_.filled),
            "price": plain(price) if price is not None else None,
            "pnl": money_json(exit_.pnl, market.currency),
            "level": plain(exit_.level) if exit_.level is not None else None,
            "trigger_price": plain(exit_.trigger_price)
            if exit_.trigger_price is not None
            else None,
            "held": plain(position.shares),
            "mode": "paper",
        }
    )
    urgency = URGENCY.get(exit_.rule, "medium")
    return journal.entry(
        "exit_done", text, at=now, position=position, urgency=urgency, rule=exit_.rule, data=data
    )


def _partial_entry(exit_: Exit, position: Position, left: Decimal, now: datetime) -> JournalEntry:
    text = _("%(left)s of %(all)s shares not sold yet: %(why)s") % {
        "left": shares_text(left),
        "all": shares_text(exit_.shares),
        "why": exit_.problem,
    }
    data = facts(position) | {
        "exit": exit_.pk,
        "left": plain(left),
        "sold": plain(exit_.filled),
        "floor": plain(exit_.attempt_floor) if exit_.attempt_floor is not None else None,
    }
    return journal.entry(
        "exit_partial", text, at=now, position=position, urgency="high", rule=exit_.rule, data=data
    )


def dust_entry(position: Position, rule: str, now: datetime) -> JournalEntry:
    """The one notice that a rest cannot be sold."""
    text = _("%(shares)s shares are dust: below the market's minimum order, held to resolution") % {
        "shares": shares_text(position.shares)
    }
    data = facts(position) | {"shares": plain(position.shares)}
    return journal.entry("dust", text, at=now, position=position, rule=rule, data=data)


def closed_entry(position: Position, now: datetime) -> JournalEntry:
    """Nothing is left of the position."""
    currency = position.market.currency
    text = _("closed, realised %(pnl)s") % {
        "pnl": signed_money_text(position.realised_pnl, currency)
    }
    data = facts(position) | {"pnl": money_json(position.realised_pnl, currency)}
    return journal.entry(
        "position_closed", text, at=now, position=position, rule=position.close_reason, data=data
    )


def set_back(exit_: Exit, problem: str, *, now: datetime, guard: Guard) -> None:
    """The order certainly sold nothing (refused, or never reached the venue): try again next pass.

    The problem is told once, not in every pass.
    """
    with transaction.atomic():
        guard()
        back = Exit.State.PARTIAL if exit_.filled else Exit.State.PENDING
        changed = Exit.objects.filter(
            pk=exit_.pk, state=Exit.State.WORKING, attempt=exit_.attempt
        ).update(state=back, problem=problem[:300])
        if changed:
            _tell_problem(exit_, problem, now)
    exit_.state = back


def uncertain(exit_: Exit, problem: str, *, now: datetime, guard: Guard) -> None:
    """The order may have sold: the exit stays `working` until the venue tells what became of it."""
    with transaction.atomic():
        guard()
        if Exit.objects.filter(pk=exit_.pk).update(problem=problem[:300]):
            _tell_problem(exit_, problem, now)


def _tell_problem(exit_: Exit, problem: str, now: datetime) -> None:
    if exit_.problem == problem[:300]:
        return
    data = facts(exit_.position) | {"exit": exit_.pk, "problem": problem}
    text = _("exit not done yet: %(problem)s") % {"problem": problem}
    journal.append(
        journal.entry(
            "exit_failed",
            text,
            at=now,
            position=exit_.position,
            urgency="critical",
            rule=exit_.rule,
            data=data,
        )
    )
    exit_.problem = problem[:300]


def settle(position: Position, price: Decimal, *, now: datetime) -> tuple[Exit, list[JournalEntry]]:
    """Closes a holding at its market's payout per share; inside the caller's transaction.

    Live exits that are not out at a venue end as cancelled: a resolved market takes no orders.
    Returns the exit and the journal entries for the caller to append.
    """
    market = position.market
    Exit.objects.filter(position=position, state__in=SENDABLE).update(
        state=Exit.State.CANCELLED, finished_at=now, problem=_("the market resolved")
    )
    shares = position.shares
    part = FillPart(price, shares)
    profit = realised((part,), position.entry_price, position.entry_fees / position.bought)
    exit_ = Exit.objects.create(
        position=position,
        rule="settled",
        reason=_("resolved at %(price)s")
        % {"price": price_text(price, market.payout, market.currency)},
        trigger_price=price,
        shares=shares,
        filled=shares,
        pnl=profit,
        state=Exit.State.FILLED,
        created_at=now,
        finished_at=now,
    )
    Fill.objects.create(exit=exit_, attempt=1, number=0, price=price, shares=shares, at=now)
    position.shares = Decimal(0)
    position.realised_pnl += profit
    position.state, position.closed_at = Position.State.CLOSED, now
    position.close_reason = "settled"
    position.version += 1
    position.save()
    done = _done_entry(exit_, position, now)
    done.kind = "settled"
    return exit_, [done, closed_entry(position, now)]
