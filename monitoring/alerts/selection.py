"""Which journal entries become alerts. The journal tells everything; a phone must not."""

from __future__ import annotations

from django.db.models import Q

# What came of an exit is told, not each step on its way: one message an exit, not one a fill.
TOLD = frozenset(
    {
        "ai_alert",
        "ai_back",
        "ai_decision",
        "ai_down",
        "ai_expired",
        "alerts_collapsed",
        "alerts_failed",
        "ask",
        "channel_disabled",
        "digest",
        "dust",
        "exit_done",
        "exit_failed",
        "exit_partial",
        "exit_paused",
        "exits_paused",
        "exits_resumed",
        "nothing_leaves",
        "priced",
        "reminder",
        "restored",
        "settled",
        "source_back",
        "source_down",
        "stop_blocked",
        "test",
        "unarmed",
        "unguarded",
        "unpriced",
        "wallet_closed",
        "wallet_vanished",
        "watch_back",
        "watch_late",
        "watch_slow",
    }
)
UNTOLD = frozenset(
    {
        "acknowledged",
        "advice_changed",
        "ai_approved",
        "ai_asked",
        "ai_declined",
        "ai_note",
        "ai_overtaken",
        "ai_reopened",
        "ai_suspected",
        "alert_retried",
        "armed",
        "backup_made",
        "clock_stepped",
        "exit_cancelled",
        "exit_decided",
        "fill",
        "muted",
        "position_closed",
        "position_opened",
        "rule_changed",
        "silence_ended",
        "silenced",
        "thesis_changed",
        "trigger",
        "unacknowledged",
        "unmuted",
    }
)
# A kind nobody has thought of here is told when it is urgent: rather once too often than never.
LOUD = frozenset({"critical", "high"})


def is_told(kind: str, urgency: str) -> bool:
    """Whether an entry of this kind and urgency becomes an alert."""
    return kind in TOLD or (kind not in UNTOLD and urgency in LOUD)


def told() -> Q:
    """`is_told` as a condition on JournalEntry."""
    return Q(kind__in=TOLD) | (Q(urgency__in=LOUD) & ~Q(kind__in=UNTOLD))
