from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from positions.models import Strategy
from positions.venues.base import VenueError
from positions.wallets import Synced, wallet_sync


class Command(BaseCommand):
    help = _(
        "Stores a public wallet address and mirrors its open positions now; the worker repeats it"
        " every five minutes. The address is the proxy (deposit) wallet of the profile page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help=_("0x and 40 hex digits"))
        parser.add_argument("--strategy", help=_("whose rules guard what is new from now on"))
        parser.add_argument("--json", action="store_true", help=_("print one JSON document"))

    def handle(self, *args: Any, **options: Any) -> None:
        strategy = self._strategy(options["strategy"])
        try:
            synced = wallet_sync(
                options["address"], now=timezone.now(), strategy=strategy, say=self.stderr.write
            )
        except VenueError as error:
            if options["json"]:
                self.stdout.write(json.dumps({"error": str(error)}))
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(synced), ensure_ascii=False))
        else:
            self._tell(synced)

    def _strategy(self, name: str | None) -> Strategy | None:
        if not name:
            return None
        known = {strategy.name: strategy for strategy in Strategy.objects.all()}
        if name not in known:
            texts = {"name": name, "known": ", ".join(sorted(known))}
            raise CommandError(_("“%(name)s” is not known; known are %(known)s") % texts)
        return known[name]

    def _tell(self, synced: Synced) -> None:
        counts = {
            "all": synced.holdings,
            "opened": len(synced.opened),
            "changed": len(synced.changed),
            "closed": len(synced.closed),
            "missing": len(synced.missing),
            "dust": len(synced.dust),
            "redeemable": synced.redeemable,
        }
        self.stdout.write(
            _(
                "%(all)s holdings: %(opened)s opened, %(changed)s changed, %(closed)s closed"
                " elsewhere, %(missing)s missing, %(dust)s dust, %(redeemable)s to redeem."
            )
            % counts
        )
        if synced.still_held:
            ids = ", ".join(map(str, synced.still_held))
            self.stdout.write(
                _("Sold on paper, your wallet still holds them: %(ids)s") % {"ids": ids}
            )
        for line in (*synced.problems, synced.warning, synced.hint):
            if line:
                self.stdout.write(line)
