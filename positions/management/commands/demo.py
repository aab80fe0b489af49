from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from positions.demo import DemoLoadedError, clear, load


class Command(BaseCommand):
    help = _(
        "Loads six sample positions on the built-in simulated market, with an hour of history, or"
        " removes them for good."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clear", action="store_true", help=_("remove the sample positions"))
        parser.add_argument("--json", action="store_true", help=_("print one JSON document"))

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["clear"]:
            removed = clear(now)
            text = _("%(count)s demo positions removed.") % {"count": removed}
            self._tell({"removed": removed}, text, options)
            return
        try:
            added = [position.pk for position in load(now)]
            text = _("%(count)s demo positions loaded.") % {"count": len(added)}
        except DemoLoadedError as error:
            added, text = [], str(error)
        self._tell({"added": added}, text, options)

    def _tell(self, document: dict[str, Any], text: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(document))
        elif options["verbosity"] > 0:
            self.stdout.write(text)
