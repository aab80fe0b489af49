"""What the AI stage may do with a position: read here, and changed by a person."""

from __future__ import annotations

from positions.models import AdvicePolicy


def advice_of(position_id: int) -> AdvicePolicy:
    """The position's AI policy; the defaults, not stored, where nobody has changed anything."""
    row = AdvicePolicy.objects.filter(position_id=position_id).first()
    return row or AdvicePolicy(position_id=position_id)
