"""What an alert says. Pure: the first line is the whole message, for a phone shows little more.

`PAPER · STOP · Fed cuts in Dec · Yes 44.1¢ ≤ 45.0¢ · −$97.96`. An entry that lacks a key is told
with what it has, and with its own sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from positions.domain.wording import price_text, shares_text, signed_money_text

if TYPE_CHECKING:
    from positions.models import JournalEntry

DOT = " · "
QUESTION_MAX = 240  # a longer one stands in full in the body: prices and P&L must not be cut off
TAIL_MAX = 120
QUOTE_MAX = 80
# Powers of ten. Beyond it a number is no price, and rounding it raises: 28 digits are all there are.
MAGNITUDE = 18
RULES: Mapping[str, Promise] = {
    "manual": gettext_lazy("MANUAL"),
    "stop_loss": gettext_lazy("STOP"),
    "take_profit": gettext_lazy("TAKE PROFIT"),
    "trailing_stop": gettext_lazy("TRAILING STOP"),
    "time_exit": gettext_lazy("TIME"),
    "fair_value": gettext_lazy("FAIR VALUE"),
    "momentum_exit": gettext_lazy("MOMENTUM"),
    "soft_stop": gettext_lazy("SOFT STOP"),
    "adverse_move": gettext_lazy("ADVERSE MOVE"),
    "ai_alert": gettext_lazy("AI ALERT"),
    "ai_exit": gettext_lazy("AI EXIT"),
    "settled": gettext_lazy("SETTLED"),
}
VERDICTS: Mapping[str, Promise] = {
    "sell": gettext_lazy("SELL"),
    "reduce": gettext_lazy("REDUCE"),
    "hold": gettext_lazy("HOLD"),
}
KINDS: Mapping[str, Promise] = {
    "ai_alert": gettext_lazy("NEWS ALERT"),
    "ai_back": gettext_lazy("AI BACK"),
    "ai_decision": gettext_lazy("AI DECISION"),
    "ai_down": gettext_lazy("AI DOWN"),
    "ai_expired": gettext_lazy("NOT ANSWERED"),
    "alerts_collapsed": gettext_lazy("COLLECTED ALERTS"),
    "alerts_failed": gettext_lazy("ALERTS NOT DELIVERED"),
    "ask": gettext_lazy("ASK"),
    "channel_disabled": gettext_lazy("CHANNEL OFF"),
    "digest": gettext_lazy("DAILY DIGEST"),
    "dust": gettext_lazy("DUST"),
    "error": gettext_lazy("ERROR"),
    "exit_failed": gettext_lazy("EXIT FAILED"),
    "exit_paused": gettext_lazy("EXIT PAUSED"),
    "exits_paused": gettext_lazy("EXITS PAUSED"),
    "exits_resumed": gettext_lazy("EXITS RESUMED"),
    "login_locked": gettext_lazy("LOGIN LOCKED"),
    "nothing_leaves": gettext_lazy("NOTHING LEAVES"),
    "priced": gettext_lazy("PRICE BACK"),
    "restored": gettext_lazy("RESTORED"),
    "settled": gettext_lazy("SETTLED"),
    "source_back": gettext_lazy("PRICES BACK"),
    "source_down": gettext_lazy("NO PRICES"),
    "stop_blocked": gettext_lazy("STOP BLOCKED"),
    "test": gettext_lazy("TEST"),
    "unarmed": gettext_lazy("NOT ARMED"),
    "unguarded": gettext_lazy("WAS UNGUARDED"),
    "unpriced": gettext_lazy("PRICE ERROR"),
    "wallet_closed": gettext_lazy("CLOSED ELSEWHERE"),
    "wallet_vanished": gettext_lazy("CLOSED ELSEWHERE?"),
    "watch_back": gettext_lazy("WATCH BACK"),
    "watch_late": gettext_lazy("WATCH LATE"),
    "watch_slow": gettext_lazy("WATCH SLOW"),
}
# What a reminder puts before the kind of its alarm, by its reason.
REMINDERS: Mapping[str, Promise] = {
    "repeat": gettext_lazy("STILL"),
    "still": gettext_lazy("STILL"),
    "resolved": gettext_lazy("OVER"),
    "calm": gettext_lazy("CALM AGAIN"),
}
# The rule is named beside these kinds; the others are about the price or the house.
WITH_RULE = frozenset({"ask", "exit_failed", "exit_partial", "exit_paused", "unarmed"})
FLOORS = frozenset({"stop_loss", "trailing_stop", "soft_stop", "adverse_move"})
TARGETS = frozenset({"take_profit", "fair_value"})
SOLD = frozenset({"exit_done", "settled", "wallet_closed"})  # `price` is what the shares brought
PROBLEMS = frozenset({"unpriced", "exit_failed", "error"})
JUDGED = frozenset({"ai_alert", "ai_decision"})  # rest on headlines that are quoted
# Many a service makes a link of whatever begins so; in a stranger's words it must not.
ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Alert:
    """A journal entry as far as words need it; `data` holds decimals as strings."""

    kind: str
    text: str
    rule: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def number(self, *names: str) -> Decimal | None:
        """The first of these keys that holds a number which can be written out."""
        for name in names:
            try:
                value = Decimal(str(self.data.get(name)))
            except InvalidOperation:
                continue
            if value.is_finite() and abs(value.adjusted()) <= MAGNITUDE:
                return value
        return None

    def word(self, name: str) -> str:
        """The key's text on one line; "" when it is not there."""
        value = self.data.get(name)
        return " ".join(value.split()) if isinstance(value, str) else ""

    @property
    def currency(self) -> str:
        return self.word("currency") or "USDC"

    def price(self, value: Decimal) -> str:
        """`value` as a person writes it in this market."""
        return price_text(value, self.number("payout"), self.currency)


def alert_of(entry: JournalEntry) -> Alert:
    """The entry as far as words need it; data that is no object says nothing."""
    data = entry.data if isinstance(entry.data, Mapping) else {}
    return Alert(entry.kind, entry.text, entry.rule, data)


def first_line(alert: Alert, mark: str = "") -> str:
    """The whole message in one line of at most 500 characters; `mark` stands before the kind."""
    mark, alert = _subject(alert, mark)
    start = [_("DEMO")] if alert.data.get("demo") is True else []
    parts = [*start, (alert.word("mode") or "paper").upper(), mark, *_tags(alert)]
    if alert.word("question"):
        parts += [clipped(alert.word("question"), QUESTION_MAX), _standing(alert), *_tail(alert)]
    else:
        parts.append(clipped(" ".join(alert.text.split()), QUESTION_MAX))
    return DOT.join(part for part in parts if part)[:500]


def kind_words(kind: str) -> str:
    """A kind's tag: `STOP BLOCKED`."""
    return str(KINDS.get(kind, _spoken(kind)))


def called(alert: Alert) -> str:
    """What it is in one or two words, as the first line has it: `STOP`, `PRICE ERROR`."""
    return _tags(alert)[0]


def details(alert: Alert) -> str:
    """What the first line left out: the entry's own sentence, the sale, a long question."""
    lines = [_said(alert)]
    price, sold = alert.number("price"), alert.number("shares")
    if alert.kind == "exit_done" and price is not None and sold is not None:
        lines.append(
            _("Sold %(shares)s shares at %(price)s on average.")
            % {"shares": shares_text(sold), "price": alert.price(price)}
        )
    held = alert.number("held")
    if alert.kind == "exit_done" and held:
        lines.append(_("%(shares)s shares are still held.") % {"shares": shares_text(held)})
    lines.append(_until(alert))
    if len(alert.word("question")) > QUESTION_MAX:
        lines.append(alert.word("question"))
    return "\n".join(line for line in lines if line)


def _until(alert: Alert) -> str:
    """By when a person is to answer and what comes else: a phone shows no more than the message."""
    silence = alert.word("unanswered")
    try:
        at = datetime.fromisoformat(alert.word("deadline"))
    except ValueError:
        return ""
    if not silence:
        return ""
    return _("Answer by %(time)s UTC; without an answer: %(silence)s.") % {
        "time": f"{at:%Y-%m-%d %H:%M}",
        "silence": silence,
    }


def _said(alert: Alert) -> str:
    """The entry's own sentence; what the AI stage says may hold a stranger's words."""
    foreign = alert.kind.startswith("ai_") or alert.rule == "ai_exit"
    return (ADDRESS.sub("", alert.text) if foreign else alert.text).strip()


def clipped(text: str, limit: int) -> str:
    """`text`, its end replaced by an ellipsis where it is longer than `limit`."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _subject(alert: Alert, mark: str) -> tuple[str, Alert]:
    """A reminder speaks of the entry that raised its alarm, and says so."""
    if alert.kind != "reminder":
        return mark, alert
    said = str(REMINDERS.get(alert.word("why"), REMINDERS["repeat"]))
    return said, replace(alert, kind=alert.word("kind") or alert.kind)


def _tags(alert: Alert) -> list[str]:
    rule = str(RULES.get(alert.rule, _spoken(alert.rule)))
    if alert.kind == "exit_done":
        return [rule or _("EXIT")]
    if alert.kind == "ai_decision":
        return [_decided(alert)]
    if alert.kind == "exit_partial":
        kind = _("PARTLY SOLD") if alert.number("sold") else _("NOT SOLD")
    else:
        kind = kind_words(alert.kind)
    return [kind, rule] if alert.kind in WITH_RULE else [kind]


def _decided(alert: Alert) -> str:
    """`AI SUGGESTS SELL 0.86`, `YOU DECIDE`: whose word it is now."""
    verdict = _verdict(alert)
    if not verdict:
        return _("YOU DECIDE")
    open_ = alert.word("verdict") != "hold" and alert.word("state") in {"", "open"}
    text = _("AI SUGGESTS %(verdict)s") if open_ else _("AI: %(verdict)s")
    return text % {"verdict": verdict}


def _verdict(alert: Alert) -> str:
    """`SELL 0.86`; "" where nobody has judged."""
    verdict = VERDICTS.get(alert.word("verdict"))
    return " ".join(filter(None, (str(verdict), alert.word("confidence")))) if verdict else ""


def _grounds(alert: Alert) -> str:
    """`“CPI surprise…” (2 sources)`. The words are a stranger's: clipped, and no address in them."""
    said = ADDRESS.sub("", alert.word("quote")).replace("“", "'").replace("”", "'").strip()
    quote = f"“{clipped(said, QUOTE_MAX)}”" if said else ""
    count = alert.data.get("sources")
    if not quote or type(count) is not int or count < 1:
        return quote
    sources = ngettext("%(n)s source", "%(n)s sources", count) % {"n": count}
    return f"{quote} ({sources})"


def _spoken(name: str) -> str:
    """A name of the program's own as a tag: `exit_done` to `EXIT DONE`."""
    return name.replace("_", " ").upper()


def _standing(alert: Alert) -> str:
    """`Yes 44.1¢ ≤ 45.0¢`: outcome, bid, and the level where the rule has one that it met."""
    outcome = clipped(alert.word("outcome"), 60)
    bid, level = alert.number("trigger_price", "bid"), alert.number("level")
    compared = _compared(alert, bid, level)
    sold = ("price",) if alert.kind in SOLD else ()
    shown = alert.number(*sold, "trigger_price", "bid")
    if not compared and shown is not None:
        compared = alert.price(shown)
    return " ".join(part for part in (outcome, compared) if part)


def _compared(alert: Alert, bid: Decimal | None, level: Decimal | None) -> str:
    if bid is None or level is None:
        return ""
    floor = alert.rule in FLOORS or alert.kind == "stop_blocked"
    if floor and bid <= level:
        return f"{alert.price(bid)} ≤ {alert.price(level)}"
    if alert.rule in TARGETS and bid >= level:
        return f"{alert.price(bid)} ≥ {alert.price(level)}"
    return ""


def _judged(alert: Alert) -> list[str]:
    """`SELL 0.86`, `“CPI surprise…” (2 sources)` of a sale that the AI stage has caused."""
    return [_verdict(alert), _grounds(alert)] if alert.rule == "ai_exit" else []


def _tail(alert: Alert) -> list[str]:
    """What it came to: profit or loss, what is left, what is wrong."""
    pnl = alert.number("pnl")
    if alert.kind in SOLD:
        made = [signed_money_text(pnl, alert.currency)] if pnl is not None else []
        return [*made, *_judged(alert)]
    if alert.kind in JUDGED:
        return [_grounds(alert)]
    if alert.kind == "ai_expired":
        return [clipped(" ".join(alert.text.split()), TAIL_MAX)]
    if alert.kind in PROBLEMS:
        return [clipped(alert.word("problem") or " ".join(alert.text.split()), TAIL_MAX)]
    left = alert.number("left" if alert.kind == "exit_partial" else "shares")
    if alert.kind in {"exit_partial", "dust"} and left is not None:
        return [_("%(shares)s shares left") % {"shares": shares_text(left)}]
    return []
