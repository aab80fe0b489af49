from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from positions.domain.chart import chart
from positions.domain.policy import Policy, PolicyError, check_market, loads, number, parse
from positions.domain.replay import Replay, document, position, replay
from positions.domain.series import Series, SeriesError, moment, read, stamp
from positions.domain.wording import shares_text, signed_money_text
from positions.models import ExitPolicy, Strategy

LEAST = Decimal("0.01")


class Command(BaseCommand):
    help = _(
        "Plays the exit rules over a recorded price series, with the very functions of a pass."
        " The entry is at the first point's time, every sale is filled at its reading's bid, and a"
        " stop needs a second reading only where the policy states confirm_seconds."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "prices",
            type=Path,
            help=_(
                'Polymarket\'s {"history": [{"t": unix, "p": price}]}, or CSV with the header'
                " time,bid[,ask] (ISO or unix seconds; an empty bid is a reading without a price)"
            ),
        )
        parser.add_argument(
            "--policy", required=True, help=_("JSON, a file with it, or the name of a strategy")
        )
        parser.add_argument("--entry", required=True, help=_("entry price per share"))
        parser.add_argument("--shares", default="100", help=_("shares bought; default 100"))
        parser.add_argument("--end", help=_("the market's end, ISO (without a zone UTC) or unix"))
        parser.add_argument(
            "--fee-rate", default="0", help=_("fee rate of the exits, such as 0.05; default 0")
        )
        parser.add_argument(
            "--payout",
            default="1",
            help=_(
                "what a winning share pays; default 1, “none” for an instrument such as an index"
            ),
        )
        parser.add_argument("--chart", type=Path, help=_("write an SVG picture to this file"))
        parser.add_argument("--json", action="store_true", help=_("print one JSON document"))

    def handle(self, *args: Any, **options: Any) -> None:
        series = _series(options["prices"])
        result = _play(series, _policy(options["policy"]), options)
        if options["chart"]:
            _draw(result, options["prices"], options["chart"])
        if options["json"]:
            self.stdout.write(json.dumps(document(result), ensure_ascii=False))
        else:
            self._tell(result, options["chart"])

    def _tell(self, result: Replay, drawn: Path | None) -> None:
        held = result.held
        texts = {
            "n": len(result.series.points),
            "source": result.series.source,
            "price": held.price(held.entry),
            "time": stamp(held.opened_at),
        }
        self.stdout.write(_("%(n)s readings (%(source)s), entry %(price)s at %(time)s") % texts)
        for line in _table(result):
            self.stdout.write(line)
        bids = result.bids
        texts = {
            "open": shares_text(result.open_shares),
            "pnl": signed_money_text(result.realised_pnl, held.currency),
            "best": held.price(max(bids)) if bids else "–",
            "worst": held.price(min(bids)) if bids else "–",
        }
        self.stdout.write(
            _("%(open)s shares open, realised %(pnl)s, best bid %(best)s, worst %(worst)s") % texts
        )
        if drawn:
            self.stdout.write(_("chart: %(path)s") % {"path": drawn})


def _series(path: Path) -> Series:
    try:
        return read(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise _wrong("%(path)s cannot be read: %(why)s", path=path, why=error.strerror) from None
    except UnicodeDecodeError:
        raise _wrong("%(path)s is not UTF-8 text", path=path) from None
    except SeriesError as error:
        raise _wrong("%(path)s: %(why)s", path=path, why=error.sentence.render(_)) from None


def _policy(given: str) -> Policy:
    """JSON as it stands, else a file, else a strategy."""
    try:
        return parse(loads(_policy_text(given)))
    except json.JSONDecodeError as error:
        raise _wrong("--policy is not JSON: %(why)s", why=str(error)) from None
    except (PolicyError, RecursionError) as error:
        raise _wrong("--policy: %(why)s", why=str(error)) from None


def _policy_text(given: str) -> str:
    if given.lstrip().startswith(("{", "[")):
        return given
    path = Path(given)
    if path.is_file():
        try:
            return path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise _wrong("%(path)s cannot be read: %(why)s", path=path, why=str(error)) from None
    strategy = Strategy.objects.filter(name=given).select_related("policy").first()
    if strategy is None:
        names = ", ".join(Strategy.objects.order_by("name").values_list("name", flat=True))
        raise _wrong(
            "--policy: “%(given)s” is neither JSON, nor a file, nor a strategy (there are: %(names)s)",
            given=given,
            names=names or "–",
        )
    rules: ExitPolicy | None = getattr(strategy, "policy", None)
    return rules.document if rules else "{}"


def _play(series: Series, policy: Policy, options: dict[str, Any]) -> Replay:
    payout = None if options["payout"] == "none" else _number("--payout", options["payout"])
    entry, shares = _number("--entry", options["entry"]), _number("--shares", options["shares"])
    if payout is not None and not 0 < entry <= payout:
        raise _wrong("--entry must be above 0 and at most the payout of %(most)s", most=payout)
    if shares < LEAST:
        raise _wrong("--shares must be at least %(least)s", least=LEAST)
    held = position(
        series,
        entry,
        shares=shares,
        ends_at=_end(options["end"]),
        payout=payout,
        currency="USDC" if payout == 1 else "",
    )
    try:
        check_market(policy, payout)
        return replay(series, policy, held, fee_rate=_number("--fee-rate", options["fee_rate"]))
    except PolicyError as error:
        raise _wrong("--policy: %(why)s", why=str(error)) from None
    except SeriesError as error:
        why = error.sentence.render(_)
        raise _wrong("%(why)s; say what a share pays with --payout", why=why) from None


def _number(option: str, text: str) -> Decimal:
    try:
        return number(option, text)
    except PolicyError as error:
        raise _wrong("%(why)s", why=str(error)) from None


def _end(text: str | None) -> Any:
    try:
        return None if text is None else moment(text)
    except SeriesError as error:
        raise _wrong("--end: %(why)s", why=error.sentence.render(_)) from None


def _draw(result: Replay, prices: Path, target: Path) -> None:
    try:
        target.write_text(chart(result, prices.stem, _), encoding="utf-8")
    except OSError as error:
        raise _wrong(
            "%(path)s cannot be written: %(why)s", path=target, why=error.strerror
        ) from None


def _table(result: Replay) -> list[str]:
    """The exits as columns as wide as their widest cell; nothing when nothing was sold."""
    if not result.sales:
        return []
    price, head = result.held.price, (_("tick"), _("time"), _("rule"), _("level"), _("price"))
    rows = [(*head, _("shares"), _("P&L"), _("reason"))]
    for sale in result.sales:
        level = sale.trigger.level
        rows.append(
            (
                str(sale.tick),
                stamp(sale.at),
                sale.trigger.rule,
                "–" if level is None else price(level),
                price(sale.fill.price),
                shares_text(sale.fill.shares),
                signed_money_text(sale.pnl, result.held.currency),
                sale.trigger.sentence.render(_),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _wrong(template: str, **values: object) -> CommandError:
    """An error that names its cure; the command ends with 2, as for a wrong option."""
    return CommandError(_(template) % values, returncode=2)
