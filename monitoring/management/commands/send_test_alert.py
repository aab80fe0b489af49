"""`manage.py send_test_alert [--channel NAME] [--json]`: through the real delivery path."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from monitoring.alerts import probe
from monitoring.alerts.channels import ensure_env_channel
from monitoring.models import Channel


class Command(BaseCommand):
    help = "Send a test alert through the real delivery path and tell where it arrived."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--channel", metavar="NAME", help="only this channel (default: all)")
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_env_channel()
        problem = _problem(options["channel"])
        results = [] if problem else probe.run(actor="send_test_alert", channel=options["channel"])
        good = bool(results) and all(result.state == "sent" for result in results)
        if options["json"]:
            document = {"ok": good, "problem": problem, "channels": [asdict(r) for r in results]}
            self.stdout.write(json.dumps(document, ensure_ascii=False))
        else:
            for result in results:
                self.stdout.write(_line(result))
        if not good:
            raise CommandError(problem or _("The test alert has not arrived everywhere."))


def _problem(name: str | None) -> str:
    names = list(Channel.objects.order_by("name").values_list("name", flat=True))
    if not names:
        return _("There is no channel: set DISCORD_WEBHOOK_URL, or add one in admin.")
    if name and name not in names:
        known = ", ".join(names)
        return _("There is no channel “%(name)s”; known: %(known)s") % {
            "name": name,
            "known": known,
        }
    on = Channel.objects.filter(enabled=True)
    off = Channel.objects.filter(name=name, enabled=False).first() if name else None
    if off or not on.exists():
        channel = off or Channel.objects.order_by("name")[0]
        return _("The channel “%(name)s” is off: %(why)s Switch it on in admin.") % {
            "name": channel.name,
            "why": f"{channel.disabled_reason}." if channel.disabled_reason else "",
        }
    return ""


def _line(result: probe.Result) -> str:
    if result.state == "sent":
        return _("%(channel)s: delivered after %(seconds)s s") % {
            "channel": result.channel,
            "seconds": result.seconds,
        }
    return f"{result.channel}: {result.state}: {result.error}\n  {result.cure}"
