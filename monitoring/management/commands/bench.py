"""`bench`: the table of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
from subprocess import CalledProcessError
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _


class Command(BaseCommand):
    """Measures whole passes beside the bare driver and freqtrade, on scratch databases only."""

    help = __doc__ or ""
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("one JSON document"))
        parser.add_argument(
            "--positions",
            nargs="+",
            type=int,
            default=[1000, 10_000],
            metavar="N",
            help=_("sizes of the book (default: 1000 10000)"),
        )
        parser.add_argument(
            "--markets",
            type=int,
            default=2000,
            metavar="N",
            help=_("markets they are spread over (default: 2000)"),
        )
        parser.add_argument(
            "--database",
            metavar="URL",
            help=_("a PostgreSQL server, postgres://…, on which databases may be made and dropped"),
        )
        parser.add_argument(
            "--freqtrade", metavar="PYTHON", help=_("the Python of an environment with freqtrade")
        )
        parser.add_argument(
            "--rounds", type=int, default=15, metavar="N", help=_("repetitions (default: 15)")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:  # what measures is no part of the product and stays with its tests
            from tests.benchmarks.run import run
        except ImportError as error:
            raise CommandError(_("The benchmarks need the tests folder of a checkout.")) from error
        try:
            report = run(
                positions=options["positions"],
                markets=options["markets"],
                url=options["database"],
                freqtrade=options["freqtrade"],
                rounds=options["rounds"],
                tell=self.stderr.write,
            )
        except (RuntimeError, CalledProcessError, psycopg.Error) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
            return
        for line in report.lines():
            self.stdout.write(line)
