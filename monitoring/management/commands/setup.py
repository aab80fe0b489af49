from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from monitoring.setup import FIRST_USER, first_login, install


class Command(BaseCommand):
    help = _("Prepares an installation: tables, static files, schedules, the first login.")

    def handle(self, *args: Any, **options: Any) -> None:
        install(self.stdout.write)
        password = first_login()
        if password is not None:
            self.stdout.write(_("First login, shown this once: %s / %s") % (FIRST_USER, password))
