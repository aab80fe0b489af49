"""Precision, recall and the like. Pure; shares are floats for reading, or None of nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one class: how many have it, and how well it was told from the others."""

    n: int
    precision: float | None
    recall: float | None
    f1: float | None

    def as_json(self) -> dict[str, float | int | None]:
        return {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }


def of_class(name: str, wanted: Sequence[str], got: Sequence[str]) -> Figures:
    """`wanted` and `got` in the same order."""
    return of_hits([one == name for one in wanted], [one == name for one in got])


def of_hits(wanted: Sequence[bool], got: Sequence[bool]) -> Figures:
    """The same of yes and no."""
    both = sum(a and b for a, b in zip(wanted, got, strict=True))
    precision, recall = share(both, sum(got)), share(both, sum(wanted))
    total = (precision or 0) + (recall or 0)
    f1 = 2 * (precision or 0) * (recall or 0) / total if total else None
    return Figures(sum(wanted), precision, recall, f1)


def share(part: int, whole: int) -> float | None:
    """None of nothing."""
    return part / whole if whole else None


def percentile(values: Sequence[float], rank: float) -> float | None:
    """The smallest value that at least `rank` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(rank * len(ordered)) - 1)] if ordered else None
