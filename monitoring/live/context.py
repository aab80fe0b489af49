"""What every page of ours carries: the heartbeat, the mode, the texts of its modules."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from monitoring.checklist import steps_for
from monitoring.live.signs import read_pulse, read_runs
from monitoring.live.texts import texts
from monitoring.selectors.alerts import troubles
from monitoring.selectors.decisions import open_count, open_questions
from pmsite.version import VERSION


def live(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Templates call what can be called, and each is read at most once and only
    where a template asks for it: the admin never does.
    """
    return {
        "pulse": cache(lambda: read_pulse(timezone.now())),
        "runs": cache(read_runs),
        "js_texts": cache(texts),
        "troubles": cache(troubles),
        "ai_open": cache(open_count),
        "ai_asks": cache(lambda: open_questions(timezone.now())),
        "steps_left": cache(lambda: steps_for(request.user.pk, timezone.now())),
        "mode": settings.EXECUTION_MODE,
        "version": VERSION,
    }
