"""How a command tells what was checked: the same of `doctor` and `ai_check`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from monitoring.diagnosis.base import Check

STYLES = {"ok": "SUCCESS", "warn": "WARNING", "fail": "ERROR"}


class CheckCommand(BaseCommand):
    """Prints `checks()` with their remedies, with --json as one document; exits 1 on a fail."""

    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout")

    def checks(self) -> list[Check]:
        """What was found."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        checks = self.checks()
        failed = any(check.status == "fail" for check in checks)
        if options["json"]:
            rows = [asdict(check) for check in checks]
            document = {"ok": not failed, "checks": rows}
            self.stdout.write(json.dumps(document, ensure_ascii=False))
        else:
            for check in checks:
                self._print(check)
        if failed:
            sys.exit(1)

    def _print(self, check: Check) -> None:
        style = getattr(self.style, STYLES[check.status])
        self.stdout.write(f"{style(f'{check.status:4}')}  {check.name}: {check.text}")
        if check.remedy:
            self.stdout.write(_("      → %(remedy)s") % {"remedy": check.remedy})
