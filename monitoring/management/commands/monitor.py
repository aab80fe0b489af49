"""One pass now, in the foreground."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from monitoring.engine import run_pass
from monitoring.engine.result import PassResult
from monitoring.keeping.versions import NewerDatabaseError, refuse_newer
from monitoring.lease import LeaseHeldError
from monitoring.report import lines

HELD = 3


class Command(BaseCommand):
    """Exit 0 when the pass ran to its end, position errors included; 3 while another is at work."""

    help = _("Runs one pass now: prices, rules, exits; a line for each position.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("print one JSON document"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_newer()
            result = run_pass()
        except NewerDatabaseError as error:
            raise CommandError(str(error)) from error
        except LeaseHeldError as error:
            self._held(error, as_json=options["json"])
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json()))
        else:
            self._print(result)

    def _held(self, error: LeaseHeldError, *, as_json: bool) -> None:
        text = _("Another pass is at work (%(holder)s). Wait for it, or look at the dashboard.")
        message = text % {"holder": error.holder}
        if as_json:
            self.stdout.write(json.dumps({"error": message}))
        else:
            self.stderr.write(message)
        sys.exit(HELD)

    def _print(self, result: PassResult) -> None:
        for line in lines(result):
            self.stdout.write(line)
