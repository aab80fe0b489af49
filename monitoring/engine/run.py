"""One pass over the book.

Order, and why: prices first and in batches; every position is judged before any exit is sent;
memories, triggers, exits and journal are committed before the first order leaves; an order is
claimed, sent and booked by itself. Whatever dies in between, the same pass run again mends it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring import gap as gaps
from monitoring import lease as leases
from monitoring.engine import act, decide, look, prices, select, send, settle
from monitoring.engine.ports import Ports, default_ports
from monitoring.engine.result import PassResult
from monitoring.engine.sources import Sources
from monitoring.facts import nothing_leaves
from monitoring.health import alerts_overdue
from monitoring.models import MonitorRun
from positions import journal
from positions.locks import hold_book
from positions.models import JournalEntry, Position
from positions.services import exits_are_paused

logger = logging.getLogger(__name__)

REREAD_AFTER = timedelta(seconds=5)  # the most that a pass waits for a second reading
TOGETHER = timedelta(seconds=0.5)  # breaches that end so near each other share a reading


@dataclass
class Pass:
    """A pass under way: its ports, its lease, its row and what it has found so far."""

    ports: Ports
    lease: leases.Held
    row: MonitorRun
    result: PassResult
    sources: Sources
    gap: gaps.Gap | None = None
    told: list[JournalEntry] = field(default_factory=list)  # with the pass's end
    untried: bool = False  # an exit from before this pass that nobody has tried to send


def run_pass(ports: Ports | None = None) -> PassResult:
    """Looks at every open position once, acts on it, and says what it found.

    Raises LeaseHeldError when another pass is at work, LeaseLostError when this one was overtaken
    (it then has changed nothing since its last commit).
    """
    ports = ports or default_ports()
    began = time.monotonic()
    with transaction.atomic():  # one commit for both: on a slow disk each costs milliseconds
        lease = leases.acquire("monitor", now=ports.now())
        _bury(lease)
        row = MonitorRun.objects.create(fence=lease.fence, started_at=ports.now())
    sources = Sources(ports.interval, {})
    work = Pass(ports, lease, row, PassResult(row.pk), sources)
    try:
        _look_and_act(work)
        with transaction.atomic():
            _finish(work, began, problem=work.result.problem)
            lease.release(ports.now())
            journal.append_all(work.told)
    except leases.LeaseLostError:
        _finish(work, began, problem="overtaken by another pass")
        raise
    except Exception as error:
        logger.exception("the pass failed")
        _give_up(work, began, error)
        raise
    return work.result


def _give_up(work: Pass, began: float, error: Exception) -> None:
    """Tells of the failure where the database still takes it. Where it does not (a full disk), the
    error itself must not be hidden behind a second one; the lease then ends by its deadline.
    """
    work.result.complete = False
    problem = f"{type(error).__name__}: the pass failed, see the log"
    try:
        with transaction.atomic():
            _finish(work, began, problem=problem)
            work.lease.release(work.ports.now())
    except DatabaseError as second:
        logger.warning("the failed pass could not be noted: %s", second)


def _bury(lease: leases.Held) -> None:
    """Runs of earlier holders that never came to an end; one that was only frozen says so itself."""
    dead = MonitorRun.objects.filter(state=MonitorRun.State.RUNNING, fence__lt=lease.fence)
    dead.update(state=MonitorRun.State.FAILED, problem=_("its process died"))


def _look_and_act(work: Pass) -> None:
    markets = look.watched_markets()
    work.sources.read()
    work.gap = gaps.read_gap(work.row.pk, work.ports.now(), float(work.ports.interval))
    total, everything = decide.Decisions({}), look.Look(work.ports.now())
    for group, found in look.looks(markets, work.ports):
        decisions = _judge_and_store(work, group, found, only=None)
        total.add(decisions)
        total.wakes += _confirm(work, decisions)
        everything.take(found)
    now = work.ports.now()
    work.result.wake_at = min((wake for wake in total.wakes if wake > now), default=None)
    _count(work.result, total)
    _summarise(work, everything, total)


def _judge_and_store(
    work: Pass,
    markets: Sequence[look.Watched],
    found: look.Look,
    *,
    only: Mapping[int, int] | None,
) -> decide.Decisions:
    """One look judged and committed, then its exits sent."""
    now = work.ports.now()
    priced = {market.instrument.id: prices.price(market, found) for market in markets}
    with transaction.atomic():
        hold_book()
        work.lease.renew(now)
        settled = settle.apply_statuses(found.statuses, markets, now=now)
        prices.write_prices(priced.values())
        paused = exits_are_paused()
        live = act.live_exits()
        work.untried |= any(not row.attempt and row.created_at < now for row in live.values())
        scan = select.scan(found.at, now)
        restless = {*scan.restless, *live}
        chosen = select.candidates(restless) if only is None else select.again(only)
        # A venue that has yet to answer is judged when it has.
        chosen = [candidate for candidate in chosen if candidate.market_id in priced]
        situation = decide.Situation(
            priced,
            found.books,
            select.runs_for(chosen, now),
            live,
            work.ports.interval,
            now,
            paused,
        )
        decisions = decide.decide(chosen, situation)
        # A look at a few markets alone says nothing of their venue.
        work.sources.note(markets if only is None else (), found, now)
        journal.append_all(work.sources.down(markets, decisions.judged, now))
        acts = act.act(
            decisions,
            live=live,
            run=work.row.pk,
            now=now,
            paused=paused,
            blind=work.sources.blind,
            unwatched_since=work.gap.since if work.gap else None,
        )
        act.raise_best_bids(scan.rising)
        if only is None:
            work.sources.write(markets)
        journal.append_all(work.sources.up(now))
    work.result.triggers += acts.log
    work.result.decisions += acts.asked
    work.result.exits += [send.as_json(exit_) for exit_ in settled]
    _note_errors(work, decisions, found)
    sender = send.Sender(work.ports, work.lease, found.books, work.result)
    sender.send(send.to_send(acts.firm, everything=only is None))
    return decisions


def _confirm(work: Pass, decisions: decide.Decisions) -> list[datetime]:
    """Reads each standing breach once more when its window ends, 5 s from now at most.

    Returns when to look again at what is not decided by then.
    """
    latest = work.ports.now() + REREAD_AFTER
    due = decisions.confirming
    waiting = sorted((min(at, latest), pk) for pk, at in due.items())
    markets = {row.candidate.id: row.candidate.market_id for row in decisions.judged}
    wakes: list[datetime] = []
    while waiting:
        group = [row for row in waiting if row[0] <= waiting[0][0] + TOGETHER]
        waiting = waiting[len(group) :]
        wait = group[-1][0] - work.ports.now()
        work.ports.sleep(max(0.0, wait.total_seconds()))
        wakes += _read_again(work, {pk: markets[pk] for _at, pk in group})
    return wakes


def _read_again(work: Pass, ids: Mapping[int, int]) -> list[datetime]:
    """`ids`: positions with their markets. Returns when to look again."""
    held = set(ids.values())
    some = [market for market in look.watched_markets() if market.instrument.id in held]
    if not some:
        return []
    decisions = _judge_and_store(work, some, look.look(some, work.ports), only=ids)
    soon = work.ports.now() + REREAD_AFTER
    # A source that has told nothing new since: its breach must not wait for a long interval.
    return decisions.wakes + [max(at, soon) for at in decisions.confirming.values()]


def _note_errors(work: Pass, decisions: decide.Decisions, found: look.Look) -> None:
    """Names the positions that could not be judged or whose own price could not be read."""
    known = {row["position"] for row in work.result.errors}
    for row in decisions.judged:
        text = found.errors.get(row.candidate.market_id)
        if text and row.candidate.id not in known:
            work.result.errors.append({"position": row.candidate.id, "error": text})
    for pk, text in decisions.failed.items():
        if pk not in known:
            work.result.errors.append({"position": pk, "error": text})


def _count(result: PassResult, decisions: decide.Decisions) -> None:
    """The open positions as the pass met them: judged at a price, unpriced, or not judged."""
    usable = {pk: row.tick.bid is not None for pk, row in decisions.priced.items()}
    held = {pk: row.market.positions for pk, row in decisions.priced.items()}
    result.open = sum(held.values())
    result.unpriced = sum(number for pk, number in held.items() if not usable[pk])
    for row in decisions.judged:
        # A holder may see it differently: by the size held, or with less patience for old quotes.
        result.unpriced += usable[row.candidate.market_id] - (row.tick.bid is not None)
    failed = sum(usable[market] for market in decisions.failed_in)
    result.checked = result.open - result.unpriced - failed


def _summarise(work: Pass, found: look.Look, decisions: decide.Decisions) -> None:
    """Whether the pass is complete, and what is wrong when it is not."""
    result = work.result
    result.closed = Position.objects.filter(state=Position.State.CLOSED).count()
    now = work.ports.now()
    overdue = alerts_overdue(now=now)
    stuck = nothing_leaves(now, float(work.ports.interval)) if work.untried else 0
    if result.open and not found.answered:
        result.problem = _("no price source answered")
    elif result.open > result.checked + result.unpriced:
        result.problem = _("%(n)s positions could not be judged") % {"n": len(decisions.failed)}
    elif overdue:
        result.problem = _("%(n)s alerts are overdue") % {"n": overdue}
    elif stuck:
        result.problem = ngettext(
            "%(n)s exit was decided and is not sent",
            "%(n)s exits were decided and are not sent",
            stuck,
        ) % {"n": stuck}
    result.complete = not result.problem
    work.row.prices_at = prices.newest(found)
    if work.gap and (result.complete or result.checked):
        _own_up(work, work.gap, decisions)


def _own_up(work: Pass, gap: gaps.Gap, decisions: decide.Decisions) -> None:
    """This pass watches again: it says for how long nobody did, and what moved meanwhile."""
    bids = {pk: (row.market.bid, row.tick.bid) for pk, row in decisions.priced.items()}
    work.told.append(gaps.entry(gap, gaps.moves(bids), work.ports.now()))


def _finish(work: Pass, began: float, *, problem: str) -> None:
    result, row = work.result, work.row
    result.seconds = time.monotonic() - began
    row.finished_at = work.ports.now()
    row.open, row.closed = result.open, result.closed
    row.checked, row.unpriced = result.checked, result.unpriced
    row.triggers, row.exits = len(result.triggers), len(result.exits)
    row.errors, row.problem = result.errors[:100], problem[:300]
    states = MonitorRun.State
    row.state = states.COMPLETE if result.complete else states.INCOMPLETE
    if problem and not result.complete and result.problem != problem:
        row.state = states.FAILED
    row.save()
