"""One pass now, in the foreground; then what its questions came to."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from monitoring.engine import run_pass
from monitoring.engine.result import PassResult
from monitoring.keeping.versions import NewerDatabaseError, refuse_newer
from monitoring.lease import LeaseHeldError
from monitoring.models import Question
from monitoring.report import lines

logger = logging.getLogger(__name__)

HELD = 3


Answer = Callable[[], list[dict[str, Any]]]


def answered(asked: list[dict[str, Any]], answer: Answer | None = None) -> list[dict[str, Any]]:
    """The questions of a pass as they stand once those that wait have been answered; the pass is
    over and its lease released: a provider that hangs delays this command's words, and no stop.
    Where answering fails, what the pass has done is told all the same. `answer`: who answers.
    """
    if not Question.objects.filter(state__in=Question.LIVE).exists():
        return asked
    try:
        rows = (answer or _decide)()
    except Exception:
        logger.exception("the questions that wait could not be answered")
        return asked
    found = {row["question"]: row for row in rows}
    told = [found.pop(row["question"], row) for row in asked]
    return told + list(found.values())


def _decide() -> list[dict[str, Any]]:
    # Imported where there is something to ask: the AI stage is heavy.
    from monitoring.advisor.deciding.run import decide_due

    return decide_due()


class Command(BaseCommand):
    """Exit 0 when the pass ran to its end, position errors included; 3 while another is at work."""

    help = _("Runs one pass now: prices, rules, exits; a line for each position.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("print one JSON document"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_newer()
            result = run_pass()
            result.decisions = answered(result.decisions)
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
