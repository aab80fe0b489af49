"""`manage.py ai_check [--json]`: whether the AI stage would work, without spending a token."""

from __future__ import annotations

from django.utils import timezone

from monitoring.diagnosis import ai
from monitoring.diagnosis.base import Check
from monitoring.diagnosis.command import CheckCommand


class Command(CheckCommand):
    help = "Check AI key, models, their parameters, prices, budget and fallback. Spends no tokens."

    def checks(self) -> list[Check]:
        """All of the AI stage."""
        return ai.everything(now=timezone.now())
