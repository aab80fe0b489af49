from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.keeping.postgres import adopt, restore_command
from monitoring.keeping.restore import Restored, RestoreError, restore


class Command(BaseCommand):
    help = _(
        "Puts a backup in the place of the database while nothing runs. What was there is kept."
        " Exits stay paused until somebody has compared the positions with the wallet."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help=_("what `backup` has made"))
        parser.add_argument(
            "--after-pg-restore",
            action="store_true",
            help=_("PostgreSQL: FILE has just been put back by pg_restore; do what comes after"),
        )
        parser.add_argument("--json", action="store_true", help=_("one JSON document"))

    def handle(self, *args: Any, **options: Any) -> None:
        file = options["file"].expanduser().absolute()
        try:
            restored = self._restore(file, adopted=options["after_pg_restore"])
        except RestoreError as error:
            if options["json"]:
                self.stdout.write(json.dumps({"error": str(error)}, ensure_ascii=False))
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(restored.as_json(), ensure_ascii=False))
            return
        for line in lines(restored):
            self.stdout.write(line)

    def _restore(self, file: Path, *, adopted: bool) -> Restored:
        if connection.vendor == "postgresql":
            if not adopted:
                text = _("PostgreSQL is put back by its own tools, then comes the rest:\n%s")
                raise RestoreError(text % restore_command(file))
            return adopt(file, now=timezone.now())
        if adopted:
            raise RestoreError(_("--after-pg-restore is for PostgreSQL"))
        return restore(file, now=timezone.now())


def lines(restored: Restored) -> list[str]:
    """What a person is told."""
    told = {"at": restored.made_at, "n": restored.positions, "expired": restored.expired}
    found = [_("Restored from the backup of %(at)s: %(n)d open positions.") % told]
    if restored.kept:
        found.append(_("What was there before is kept in %s") % restored.kept)
    found.append(_("%(expired)d alerts that were waiting then will not be sent.") % told)
    if restored.other_key:
        found.append(
            _("SECRET_KEY is set and is not the backup's: everybody has to sign in again.")
        )
    found.append(
        _(
            "Exits are paused: start Position Manager, compare the positions with your wallet, then"
            " resume exits on the page."
        )
    )
    return found
