"""Journal entries as the activity list, the position's history and the socket show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from positions.presenting.badges import iso, rule_name
from positions.presenting.text import first_up


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored journal row; `data` may carry the question and outcome of its position."""

    id: int
    at: datetime
    kind: str
    urgency: str
    position: int | None
    rule: str
    actor: str
    text: str
    data: Mapping[str, Any]


class EntryView(TypedDict):
    """`type` is the journal's kind, as CONTRACT's `/ws/live/` names it; `brief`: whether it belongs
    into the short list, or only repeats there what another entry tells.
    """

    type: str
    id: int
    at: str
    urgency: str
    tone: str
    icon: str
    title: str
    line: str
    position: int | None
    rule: str
    actor: str
    url: str
    name: str
    demo: bool
    brief: bool


# kind: (title, icon; empty: the icon of the rule). A kind that is missing here is shown by its own name.
KINDS = {
    "position_opened": (gettext_noop("Opened"), "add"),
    "position_closed": (gettext_noop("Closed"), "check"),
    "rule_changed": (gettext_noop("Rules changed"), "edit"),
    "advice_changed": (gettext_noop("AI policy changed"), "edit"),
    "thesis_changed": (gettext_noop("Thesis changed"), "edit"),
    "muted": (gettext_noop("Muted"), "mute"),
    "unmuted": (gettext_noop("Unmuted"), "sound"),
    "armed": (gettext_noop("Armed"), "check"),
    "unarmed": (gettext_noop("Not armed"), "stop"),
    "stop_blocked": (gettext_noop("Stop held back"), "stop"),
    "unpriced": (gettext_noop("No usable price"), "clock"),
    "priced": (gettext_noop("Price is back"), "check"),
    "exits_paused": (gettext_noop("Exits paused"), "pause"),
    "exits_resumed": (gettext_noop("Exits resumed"), "play"),
    "settled": (gettext_noop("Settled"), "check"),
    "exit_decided": (gettext_noop("%(rule)s: selling"), ""),
    "exit_done": (gettext_noop("%(rule)s: sold"), ""),
    "exit_partial": (gettext_noop("%(rule)s: not all sold"), "warn"),
    "exit_failed": (gettext_noop("%(rule)s: sale held up"), "warn"),
    "exit_cancelled": (gettext_noop("%(rule)s: cancelled"), "list"),
    "exit_paused": (gettext_noop("%(rule)s: held back, exits are paused"), "pause"),
    "trigger": (gettext_noop("%(rule)s"), ""),
    "ask": (gettext_noop("%(rule)s asks you"), "ask"),
    "ai_asked": (gettext_noop("The AI is asked"), "ask"),
    "ai_alert": (gettext_noop("News alert"), "warn"),
    "ai_decision": (gettext_noop("AI decision"), "ask"),
    "ai_approved": (gettext_noop("AI suggestion approved"), "check"),
    "ai_declined": (gettext_noop("AI suggestion declined"), "list"),
    "ai_reopened": (gettext_noop("Question opened again"), "ask"),
    "ai_expired": (gettext_noop("Question not answered"), "clock"),
    "ai_overtaken": (gettext_noop("Question overtaken"), "list"),
    "ai_suspected": (gettext_noop("Headline set aside"), "edit"),
    "ai_note": (gettext_noop("AI note on a stop"), "edit"),
    "ai_down": (gettext_noop("AI is down"), "warn"),
    "ai_back": (gettext_noop("AI is back"), "check"),
    "error": (gettext_noop("Could not be judged"), "warn"),
    "market_changed": (gettext_noop("Market changed"), "edit"),
    "wallet_closed": (gettext_noop("Closed elsewhere"), "check"),
    "wallet_vanished": (gettext_noop("Closed elsewhere?"), "ask"),
    "wallet_changed": (gettext_noop("Wallet changed"), "edit"),
    "wallet_still_holds": (gettext_noop("Wallet still holds shares"), "list"),
    "channel_disabled": (gettext_noop("Alert channel switched off"), "mute"),
    "test": (gettext_noop("Test alert"), "pulse"),
    "watch_late": (gettext_noop("Watch is late"), "warn"),
    "watch_back": (gettext_noop("Watch is back"), "check"),
    "watch_slow": (gettext_noop("Watch is slow"), "clock"),
    "nothing_leaves": (gettext_noop("Nothing leaves"), "warn"),
    "unguarded": (gettext_noop("Was unguarded"), "warn"),
    "clock_stepped": (gettext_noop("Clock was set"), "clock"),
    "source_down": (gettext_noop("Source gives no prices"), "warn"),
    "source_back": (gettext_noop("Source gives prices again"), "check"),
    "reminder": (gettext_noop("Still so"), "clock"),
    "alerts_failed": (gettext_noop("Alerts not delivered"), "warn"),
    "alerts_collapsed": (gettext_noop("Alerts collected"), "list"),
    "digest": (gettext_noop("Daily digest"), "list"),
    "restored": (gettext_noop("Restored from a backup"), "warn"),
    "acknowledged": (gettext_noop("Acknowledged"), "check"),
    "unacknowledged": (gettext_noop("No longer acknowledged"), "edit"),
    "silenced": (gettext_noop("Silenced"), "mute"),
    "silence_ended": (gettext_noop("Silence ended"), "sound"),
    "alert_retried": (gettext_noop("Alert sent again"), "play"),
    "backup_made": (gettext_noop("Backup made"), "check"),
    "login_locked": (gettext_noop("Login locked"), "warn"),
    "fill": (gettext_noop("%(rule)s: part sold"), "sell"),
    "dust": (gettext_noop("Too small to sell"), "list"),
}
REPEATED = ("fill", "exit_decided", "position_closed")
ICONS = {
    "stop_loss": "stop",
    "trailing_stop": "stop",
    "take_profit": "target",
    "fair_value": "target",
    "momentum_exit": "wave",
    "time_exit": "clock",
    "manual": "user",
    "soft_stop": "ask",
    "adverse_move": "ask",
    "ai_alert": "warn",
    "ai_exit": "ask",
}
TONES = {"critical": "crit", "high": "warn"}


def entry_view(entry: Entry, *, name: str = "") -> EntryView:
    """One entry; `name` is the position's market where the entry does not carry it itself."""
    data = entry.data
    outcome = f" · {data['outcome']}" if data.get("outcome") else ""
    named = f"{data['question']}{outcome}" if data.get("question") else name
    return EntryView(
        type=entry.kind,
        id=entry.id,
        at=iso(entry.at),
        urgency=entry.urgency,
        tone=_tone(entry),
        icon=_icon(entry),
        title=title(entry),
        line=first_up(entry.text),
        position=entry.position,
        rule=entry.rule,
        actor=entry.actor,
        url=_url(entry),
        name=named,
        demo=bool(data.get("demo")),
        brief=entry.kind not in REPEATED,
    )


def title(entry: Entry) -> str:
    """`Stop loss: sold`, `Muted`, …; a kind that is not known by its own name."""
    rule = rule_name(entry.rule) if entry.rule else ""
    if entry.kind in KINDS:
        return _(KINDS[entry.kind][0]) % {"rule": rule}
    words = first_up(entry.kind.replace("_", " "))
    return f"{rule}: {words.lower()}" if rule else words


def _url(entry: Entry) -> str:
    """Where a person goes on: to the question that an entry is about, else to its position."""
    question = entry.data.get("question_id")
    if isinstance(question, int) and (entry.kind == "ask" or entry.kind.startswith("ai_")):
        return f"/decisions/{question}/"
    return f"/positions/{entry.position}/" if entry.position else ""


def _tone(entry: Entry) -> str:
    """A sale by its profit or loss, everything else by its urgency."""
    pnl = str(entry.data.get("pnl", ""))
    if entry.kind in {"exit_done", "settled", "position_closed"} and pnl:
        return "bad" if pnl.startswith("-") else "good" if pnl != "0" else ""
    return TONES.get(entry.urgency, "")


def _icon(entry: Entry) -> str:
    icon = KINDS.get(entry.kind, ("", ""))[1] or ICONS.get(entry.rule)
    return icon or ("warn" if entry.urgency in TONES else "pulse")
