"""The same question on the same grounds is not paid for twice.

A valid decision is used again within 6 hours (30 minutes where it is critical) while the evidence is
the same and the price within 2 cents; what failed is left alone for a minute.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from monitoring.advisor.deciding.policy import AGAIN_AFTER
from monitoring.advisor.deciding.prompt import VERSION
from monitoring.advisor.deciding.view import Facts
from monitoring.models import AICall, Decision

STEP = Decimal("0.02")  # of the payout, of the entry price where there is none
KEPT, KEPT_CRITICAL = timedelta(hours=6), timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Keys:
    """`own`: of this very question; `near`: with those one price step beside it; `step`: 2 cents."""

    own: str
    near: Sequence[str]
    step: Decimal
    bid: Decimal | None


def keys(position_id: int, facts: Facts, model: str) -> Keys:
    """What the question rests on, hashed: position, side, trigger, urgency, headlines by the hash of
    their words, the price in steps of 2 cents, versions of thesis and prompt, the model.
    """
    step = STEP * (facts.entry if facts.payout is None else facts.payout)
    grounds = [
        position_id,
        facts.outcome,
        facts.rule,
        facts.urgency,
        sorted(one.key for one in facts.news),
        facts.thesis_version,
        VERSION,
        model,
    ]
    if facts.bid is None:
        own = _hash([*grounds, None])
        return Keys(own, (own,), step, None)
    bucket = int((facts.bid / step).to_integral_value(rounding=ROUND_FLOOR))
    near = tuple(_hash([*grounds, one]) for one in (bucket - 1, bucket, bucket + 1))
    return Keys(near[1], near, step, facts.bid)


def _hash(grounds: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(grounds).encode()).hexdigest()


def reusable(
    position_id: int, known: Keys, *, model: str, urgency: str, sells: bool, now: datetime
) -> Decision | None:
    """A decision of this model that answers the question already. `sells`: the position may be sold
    without a person now: then an old word to sell is none, it is asked again.
    """
    since = now - (KEPT_CRITICAL if urgency == "critical" else KEPT)
    verdicts = [Decision.Verdict.HOLD]
    if not sells:
        verdicts += [Decision.Verdict.SELL, Decision.Verdict.REDUCE]
    rows = Decision.objects.filter(
        position=position_id,
        evidence_key__in=known.near,
        model=model,
        verdict__in=verdicts,
        cached_from=None,
        at__gt=since,
        at__lte=now,
    )
    return next((row for row in rows.order_by("-id") if _close(row.bid, known)), None)


def _close(bid: Decimal | None, known: Keys) -> bool:
    if bid is None or known.bid is None:
        return bid is known.bid
    return abs(bid - known.bid) < known.step


def failed_lately(position_id: int, known: Keys, now: datetime) -> bool:
    """Whether the same was asked less than a minute ago and no decision came of it."""
    calls = AICall.objects.filter(
        purpose=AICall.Purpose.DECIDE,
        position=position_id,
        question__evidence_key__in=known.near,
        started_at__gt=now - AGAIN_AFTER,
    )
    return calls.exclude(pk__in=Decision.objects.exclude(call=None).values("call")).exists()
