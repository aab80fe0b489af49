"""The one way to a provider: reserve, call, settle. Nothing else calls `Provider.complete`.

    reservation (AICall row + AISpend, one transaction)
      -> provider.complete(), outside any transaction
        -> settlement (cost, audit, circuit breaker, journal; one transaction)

A process that dies at any point leaves a reservation, which `upkeep` counts as spent. So the cap
holds whatever happens, and the day's totals are always those of its calls.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from monitoring.advisor import audit, breaker, budget, prices, telling
from monitoring.advisor.budget import Spend, spend_today
from monitoring.advisor.port import ELSEWHERE, Failure, Provider, Reply, Request, Usage
from monitoring.advisor.providers import names
from monitoring.models import AICall, AIProvider, AISpend

__all__ = (
    "About",
    "Outcome",
    "Ports",
    "Spend",
    "ask",
    "note_outcome",
    "spend_today",
    "upkeep",
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a call is for, beside its text. `critical`: it may use what is held back of the cap.
    `prompt_sha256`: of the prompt without its nonce; `evidence`: JSON, ids and hashes of what was
    sent.
    """

    prompt_version: str
    prompt_sha256: str
    position_id: int | None = None
    question_id: int | None = None
    critical: bool = False
    evidence: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking. `reply.failure` None: there is a checked answer in `reply.data`.

    `call` None: nobody was asked (no provider, no room, all left alone). `provider`: who answered,
    or who was asked last; `fallback`, `demo` are its own.
    """

    reply: Reply
    call: AICall | None = None
    provider: str = ""
    fallback: bool = False
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Ports:
    """The clocks: `now` in UTC, `monotonic` in seconds."""

    now: Callable[[], datetime] = field(default=timezone.now)
    monotonic: Callable[[], float] = field(default=time.monotonic)


def ask(
    request: Request,
    *,
    providers: Sequence[Provider],
    about: About,
    ports: Ports | None = None,
) -> Outcome:
    """Asks the providers in turn, the next one only where the failure is in `port.ELSEWHERE`.

    Each has `request.seconds` of its own. Never raises for a provider's trouble, nor for an empty
    budget; raises DatabaseError, and RuntimeError inside a transaction: a call may take a minute.
    """
    found = Outcome(Reply(Failure.NO_KEY))
    for provider in providers:
        tried = _ask_one(request, provider, about, ports or Ports())
        # One that is left alone says less than one that was asked before it and failed.
        if tried.call is not None or found.call is None:
            found = tried
        if tried.reply.failure not in ELSEWHERE:
            return found
    return found


def _ask_one(request: Request, provider: Provider, about: About, ports: Ports) -> Outcome:
    if provider.demo:
        return _ask_demo(request, provider, about, ports)
    name, now = provider.name, ports.now()
    if not breaker.admit(name, now=now, seconds=request.seconds + 30):
        return _nobody(provider, Failure.BREAKER_OPEN)
    call = audit.asked(request, provider, about, day=budget.day_of(now), now=now)
    amount = prices.bound(call.model, request, call.day)
    if not budget.reserve(call, amount=amount, critical=about.critical):
        breaker.release(name, now=now)
        return _nobody(provider, Failure.OVER_BUDGET)
    reply, seconds = _complete(request, provider, ports)
    _settle(call, reply, seconds, ports.now())
    return Outcome(reply, call, name, provider.fallback)


def _ask_demo(request: Request, provider: Provider, about: About, ports: Ports) -> Outcome:
    """A recorded answer: a row like the others, without money."""
    now = ports.now()
    call = audit.asked(request, provider, about, day=budget.day_of(now), now=now)
    call.provider, call.reserved, call.cost = budget.DEMO, 0, 0
    reply, seconds = _complete(request, provider, ports)
    call.state = AICall.State.SETTLED
    for name, value in audit.answered(
        call, reply, finished_at=ports.now(), seconds=seconds
    ).items():
        setattr(call, name, value)
    call.save(force_insert=True)
    return Outcome(reply, call, budget.DEMO, provider.fallback, demo=True)


def _nobody(provider: Provider, failure: Failure) -> Outcome:
    return Outcome(Reply(failure), None, provider.name, provider.fallback)


def _complete(request: Request, provider: Provider, ports: Ports) -> tuple[Reply, float]:
    """The call itself, and how many seconds it took."""
    began = ports.monotonic()
    try:
        reply = provider.complete(request)
    except Exception as error:
        # It must not raise; when it does all the same, that is our bug. Its text may hold a key.
        logger.exception("%s raised", provider.name)
        reply = Reply(Failure.BAD_REQUEST, detail=f"the adapter raised {type(error).__name__}")
    return reply, ports.monotonic() - began


def _settle(call: AICall, reply: Reply, seconds: float, now: datetime) -> None:
    columns = audit.answered(call, reply, finished_at=now, seconds=seconds)
    with transaction.atomic(durable=True):
        if not budget.settle(call, cost=_cost(call, reply), **columns):
            logger.warning("AI call %s came back after it was given up", call.pk)
        breaker.note(call.provider, replace(reply, detail=columns["detail"]), now=now)
    call.refresh_from_db()
    if call.cost is not None and call.cost > call.reserved:
        logger.error("AI call %s cost more than was reserved for it", call.pk)


def _cost(call: AICall, reply: Reply) -> int | None:
    """µ$; None where nobody knows: then it is what was reserved."""
    if reply.usage in (None, Usage()):
        return 0 if _free(reply) else None
    assert reply.usage is not None
    return prices.cost(call.model, reply.model, reply.usage, call.day)


def _free(reply: Reply) -> bool:
    """Whether it surely cost nothing: refused by an error status, or never sent. What is behind a
    gateway that timed out may have answered, and an answer that counts no tokens cannot be right.
    """
    status = reply.http_status
    if status is None:
        return reply.failure is not None and reply.usage is not None
    return reply.failure is not None and status >= 400 and status != 504


def note_outcome(call: AICall | None, text: str) -> None:
    """Writes what came of a call into its row; nothing without one."""
    if call is not None:
        call.outcome = audit.Texts.ours().plain(text, 300)
        AICall.objects.filter(pk=call.pk).update(outcome=call.outcome)


def upkeep(now: datetime) -> int:
    """Counts lost reservations as spent; tells when the daily budget is used up or has room again,
    and when a provider in trouble is not used any more. Returns how many reservations were lost.

    A few small queries: to be called every few seconds. Raises DatabaseError.
    """
    lost = budget.expire(now)
    _forget_unused(now)
    for row in AISpend.objects.filter(refused__gt=0, told=False, day=budget.day_of(now)):
        if budget.cap() and budget.is_over(row):
            _tell_budget(row, now, over=True)
    for row in AISpend.objects.filter(told=True):
        if row.day != budget.day_of(now) or not budget.is_over(row):
            _tell_budget(row, now, over=False)
    return lost


def _tell_budget(row: AISpend, now: datetime, *, over: bool) -> None:
    """Once, whoever looks."""
    with transaction.atomic():
        if not AISpend.objects.filter(pk=row.pk, told=not over).update(told=over):
            return
        if over:
            telling.tell_over_budget(cap=budget.dollars(budget.cap()), now=now)
        else:
            telling.tell_budget_back(now=now)


def _forget_unused(now: datetime) -> None:
    """Nobody will hear from a provider again that is not asked."""
    for row in AIProvider.objects.filter(told=True).exclude(name__in=names()):
        with transaction.atomic():
            if AIProvider.objects.filter(name=row.name, told=True).update(told=False):
                telling.tell_unused(row.name, now=now)
