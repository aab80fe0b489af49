"""`manage.py install_service`: the product back after a crash, a reboot and a power cut."""

from __future__ import annotations

import getpass
import os
import pwd
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from monitoring.management.commands.up import port_taken
from monitoring.service.installing import NotInstalledError, Wanted, switch_on, take_away
from monitoring.service.places import NAME, Place, facts, lingers, owner_of, place
from monitoring.service.systemctl import Systemctl
from monitoring.service.unit import unit

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = _("Makes Position Manager a systemd service: started at boot, restarted when it dies.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group()
        whose.add_argument("--user", action="store_true", help=_("yours (default unless root)"))
        whose.add_argument("--system", action="store_true", help=_("the machine's; needs root"))
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--print", action="store_true", help=_("only show the unit"))
        what.add_argument("--remove", action="store_true", help=_("stop it and remove the unit"))
        what.add_argument("--force", action="store_true", help=_("replace a unit that differs"))
        parser.add_argument("--name", default=NAME, help=_("of the unit (default %s)") % NAME)
        parser.add_argument(
            "--run-as", metavar="USER", help=_("of a system unit (default: DATA_DIR's owner)")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", options["name"], re.ASCII):
            raise CommandError(_("--name may have letters, digits, dots, dashes, underscores"))
        where = place(
            system=options["system"] or (os.getuid() == 0 and not options["user"]),
            name=options["name"],
        )
        user = options["run_as"] or owner_of(settings.DATA_DIR)
        text = unit(facts(where, Path(sys.executable), user))
        if options["print"]:
            self.stderr.write(f"# {where.unit}", ending="\n")
            self.stdout.write(text, ending="")
            return
        try:
            self._act(where, text, user, options)
        except NotInstalledError as error:
            raise CommandError(str(error)) from error

    def _act(self, where: Place, text: str, user: str, options: dict[str, Any]) -> None:
        if not Systemctl.there():
            raise CommandError(_by_hand())
        systemctl = Systemctl(where.system)
        if options["remove"]:
            take_away(where, systemctl, self._say)
            return
        if where.system:
            self._check_user(user)
        wanted = Wanted(where, text, Path.cwd(), os.environ)
        changed = wanted.write(self._say, force=options["force"])
        taken = port_taken(settings.HOST, settings.PORT)
        switch_on(where, systemctl, self._say, changed=changed, port_taken=taken)
        self._explain(where)

    def _check_user(self, user: str) -> None:
        try:
            pwd.getpwnam(user)
        except KeyError:
            raise CommandError(_("There is no user “%(user)s”") % {"user": user}) from None
        if user == "root":
            self._say(_("It will run as root, as the data is root's; --run-as names another user."))

    def _explain(self, where: Place) -> None:
        whose = "" if where.system else "--user "
        name = where.unit.stem
        self._say(_("It starts at boot and comes back within seconds when it dies."))
        self._say(_("  How it is:      systemctl %s") % f"{whose}status {name}")
        self._say(_("  What it says:   journalctl %s") % f"{whose}-u {name} -f")
        self._say(_("  Take it away:   manage.py install_service %s") % "--remove")
        if not where.system and not lingers(getpass.getuser()):
            self._say(
                _(
                    "One step is left: your services start only when you log in, and end with your"
                    " last session. After a power cut nobody logs in. Run once: loginctl"
                    " enable-linger"
                )
            )

    def _say(self, text: str) -> None:
        self.stdout.write(text)


def _by_hand() -> str:
    return _(
        "There is no systemctl here, so nothing was written. Have whatever starts programs at boot"
        " run this, and again when it ends: cd %(folder)s && %(python)s manage.py up"
        "  (cron: @reboot; Docker: restart: always; --print shows the unit for another machine)"
    ) % {"folder": settings.BASE_DIR, "python": sys.executable}
