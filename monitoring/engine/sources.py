"""Venues that answer nothing: one entry for the whole of it, before those of its positions.

Blind is not quiet. A venue is blind from the first look in which it told nothing about anything
held there; it is told when the first of its positions is, and is over with its first answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.engine.decide import Judged
from monitoring.engine.look import Look, Watched
from monitoring.facts import venue_name
from monitoring.models import Source
from positions import journal
from positions.domain.silence import near_stop, tell_after
from positions.domain.stops import armed_levels
from positions.models import JournalEntry, Position
from positions.presenting.text import span
from positions.text import storable


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one venue; the columns of its row."""

    answered_at: datetime | None = None
    blind_since: datetime | None = None
    told: bool = False
    problem: str = ""


@dataclass
class Sources:
    """All venues, read once a pass. `blind`: those whose `unpriced` and `priced` entries of this
    look come of the venue; `back`: whose blindness, told before, has ended in it.
    """

    interval: Decimal
    states: dict[str, State]
    blind: set[str] = field(default_factory=set)
    back: dict[str, State] = field(default_factory=dict)

    def read(self) -> None:
        """One query."""
        columns = ("venue", "answered_at", "blind_since", "told", "problem")
        rows = Source.objects.values_list(*columns)
        self.states = {venue: State(*rest) for venue, *rest in rows}

    def note(self, markets: Iterable[Watched], found: Look, now: datetime) -> None:
        """Takes in which venues answered in this look at all their held markets."""
        self.blind, self.back = set(), {}
        for venue in {market.instrument.venue for market in markets}:
            known = self.states.get(venue, State())
            problem = found.failed.get(venue)
            if problem is None:
                if known.blind_since is not None and known.told:
                    self.blind.add(venue)
                    self.back[venue] = known
                self.states[venue] = State(answered_at=now)
                continue
            self.blind.add(venue)
            since = known.blind_since
            if since is None or since > now:  # the clock may have been set back
                since = now
            self.states[venue] = replace(known, blind_since=since, problem=problem[:300])

    def down(
        self, markets: Sequence[Watched], judged: Sequence[Judged], now: datetime
    ) -> list[JournalEntry]:
        """Entries of the venues whose blindness is to be told now; they come before all others."""
        entries = []
        for venue in sorted(self.blind - self.back.keys()):
            known = self.states[venue]
            here = {m.instrument.id: m.positions for m in markets if m.instrument.venue == venue}
            mine = [row for row in judged if row.candidate.market_id in here]
            if known.told or known.blind_since is None:
                continue
            waited = now - known.blind_since >= tell_after(self.interval)
            if waited or any(_tells(row) for row in mine):
                self.states[venue] = replace(known, told=True)
                entries.append(_down(venue, known, sum(here.values()), mine, now))
        return entries

    def up(self, now: datetime) -> list[JournalEntry]:
        """Entries of the venues that answer again; they come after those of their positions."""
        return [_back(venue, known, now) for venue, known in sorted(self.back.items())]

    def write(self, markets: Iterable[Watched]) -> None:
        """Stores the venues of this look, one statement for all of them."""
        venues = {market.instrument.venue for market in markets}
        rows = [_row(venue, self.states[venue]) for venue in sorted(venues)]
        Source.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["venue"],
            update_fields=["answered_at", "blind_since", "told", "problem"],
        )


def _row(venue: str, state: State) -> Source:
    return Source(
        venue=venue,
        answered_at=state.answered_at,
        blind_since=state.blind_since,
        told=state.told,
        problem=storable(state.problem),
    )


def _tells(row: Judged) -> bool:
    return any(notice.kind == "unpriced" for notice in row.judgement.notices)


def _down(
    venue: str, state: State, positions: int, judged: Sequence[Judged], now: datetime
) -> JournalEntry:
    """`judged`: the venue's positions; all of them are judged while it is blind."""
    stops = [row for row in judged if _armed(row)]
    near = sum(_near(row) for row in stops)
    text = ngettext(
        "%(venue)s tells no prices: %(n)d position is not guarded, %(near)d within 5 %% of a stop"
        " (%(problem)s)",
        "%(venue)s tells no prices: %(n)d positions are not guarded, %(near)d within 5 %% of their"
        " stop (%(problem)s)",
        positions,
    ) % {"venue": venue_name(venue), "n": positions, "near": near, "problem": state.problem}
    since = state.blind_since or now
    return journal.entry(
        "source_down",
        text,
        at=now,
        urgency="critical" if stops else "high",
        data={
            "venue": venue,
            "since": since.isoformat(),
            "positions": positions,
            "stops": len(stops),
            "near": near,
            "problem": state.problem,
            **_demo(venue),
        },
    )


def _levels(row: Judged) -> list[Decimal]:
    return armed_levels(row.policy, row.candidate.held.entry, row.judgement.state)


def _armed(row: Judged) -> bool:
    return bool(_levels(row))


def _near(row: Judged) -> bool:
    return near_stop(row.candidate.held, row.policy, row.judgement.state)


def _back(venue: str, before: State, now: datetime) -> JournalEntry:
    since = before.blind_since or now
    away = max(timedelta(0), now - since)
    return journal.entry(
        "source_back",
        _("%(venue)s tells prices again after %(span)s")
        % {"venue": venue_name(venue), "span": span(away.total_seconds())},
        at=now,
        urgency="medium",
        data={"venue": venue, "since": since.isoformat(), "seconds": round(away.total_seconds())}
        | _demo(venue),
    )


def _demo(venue: str) -> dict[str, bool]:
    """What an entry's data says of it when the venue holds nothing but the demo."""
    held = Position.objects.filter(market__venue=venue, state=Position.State.OPEN)
    return {} if held.filter(is_demo=False).exists() else {"demo": True}
