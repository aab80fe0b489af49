"""`manage.py doctor [--json]`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

from django.utils import timezone

from monitoring.diagnosis import diagnose
from monitoring.diagnosis.base import Check
from monitoring.diagnosis.command import CheckCommand


class Command(CheckCommand):
    help = (
        "Check database, worker, price sources, channels, login, outside heartbeat, backup, AI key,"
        " clock, links, disk and service."
    )

    def checks(self) -> list[Check]:
        """Everything."""
        return diagnose(now=timezone.now())
