"""Writing down what was decided: marks, triggers, exits, journal; one transaction, no network."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from monitoring.engine.decide import MARK, Decisions, Judged, parts_json
from monitoring.engine.sql import REFUSALS, update_each, update_many
from monitoring.gap import since_text
from monitoring.models import Alarm
from monitoring.models import Trigger as TriggerRow
from monitoring.questions import asking
from monitoring.questions.overtaking import overtake
from positions import journal
from positions.domain.judge import Notice, Trigger
from positions.domain.pnl import floor_shares, plain
from positions.exits import dust_entry
from positions.models import LIVE_EXIT_STATES, Exit, JournalEntry, Mark, Position
from positions.services.base import facts

logger = logging.getLogger(__name__)


@dataclass
class Acts:
    """What one look made: exits to send now (`firm`), and non-latched ones confirmed anew."""

    firm: list[int] = field(default_factory=list)
    entries: list[JournalEntry] = field(default_factory=list)
    triggers: list[TriggerRow] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def take(self, other: Acts) -> None:
        """Adds what one position's event made."""
        self.firm += other.firm
        self.log += other.log
        self.asked += other.asked


def live_exits() -> dict[int, Exit]:
    """Exits under way, by position id."""
    rows = Exit.objects.filter(state__in=LIVE_EXIT_STATES).select_related("position__market")
    return {exit_.position_id: exit_ for exit_ in rows}


def act(
    decisions: Decisions,
    *,
    live: Mapping[int, Exit],
    run: int,
    now: datetime,
    paused: bool,
    blind: Collection[str] = (),
    unwatched_since: datetime | None = None,
) -> Acts:
    """Stores memories, triggers, exits and journal of one look; inside the caller's transaction.

    `blind`: venues that are the cause of what their positions' prices do in this look;
    `unwatched_since`: when nobody has watched before this pass, since when.
    Each position's event is written in a savepoint of its own: one that the database refuses is
    named, and stops no other.
    """
    acts = Acts()
    refused = set(update_each("positions_mark", "position_id", MARK, decisions.marks))
    eventful = [row for row in decisions.judged if _is_event(row, live)]
    ids = {row.candidate.id for row in eventful} | decisions.failed.keys() | refused
    rows = Position.objects.select_related("market").in_bulk(ids) if ids else {}
    for row in decisions.judged if refused else ():
        if row.candidate.id in refused:
            decisions.fail(row.candidate, _("its memory could not be stored"))
    for row in eventful:
        position = rows.get(row.candidate.id)
        if position is not None and position.pk not in refused:
            seen = live.get(position.pk)
            context = Context(position, row, seen, run, now, paused, blind, unwatched_since)
            acts.take(_by_itself(context, decisions))
    # What could not be judged left its band perhaps, and must not count as calm in it.
    Mark.objects.filter(position_id__in=decisions.failed.keys()).update(quiet_low=None)
    journal.append_all(_failures(decisions, rows, now))
    return acts


def _by_itself(context: Context, decisions: Decisions) -> Acts:
    acts = Acts()
    try:
        with transaction.atomic():
            _one(context, acts)
            TriggerRow.objects.bulk_create(acts.triggers)
            journal.append_all(acts.entries)
    except REFUSALS as error:
        logger.exception("position %s could not be acted on", context.position.pk)
        decisions.fail(context.row.candidate, f"{type(error).__name__} while acting on it")
        return Acts()
    return acts


@dataclass(frozen=True, slots=True)
class Context:
    """One eventful judgement with all that acting on it needs."""

    position: Position
    row: Judged
    live: Exit | None
    run: int
    now: datetime
    paused: bool
    blind: Collection[str]
    unwatched_since: datetime | None


def _is_event(row: Judged, live: Mapping[int, Exit]) -> bool:
    judgement = row.judgement
    return bool(judgement.trigger or judgement.notices or row.candidate.id in live)


def _one(context: Context, acts: Acts) -> None:
    judgement, position = context.row.judgement, context.position
    acts.entries += [_notice(context, notice) for notice in judgement.notices]
    trigger, live = judgement.trigger, context.live
    if trigger is not None and trigger.decision == "ask":
        _ask(context, trigger, acts)
        trigger = None
    if trigger is None:
        _let_go(context, acts)
        return
    if context.paused:
        if context.row.candidate.state.paused != trigger.rule:
            acts.entries.append(_trigger_entry(context, trigger, "exit_paused", "critical"))
            acts.triggers.append(_log(context, trigger, None, "paused", acts))
        return
    if live is not None and (live.latched or live.state == Exit.State.WORKING):
        return
    if live is not None and live.rule == trigger.rule:
        _renew(live, trigger)
        acts.firm.append(live.pk)
        return
    if live is not None:
        _cancel(context, acts, _("%(rule)s comes first") % {"rule": trigger.rule})
    _begin(context, trigger, acts)
    position.refresh_from_db(fields=["is_dust"])


def _begin(context: Context, trigger: Trigger, acts: Acts) -> None:
    """A new exit; what is too small to be sold is dust, told once and never tried."""
    position = context.position
    shares = floor_shares(min(trigger.shares, position.shares))
    least = position.market.min_size or Decimal(0)
    dust = shares <= 0 or shares < least
    if dust:
        Position.objects.filter(pk=position.pk).update(is_dust=True)
        acts.entries.append(dust_entry(position, trigger.rule, context.now))
        acts.triggers.append(_log(context, trigger, None, "dust", acts))
        return
    exit_ = Exit.objects.create(
        position=position,
        rule=trigger.rule,
        reason=_reason(context, trigger)[:500],
        level=trigger.level,
        trigger_price=trigger.price,
        shares=shares,
        floor=trigger.floor,
        rungs=parts_json(trigger),
        momentum_high=trigger.high,
        latched=trigger.latched,
        created_at=context.now,
    )
    acts.firm.append(exit_.pk)
    entry = _trigger_entry(context, trigger, "exit_decided", "low")
    entry.data |= {"exit": exit_.pk, "shares": plain(shares)}
    acts.entries.append(entry)
    if shares >= floor_shares(position.shares):
        acts.entries += overtake(position, now=context.now, by=trigger.rule)
    acts.triggers.append(_log(context, trigger, exit_, "exit", acts))


def _reason(context: Context, trigger: Trigger) -> str:
    """Why it is sold; a floor that was passed while nobody watched says so."""
    reason, since = trigger.sentence.render(_), context.unwatched_since
    if since is None or trigger.urgency != "critical":
        return reason
    return f"{reason}; {since_text(since)}"


def _renew(live: Exit, trigger: Trigger) -> None:
    """An exit that is judged anew and still holds: today's size, floor and rungs."""
    live.shares = live.filled + floor_shares(min(trigger.shares, live.position.shares))
    live.floor, live.rungs, live.momentum_high = trigger.floor, parts_json(trigger), trigger.high
    live.save(update_fields=["shares", "floor", "rungs", "momentum_high"])


def _let_go(context: Context, acts: Acts) -> None:
    """An exit that is not latched ends when its rule no longer holds at a usable price."""
    live = context.live
    if live is None or live.latched or live.state == Exit.State.WORKING:
        return
    if context.row.tick.bid is not None:
        _cancel(context, acts, _("the price no longer meets the rule"))


def _cancel(context: Context, acts: Acts, why: str) -> None:
    live = context.live
    assert live is not None
    live.state, live.finished_at, live.problem = Exit.State.CANCELLED, context.now, why
    live.save(update_fields=["state", "finished_at", "problem"])
    data = facts(context.position) | {"exit": live.pk, "sold": plain(live.filled)}
    text = _("rest of the exit cancelled: %(why)s") % {"why": why}
    acts.entries.append(
        journal.entry(
            "exit_cancelled",
            text,
            at=context.now,
            position=context.position,
            rule=live.rule,
            data=data,
        )
    )


def _ask(context: Context, trigger: Trigger, acts: Acts) -> None:
    """Raises a question, or joins the one that waits for an answer already. The pass goes on: it is
    answered beside it (docs/decisions/questions.md).
    """
    row = _log(context, trigger, None, "ask", acts)
    row.save()  # the question names it
    cause = asking.Cause(
        rule=trigger.rule,
        urgency=trigger.urgency,
        reason=row.reason,
        bid=trigger.price,
        level=trigger.level,
        trigger=row,
    )
    question = asking.put(context.position, cause, context.now)
    entry = asking.entry_of(question, cause, context.now)
    acts.entries.append(entry)
    acts.asked.append(asking.waiting(question))


def _log(
    context: Context,
    trigger: Trigger,
    exit_: Exit | None,
    decision: str,
    acts: Acts,
) -> TriggerRow:
    """Adds to the pass's own list; returns the row of the trigger log, not yet stored."""
    reason = trigger.sentence.render(_)[:500]
    acts.log.append(
        {
            "position": context.position.pk,
            "rule": trigger.rule,
            "urgency": trigger.urgency,
            "level": _plain(trigger.level),
            "price": _plain(trigger.price),
            "reason": reason,
        }
    )
    return TriggerRow(
        run_id=context.run,
        position=context.position,
        exit=exit_,
        at=context.now,
        rule=trigger.rule,
        urgency=trigger.urgency,
        level=trigger.level,
        price=trigger.price,
        reason=reason,
        decision=decision,
    )


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _trigger_entry(context: Context, trigger: Trigger, kind: str, urgency: str) -> JournalEntry:
    data: dict[str, Any] = facts(context.position) | {
        "rule": trigger.rule,
        "level": _plain(trigger.level),
        "bid": _plain(trigger.price),
    }
    return journal.entry(
        kind,
        trigger.sentence.render(_),
        at=context.now,
        position=context.position,
        urgency=urgency,
        rule=trigger.rule,
        data=data,
    )


def _notice(context: Context, notice: Notice) -> JournalEntry:
    data = facts(context.position) | {
        "level": _plain(notice.level),
        "bid": _plain(context.row.tick.bid),
        "ask": _plain(context.row.tick.ask),
        "problem": context.row.tick.problem,
    }
    if notice.kind in {"unpriced", "priced"}:
        venue = context.position.market.venue
        data |= {"venue": venue, "blind": venue in context.blind}
    return journal.entry(
        notice.kind,
        notice.sentence.render(_),
        at=context.now,
        position=context.position,
        urgency=notice.urgency,
        rule=notice.rule,
        data=data,
    )


def _failures(
    decisions: Decisions, rows: Mapping[int, Position], now: datetime
) -> Iterable[JournalEntry]:
    """A position that cannot be judged is told once, not in every pass; again when it was over."""
    told = _told_failures(list(decisions.failed)) if decisions.failed else frozenset()
    return [
        journal.entry(
            "error", text, at=now, position=rows[pk], urgency="critical", data=facts(rows[pk])
        )
        for pk, text in decisions.failed.items()
        if pk in rows and (pk, text) not in told
    ]


def _told_failures(ids: list[int]) -> frozenset[tuple[int | None, str]]:
    """What was told of these positions, but for what has been over since."""
    over = Alarm.objects.filter(kind="error", position__in=ids).exclude(resolved_at=None)
    ended = dict(over.values_list("position_id", "resolved_at"))
    rows = JournalEntry.objects.filter(kind="error", position__in=ids)
    return frozenset(
        (pk, text)
        for pk, text, at in rows.values_list("position_id", "text", "at")
        if (over_at := ended.get(pk)) is None or at > over_at
    )


BEST = [("best", "numeric"), ("best_f", "float")]


def raise_best_bids(rising: Sequence[tuple[Any, ...]]) -> None:
    """Stores the new best bids of calm positions: (bid, the same as float, position's id) each."""
    update_many("positions_mark", "position_id", BEST, rising)
