"""Figures over many scored decisions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from monitoring.advisor.scoring.judge import Judged

ENOUGH = 50  # below it no rate is shown: it would be chance
BINS = 5
HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Sample:
    """A scored decision: how sure it was, what came of it, `regret` in cents of the payout."""

    confidence: Decimal
    right: bool
    regret: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """Over `n` decisions: the part that was right, the mean regret, the Brier score of how sure they
    said to be. All None below ENOUGH.
    """

    n: int
    right: Decimal | None = None
    regret: Decimal | None = None
    brier: Decimal | None = None

    @property
    def enough(self) -> bool:
        return self.n >= ENOUGH


@dataclass(frozen=True, slots=True)
class Bin:
    """Decisions whose confidence lies from `low` up to `high`: how sure they were on average, and
    how many of them were right. None where there are none.
    """

    low: Decimal
    high: Decimal
    n: int
    sure: Decimal | None
    right: Decimal | None


def figures(samples: Sequence[Sample], *, least: int = ENOUGH) -> Figures:
    """Rates over the samples; only their number where there are fewer than `least`, or none."""
    n = len(samples)
    if n < max(least, 1):
        return Figures(n)
    return Figures(
        n,
        mean(Decimal(one.right) for one in samples),
        mean(one.regret for one in samples),
        brier(samples),
    )


def mean(values: Iterable[Decimal]) -> Decimal:
    """Raises ZeroDivisionError for none."""
    found = list(values)
    return sum(found, Decimal(0)) / len(found)


def brier(samples: Sequence[Sample]) -> Decimal:
    """Mean squared distance between how sure it was and what came (0 best, 1 worst; Brier 1950)."""
    return mean((one.confidence - one.right) ** 2 for one in samples)


def bins(samples: Sequence[Sample], *, number: int = BINS) -> list[Bin]:
    """Reliability: of those that were 60 to 80 % sure, how many were right? Equal widths; a whole
    1 belongs to the last one.
    """
    parts: list[list[Sample]] = [[] for _ in range(number)]
    for one in samples:
        parts[min(int(one.confidence * number), number - 1)].append(one)
    width = Decimal(1) / number
    return [_bin(place * width, width, part) for place, part in enumerate(parts)]


def _bin(low: Decimal, width: Decimal, part: Sequence[Sample]) -> Bin:
    if not part:
        return Bin(low, low + width, 0, None, None)
    sure = mean(one.confidence for one in part)
    return Bin(low, low + width, len(part), sure, mean(Decimal(one.right) for one in part))


def always(outcomes: Iterable[tuple[Judged, Decimal]]) -> list[Sample]:
    """A baseline that does the same each time and is always sure: `outcomes` are what it would have
    come to, with the regret in cents.
    """
    return [Sample(Decimal(1), judged.right, regret) for judged, regret in outcomes]


def undecided(samples: Iterable[Sample]) -> list[Sample]:
    """The same answers by somebody who always says that he is half sure."""
    return [Sample(HALF, one.right, one.regret) for one in samples]
