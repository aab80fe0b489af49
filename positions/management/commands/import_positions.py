from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from positions.importing import FileError, ImportRefusedError, Result, import_file, place


class Command(BaseCommand):
    help = _(
        "Adds the positions of a CSV or JSON file: all of them or, when any row is wrong, none."
        " The same file twice changes nothing. Without an outcome a market's Yes is meant."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help=_("CSV with a header, or a JSON list"))
        parser.add_argument(
            "--arm-now",
            action="store_true",
            help=_("let rules fire that are already breached at the first price"),
        )
        parser.add_argument("--json", action="store_true", help=_("print one JSON document"))

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            result = import_file(
                path,
                now=timezone.now(),
                actor="import_positions",
                arm_now=options["arm_now"],
                say=self.say,
            )
        except FileError as error:
            self._refuse([{"line": None, "field": "file", "error": str(error)}], options)
        except ImportRefusedError as error:
            self._refuse([_as_dict(problem) for problem in error.problems], options)
        else:
            self._tell(result, options)

    def say(self, text: str) -> None:
        self.stderr.write(text)

    def _refuse(self, errors: list[dict[str, Any]], options: dict[str, Any]) -> None:
        """Nothing was imported: every bad row on stderr, and in the JSON document."""
        if options["json"]:
            self.stdout.write(json.dumps({"added": [], "errors": errors}, ensure_ascii=False))
        lines = [
            f"{_where(error)}: {error['field']}: {error['error']}"
            if error["line"] is not None
            else f"{options['file']}: {error['error']}"
            for error in errors
        ]
        raise CommandError("\n".join([*lines, _("Nothing was imported.")]))

    def _tell(self, result: Result, options: dict[str, Any]) -> None:
        if options["json"]:
            document = {
                "added": result.added,
                "known": result.known,
                "differs": result.differs,
                "errors": [],
            }
            self.stdout.write(json.dumps(document, ensure_ascii=False))
            return
        counts = {"added": len(result.added), "known": result.known}
        self.stdout.write(_("%(added)s added, %(known)s known already.") % counts)
        for row in result.differs:
            changed = "; ".join(
                f"{name}: {_('file')} {_shown(both['file'])}, {_('book')} {_shown(both['book'])}"
                for name, both in row["differs"].items()
            )
            known = {"place": _where(row), "id": row["position"], "what": changed}
            self.stdout.write(_("%(place)s: position %(id)s exists, differs: %(what)s") % known)


def _as_dict(problem: Any) -> dict[str, Any]:
    found = {"line": problem.line, "field": problem.field, "error": problem.error}
    return found | ({"item": problem.item} if problem.item else {})


def _where(row: dict[str, Any]) -> str:
    return place(row["line"], row.get("item", 0))


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
