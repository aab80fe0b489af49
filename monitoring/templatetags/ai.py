"""What the AI stage puts into pages of `positions`, which itself knows nothing of it."""

from __future__ import annotations

from django import template
from django.utils import timezone

from monitoring.selectors.advice import About, about

register = template.Library()


@register.simple_tag
def position_ai(position_id: int) -> About | None:
    """The AI stage's facts of one position, for `monitoring/_position_*.html`."""
    return about(position_id, timezone.now())
