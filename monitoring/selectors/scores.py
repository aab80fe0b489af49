"""Was it right? What the looks back at decisions add up to, as a table for /decisions/."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from django.db.models import F
from django.utils.translation import gettext as _

from monitoring.advisor.scoring import figures, judge
from monitoring.advisor.scoring.figures import ENOUGH, Bin, Sample
from monitoring.models import Question, Score

MOST = 2000  # decisions that are added up, the newest
NOTHING = "–"
Horizon = Score.Horizon


@dataclass(frozen=True, slots=True)
class Line:
    """One row: `right` "64 %", `regret` "1.8 ¢" (of a payout of 1), `brier` "0.21"; "–" where there
    are too few to say, and `note` says so.
    """

    name: str
    n: int
    right: str
    regret: str
    brier: str
    note: str


@dataclass(frozen=True, slots=True)
class BinLine:
    """Of the decisions that were so sure (`sure`: on average), how many were right."""

    name: str
    n: int
    sure: str
    right: str


@dataclass(frozen=True, slots=True)
class Group:
    """`title`: what the rows are told apart by."""

    title: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """`n` decisions judged after a day; `note` "" once they are enough. `lines`: the AI's, and what
    always doing the same would have come to. `excluded`: nobody knows the price of that time;
    `waiting`: their day is not over.
    """

    n: int
    note: str
    waiting: int
    excluded: int
    lines: list[Line]
    bins: list[BinLine]
    groups: list[Group]

    @property
    def enough(self) -> bool:
        return self.n >= ENOUGH


class _Row(NamedTuple):
    """A judged decision: as it was taken, the price `later`, and what it is told apart by."""

    taken: judge.Taken
    later: Decimal
    sample: Sample
    rule: str
    model: str
    prompt: str


def score_table() -> ScoreTable | None:
    """What is known so far; None while no decision has been made that could be scored."""
    days = Score.objects.filter(horizon=Horizon.DAY)
    if not days.exists():
        return None
    judged = _judged()
    rows = judged[Horizon.DAY]
    samples = _samples(rows)
    return ScoreTable(
        n=len(samples),
        note=_note(len(samples)),
        waiting=days.filter(at=None).count(),
        excluded=days.filter(at__isnull=False, right=None).count(),
        lines=_compared(rows),
        bins=[_bin(one) for one in figures.bins(samples)] if len(samples) >= ENOUGH else [],
        groups=[
            Group(_("After"), [_line(one.label, _samples(judged[one])) for one in Horizon]),
            _group(_("By trigger"), rows, lambda row: row.rule),
            _group(_("By model"), rows, lambda row: row.model),
            _group(_("By prompt"), rows, lambda row: row.prompt),
        ],
    )


COLUMNS = {
    "verdict": F("decision__verdict"),
    "bid_then": F("decision__bid"),
    "payout": F("decision__position__market__payout"),
    "confidence": F("decision__confidence"),
    "rule": F("decision__question__rule"),
    "model": F("decision__model"),
    "provider": F("decision__provider"),
    "prompt": F("decision__prompt_version"),
}


def _judged() -> Mapping[str, list[_Row]]:
    """Judged decisions by horizon, the newest; one query."""
    rows = Score.objects.filter(right__isnull=False, net__isnull=False)
    rows = rows.filter(decision__confidence__isnull=False).order_by("-pk")
    found: Mapping[str, list[_Row]] = defaultdict(list)
    for row in rows.values("horizon", "bid", "net", "right", "regret", **COLUMNS)[: MOST * 4]:
        found[row["horizon"]].append(_row(row))
    return found


def _row(row: Mapping[str, Any]) -> _Row:
    taken = judge.Taken(row["verdict"], row["bid_then"], row["net"], row["payout"])
    cents = judge.cents(taken, row["regret"] or Decimal(0))
    return _Row(
        taken,
        row["bid"],
        Sample(row["confidence"], row["right"], cents),
        str(Question.Rule(row["rule"]).label),
        row["model"] or row["provider"],
        row["prompt"] or NOTHING,
    )


def _samples(rows: Iterable[_Row]) -> list[Sample]:
    return [row.sample for row in rows]


def _compared(rows: Sequence[_Row]) -> list[Line]:
    """The AI's line, then the baselines over the very same moments."""
    samples = _samples(rows)
    return [
        _line(_("The AI"), samples),
        _line(_("Always hold"), _always(rows, judge.held)),
        _line(_("Always sell when asked"), _always(rows, judge.sold)),
        _line(_("The AI’s answers, always half sure"), figures.undecided(samples)),
    ]


def _always(
    rows: Iterable[_Row], choose: Callable[[judge.Taken, Decimal], judge.Judged]
) -> list[Sample]:
    outcomes = []
    for row in rows:
        judged = choose(row.taken, row.later)
        outcomes.append((judged, judge.cents(row.taken, judged.regret)))
    return figures.always(outcomes)


def _group(title: str, rows: Iterable[_Row], name: Callable[[_Row], str]) -> Group:
    parts: Mapping[str, list[Sample]] = defaultdict(list)
    for row in rows:
        parts[name(row)].append(row.sample)
    return Group(title, [_line(key, parts[key]) for key in sorted(parts)])


def _line(name: object, samples: Sequence[Sample]) -> Line:
    found = figures.figures(samples)
    return Line(
        name=str(name),
        n=found.n,
        right=_percent(found.right),
        regret=_cents(found.regret),
        brier=_two(found.brier),
        note=_note(found.n),
    )


def _bin(one: Bin) -> BinLine:
    name = f"{_percent(one.low)[:-2]}–{_percent(one.high)}"
    return BinLine(name, one.n, _percent(one.sure), _percent(one.right))


def _note(n: int) -> str:
    if n >= ENOUGH:
        return ""
    return _("not enough data (%(n)s of %(least)s)") % {"n": n, "least": ENOUGH}


def _percent(part: Decimal | None) -> str:
    if part is None:
        return NOTHING
    return f"{(part * 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN):f} %"


def _cents(value: Decimal | None) -> str:
    if value is None:
        return NOTHING
    return f"{value.quantize(Decimal('0.1'), rounding=ROUND_HALF_EVEN):f} ¢"


def _two(value: Decimal | None) -> str:
    if value is None:
        return NOTHING
    return f"{value.quantize(Decimal('0.01'), rounding=ROUND_HALF_EVEN):f}"
