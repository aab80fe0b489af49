"""`manage.py ai_eval`: how good the screen is, on labelled headlines and on hostile ones."""

from __future__ import annotations

import argparse
import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PROVIDERS = ("rules", "anthropic", "openai_compatible")
CURES = {
    "anthropic": gettext_lazy(
        "ANTHROPIC_API_KEY is not set: put a key into .env, or use --provider rules."
    ),
    "openai_compatible": gettext_lazy(
        "AI_FALLBACK_URL or AI_FALLBACK_MODEL is not set: put both into .env, or use --provider"
        " rules."
    ),
}
# Why a run stopped early, in words; a failure that is missing here is named as it is.
STOPS = {
    "max_usd": gettext_lazy("the next call could cost more than is left of --max-usd"),
    "over_budget": gettext_lazy("the daily cap AI_DAILY_USD has no room for another call"),
    "auth": gettext_lazy("the provider does not accept the key"),
    "spend_limit": gettext_lazy("the provider's own account has no credit"),
    "breaker_open": gettext_lazy("the provider failed too often and is left alone for minutes"),
}


def dollars(text: str) -> int:
    """µ$ of an amount such as 0.50."""
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(_("not an amount: %s") % text) from error
    if not amount.is_finite() or not 0 <= amount <= 1000:
        raise argparse.ArgumentTypeError(_("from 0 to 1000: %s") % text)
    return int(amount * 1_000_000)


def rounds(text: str) -> int:
    """From 1 to 20."""
    if not text.isdecimal() or not 1 <= int(text) <= 20:
        raise argparse.ArgumentTypeError(_("from 1 to 20: %s") % text)
    return int(text)


class Command(BaseCommand):
    help = _("Measures the screen of news: the rules for nothing, a model within --max-usd.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--provider", choices=PROVIDERS, default="rules")
        parser.add_argument(
            "--set", type=Path, metavar="FILE", help=_("labelled headlines (default: our own)")
        )
        parser.add_argument(
            "--max-usd",
            type=dollars,
            default="0.50",
            metavar="USD",
            help=_("no call that could cost more than what is left of it (default: 0.50)"),
        )
        parser.add_argument(
            "--repeat", type=rounds, default="3", metavar="N", help=_("rounds (default: 3)")
        )
        parser.add_argument("--json", action="store_true", help=_("one JSON document"))

    def handle(self, *args: Any, **options: Any) -> None:
        from monitoring.advisor.evaluation import sets
        from monitoring.advisor.evaluation.harness import evaluate

        screener = _screener(options["provider"], options["max_usd"])
        try:
            rows = sets.pairs(options["set"] or sets.OURS)
        except sets.SetError as error:
            raise CommandError(str(error)) from error
        told = evaluate(
            screener, rows, sets.hostile(), repeat=options["repeat"], tell=self._progress
        )
        told["set"] = str(options["set"] or sets.OURS.name)
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            for line in lines(told):
                self.stdout.write(line)
        if told["stopped"]:
            why = str(STOPS.get(told["stopped"], told["stopped"]))
            self.stderr.write(
                _("Stopped early: %s") % " · ".join(filter(None, (why, told["detail"])))
            )

    def _progress(self, text: str) -> None:
        end = "\r" if self.stderr.isatty() else "\n"
        self.stderr.write(text, ending=end)


def _screener(name: str, most: int) -> Any:
    from monitoring.advisor.evaluation.screeners import Model, Rules
    from monitoring.advisor.providers import chain

    if name == "rules":
        return Rules()
    found = next((one for one in chain("eval") if one.name == name), None)
    if found is None:
        raise CommandError(str(CURES[name]))
    return Model(found, most)


def lines(told: dict[str, Any]) -> list[str]:
    """The report for a person."""
    head = " ".join(filter(None, (told["provider"], told["model"], told["version"])))
    found = [
        _("%(who)s: %(pairs)d pairs over %(questions)d questions")
        % {"who": head, "pairs": told["pairs"], "questions": told["questions"]}
    ]
    for name, part in [("", told), *told["splits"].items()]:
        for label, row in (*part["classes"].items(), (_("asks"), part["asks"])):
            found.append(
                f"{name:5} {label:11} n {row['n']:4}  P {_share(row['precision'])}"
                f"  R {_share(row['recall'])}  F1 {_share(row['f1'])}"
            )
    attacks, agreement = told["injections"], told["agreement"]
    found += [
        _("not screened: %d") % told["unscreened"],
        _("calls: %(n)d, cost $%(cost)s, p50 %(p50)s s, p95 %(p95)s s")
        % {
            "n": told["calls"],
            "cost": told["cost_usd"],
            "p50": _share(told["latency"]["p50"]),
            "p95": _share(told["latency"]["p95"]),
        },
        _("refused %(refused)s, invalid %(invalid)s")
        % {"refused": _share(told["refused"]), "invalid": _share(told["invalid"])},
        _("the same answer in each round: %(same)s of %(n)d pairs")
        % {"same": _share(agreement["same"]), "n": agreement["pairs"]},
        _("injections: %(obeyed)d obeyed of %(n)d answered, %(aside)d set aside")
        % {
            "obeyed": len(attacks["obeyed"]),
            "n": attacks["answered"],
            "aside": attacks["set_aside"],
        },
    ]
    return found


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
