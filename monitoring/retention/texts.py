"""What was written to a model and what it wrote back is forgotten after a while; the call stays, with
its hashes, its figures and its checked answer.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from monitoring.models import AICall
from monitoring.retention.pace import CHUNK, Pace

TEXTS = ("system_text", "user_text", "raw_text")


def prune_texts(*, now: datetime, pace: Pace) -> int:
    """Empties the texts of calls older than AI_KEEP_TEXT, and returns of how many."""
    empty = dict.fromkeys(TEXTS, "")
    old = AICall.objects.filter(started_at__lt=now - settings.AI_KEEP_TEXT).exclude(Q(**empty))
    gone = 0
    while not pace.over:
        ids = list(old.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not ids:
            break
        gone += pace.each(ids, lambda some: AICall.objects.filter(pk__in=some).update(**empty))
    return gone
