"""The daily cap: what is reserved, spent, refused. All of it in the database, in µ$.

A reservation is one conditional UPDATE, so that two calls never share the last cents. It is taken
before a call, in a transaction of its own with the call's row, and becomes the call's cost when
nobody can tell that better: a process that dies in between has spent it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q, Sum

from monitoring.models import AICall, AISpend

MICRO = 1_000_000
STALE = timedelta(minutes=15)  # no call takes that long: who made it is dead
DEMO = "demo-fixture"  # recorded answers: they cost nothing and count nowhere
State = AICall.State


@dataclass(frozen=True, slots=True)
class Spend:
    """One UTC day, in µ$. `held_back`: of the cap, for critical triggers only. `calls` by purpose:
    (all, failed). `over`: there was no room for a call, and there still is none.
    """

    day: date
    cap: int
    spent: int
    reserved: int
    held_back: int
    refusals: int = 0
    over: bool = False
    calls: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def used(self) -> int:
        """What counts against the cap."""
        return self.spent + self.reserved

    @property
    def off(self) -> bool:
        """Whether a cap of zero keeps the AI off."""
        return self.cap == 0


def cap() -> int:
    """µ$ a day, read anew each time: a raised cap works at once."""
    return _micro(settings.AI_DAILY_USD)


def held_back() -> int:
    """µ$ of the cap that only critical triggers may use."""
    return cap() - _micro(settings.AI_DAILY_USD * (1 - settings.AI_CRITICAL_SHARE))


def limit(*, critical: bool) -> int:
    """Up to where a call may bring the day."""
    return cap() if critical else cap() - held_back()


def day_of(now: datetime) -> date:
    """The UTC day that a call of this moment counts on, whenever it ends."""
    return now.astimezone(UTC).date()


def reserve(call: AICall, *, amount: int, critical: bool) -> bool:
    """Takes the room for a call and writes its row, both or neither; False: there is no room.

    Its own transaction, never inside another: what is reserved must be seen by all before the
    call goes out, and stand when the process dies of it.
    """
    call.reserved, call.state = amount, State.RESERVED
    with transaction.atomic(durable=True):
        AISpend.objects.bulk_create([AISpend(day=call.day)], ignore_conflicts=True)
        today = AISpend.objects.filter(day=call.day)
        room = today.filter(spent__lte=limit(critical=critical) - amount - F("reserved"))
        if room.update(reserved=F("reserved") + amount):
            call.save(force_insert=True)
            return True
        today.update(refusals=F("refusals") + 1)
        today.filter(Q(refused=0) | Q(refused__gt=amount)).update(refused=amount)
        return False


def settle(call: AICall, *, cost: int | None, **columns: Any) -> bool:
    """Ends a reservation with what the call cost, None for all that was reserved, on the call's own
    day. False: it had expired, the money is counted already, and only the columns are written.

    To be called in a transaction.
    """
    amount = call.reserved if cost is None else cost
    mine = AICall.objects.filter(pk=call.pk, state=State.RESERVED)
    if not mine.update(state=State.SETTLED, cost=amount, **columns):
        AICall.objects.filter(pk=call.pk).update(**columns)
        return False
    _move(call.day, reserved=call.reserved, cost=amount)
    return True


def expire(now: datetime) -> int:
    """Counts reservations whose call never came back as spent; returns how many. They were most
    likely paid for, and what is forgotten could be spent twice.
    """
    gone = 0
    stale = AICall.objects.filter(state=State.RESERVED, started_at__lte=now - STALE)
    for call in stale.order_by("pk").only("pk", "day", "reserved"):
        with transaction.atomic():
            mine = AICall.objects.filter(pk=call.pk, state=State.RESERVED)
            if mine.update(state=State.EXPIRED, cost=F("reserved"), finished_at=now):
                _move(call.day, reserved=call.reserved, cost=call.reserved)
                gone += 1
    return gone


def _move(day: date, *, reserved: int, cost: int) -> None:
    AISpend.objects.filter(day=day).update(
        reserved=F("reserved") - reserved, spent=F("spent") + cost
    )


def spend_today(now: datetime) -> Spend:
    """What the day of `now` has cost so far, for pages and metrics. Raises DatabaseError."""
    day = day_of(now)
    row = AISpend.objects.filter(day=day).first() or AISpend(day=day)
    return Spend(
        day=day,
        cap=cap(),
        spent=row.spent,
        reserved=row.reserved,
        held_back=held_back(),
        refusals=row.refusals,
        over=is_over(row),
        calls=_calls(day),
    )


def is_over(row: AISpend) -> bool:
    """Whether what was refused on that day would be refused again now."""
    return bool(row.refused) and row.spent + row.reserved + row.refused > limit(critical=False)


def _calls(day: date) -> dict[str, tuple[int, int]]:
    """How many by purpose and how many of them failed; the recorded ones of the demo are none."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    rows = AICall.objects.filter(day=day, started_at__gte=midnight).exclude(provider=DEMO)
    failed = Count("pk", filter=Q(state=State.EXPIRED) | ~Q(failure=""))
    found = rows.order_by().values_list("purpose").annotate(n=Count("pk"), failed=failed)
    return {purpose: (n, failed) for purpose, n, failed in found}


def totals(day: date) -> tuple[int, int]:
    """(reserved, spent) of a day added up from its calls: must equal its AISpend row."""
    rows = AICall.objects.filter(day=day)
    out = rows.filter(state=State.RESERVED).aggregate(n=Sum("reserved"))["n"]
    paid = rows.exclude(state=State.RESERVED).aggregate(n=Sum("cost"))["n"]
    return out or 0, paid or 0


def dollars(micro: int) -> str:
    """µ$ as a person reads them: cents, and finer below ten cents where there is more to tell."""
    amount = Decimal(micro) / MICRO
    cents = amount.quantize(Decimal("0.01"))
    if amount >= Decimal("0.1") or amount == cents:
        return f"${cents:f}"
    return f"${amount.quantize(Decimal('0.0001')):f}"


def _micro(dollars: Decimal) -> int:
    return int((dollars * MICRO).to_integral_value(rounding=ROUND_FLOOR))
