"""The part of a form that holds an exit policy: one field for each key of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from positions.domain import policy as policies
from positions.domain.pnl import plain
from positions.domain.policy import Policy, PolicyError
from positions.forms.fields import Rule, RuleField, Typed
from positions.forms.lines import format_field, shown

Label = tuple[Promise, Promise]
LABELS: Mapping[str, Label] = {
    "stop_loss_pct": (gettext_lazy("Stop, %"), gettext_lazy("Percent below the entry price.")),
    "stop_loss_price": (
        gettext_lazy("Stop, price"),
        gettext_lazy("Per share, in the market's currency. The higher of the two stops counts."),
    ),
    "take_profit": (
        gettext_lazy("Targets"),
        gettext_lazy(
            "One a line: percent above the entry, “after” minutes of age, “sell” percent."
            " “20” sells all at +20 %; “12 sell 50” half at +12 %; “8 after 1440” all at +8 %"
            " from a day on."
        ),
    ),
    "take_profit_price": (
        gettext_lazy("Target, price"),
        gettext_lazy("Per share. The lower of this and the target in percent counts."),
    ),
    "trailing_stop": (
        gettext_lazy("Trailing stop"),
        gettext_lazy(
            "One stage a line: percent below the best bid, “from” percent of profit."
            " “10” trails from the start; “5 from 12” once the best profit was above 12 %."
        ),
    ),
    "momentum_exit": (
        gettext_lazy("Momentum exit"),
        gettext_lazy("“12 in 60 fade 3 sell 50”: rise in % within minutes, fade in %, part in %."),
    ),
    "soft_stop_pct": (
        gettext_lazy("Soft stop, %"),
        gettext_lazy("Percent below the entry at which you are asked."),
    ),
    "adverse_move": (
        gettext_lazy("Adverse move"),
        gettext_lazy("“6 in 15”: asks after a fall of % from the high of so many minutes."),
    ),
    "max_hold_minutes": (gettext_lazy("Longest hold"), gettext_lazy("Minutes since the entry.")),
    "exit_before_end_minutes": (
        gettext_lazy("Out before the end"),
        gettext_lazy("Minutes before the earlier of game start and end date."),
    ),
    "fair_value": (
        gettext_lazy("Fair value"),
        gettext_lazy("Own probability of the held outcome, 0 to 1, or “thesis”."),
    ),
    "confirm_seconds": (
        gettext_lazy("Confirm"),
        gettext_lazy("Seconds that a breach of a stop must stand; 0 for at once."),
    ),
    "through_pct": (
        gettext_lazy("Through"),
        gettext_lazy("Percent below the stop at which nothing waits any more."),
    ),
    "max_slippage_pct": (
        gettext_lazy("Slippage"),
        gettext_lazy("Percent below the bid that a sale may reach."),
    ),
    "max_spread": (
        gettext_lazy("Widest spread"),
        gettext_lazy("In parts of the payout: 0.10 is ten cents of a dollar."),
    ),
    "max_spread_pct": (gettext_lazy("Widest spread, %"), gettext_lazy("Percent of the bid.")),
    "wide_spread_seconds": (
        gettext_lazy("Wide spread waits"),
        gettext_lazy("Seconds that a breach must stand while the spread is too wide."),
    ),
    "max_quote_age_seconds": (
        gettext_lazy("Oldest quote"),
        gettext_lazy("Seconds; two intervals count where they are longer."),
    ),
}
TALL = {"take_profit": 3, "trailing_stop": 2}
STOPS = ("stop_loss_pct", "stop_loss_price", "trailing_stop")
TARGETS = ("take_profit", "take_profit_price", "momentum_exit", "fair_value")
TIMES = ("max_hold_minutes", "exit_before_end_minutes")
ASKING = ("soft_stop_pct", "adverse_move")
GUARDS = policies.GUARDS


def _rule(key: str) -> RuleField:
    label, text = LABELS[key]
    return RuleField(key, rows=TALL.get(key, 1), label=label, help_text=str(text))


class RulesForm(forms.Form):
    """The fields of an exit policy in a form, and the way from and to its document."""

    stop_loss_pct = _rule("stop_loss_pct")
    stop_loss_price = _rule("stop_loss_price")
    take_profit = _rule("take_profit")
    take_profit_price = _rule("take_profit_price")
    trailing_stop = _rule("trailing_stop")
    momentum_exit = _rule("momentum_exit")
    soft_stop_pct = _rule("soft_stop_pct")
    adverse_move = _rule("adverse_move")
    max_hold_minutes = _rule("max_hold_minutes")
    exit_before_end_minutes = _rule("exit_before_end_minutes")
    fair_value = _rule("fair_value")
    confirm_seconds = _rule("confirm_seconds")
    through_pct = _rule("through_pct")
    max_slippage_pct = _rule("max_slippage_pct")
    max_spread = _rule("max_spread")
    max_spread_pct = _rule("max_spread_pct")
    wide_spread_seconds = _rule("wide_spread_seconds")
    max_quote_age_seconds = _rule("max_quote_age_seconds")

    def show_rules(
        self, own: Mapping[str, Any], inherited: Mapping[str, Any] | None, *, with_off: bool = True
    ) -> None:
        """Puts a stored document into the fields. `inherited`: what stands where it says nothing,
        None where that is not known yet; without anything to inherit there is nothing to turn off.
        """
        for key in policies.FIELDS:
            field = cast("RuleField", self.fields[key])
            value = own.get(key)
            self.initial[key] = Typed(format_field(key, value), key in own and value is None)
            field.widget.with_off = with_off and key not in GUARDS
            field.help_text = f"{LABELS[key][1]} {escape(_hint(key, inherited))}".strip()

    def document(self, base: Mapping[str, Any]) -> dict[str, Any]:
        """`base` with the changed fields replaced; what nobody touched stays to the letter."""
        found = dict(base)
        for key in policies.FIELDS:
            rule = self.cleaned_data.get(key)
            if key not in self.changed_data or not isinstance(rule, Rule):
                continue
            found.pop(key, None)
            if rule.stated:
                found[key] = rule.value
        return found

    def check_rules(self, strategy: str, document: Mapping[str, Any], payout: Any) -> None:
        """Rules that do not fit together or not the market become errors beside their fields.

        `strategy`: its stored document; `payout`: the market's, "" where no market is meant.
        """
        try:
            rules = policies.effective(strategy, policies.dumps(document))
            if payout != "":
                policies.check_market(rules, payout)
        except PolicyError as error:
            key = error.field.split("[")[0].split(".")[0]
            self.add_error(key if key in self.fields else None, error.message)


def _hint(key: str, inherited: Mapping[str, Any] | None) -> str:
    base = shown(key, inherited or {})
    if base:
        return _("Inherits: %(value)s.") % {"value": base}
    if key in GUARDS:
        return _("Usually: %(value)s.") % {"value": plain(getattr(Policy(), key))}
    return _("Inherits nothing.") if inherited is not None else ""
