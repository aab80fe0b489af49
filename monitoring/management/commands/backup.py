from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.keeping.backup import BackupError, backup, note
from monitoring.keeping.postgres import dump_command


class Command(BaseCommand):
    help = _("Writes the database and the secret key into one file, while everything runs.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help=_("the archive to make, such as backup.zip"))
        parser.add_argument("--force", action="store_true", help=_("replace FILE if it is there"))
        parser.add_argument("--json", action="store_true", help=_("one JSON document"))

    def handle(self, *args: Any, **options: Any) -> None:
        now, target = timezone.now(), options["file"].expanduser().absolute()
        try:
            if connection.vendor == "postgresql":
                text = _("PostgreSQL makes its own copies; keep SECRET_KEY beside it:\n  %s")
                raise BackupError(text % dump_command(target))
            made = backup(target, now=now, force=options["force"])
        except BackupError as error:
            if options["json"]:
                self.stdout.write(json.dumps({"error": str(error)}, ensure_ascii=False))
            raise CommandError(str(error)) from error
        if not note(made, now=now):
            self.stderr.write(_("The backup is made, but the journal could not be told of it."))
        if options["json"]:
            self.stdout.write(json.dumps(made.as_json(), ensure_ascii=False))
            return
        told = {"file": made.file, "size": f"{made.bytes:,}", "n": made.positions}
        self.stdout.write(_("%(file)s: %(size)s bytes, %(n)d open positions.") % told)
        self.stdout.write(
            _(
                "The secret key and the channels' webhook addresses are in it: keep it as safe as the"
                " machine itself."
            )
        )
