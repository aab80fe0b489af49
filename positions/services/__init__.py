"""Writes a person or a program asks for: keyword-only, one transaction, one journal entry.

What a pass writes of exits is in `positions.exits`.
"""

from __future__ import annotations

from positions.services.advice import advice_of, advice_set
from positions.services.base import (
    ConfirmationNeededError,
    ServiceError,
    StaleError,
    documents,
    effective_policy,
    facts,
    jsonable,
)
from positions.services.closing import (
    BY_HAND,
    close_everything,
    exit_cancel_request,
    position_close_request,
    sellable,
)
from positions.services.editing import position_edit
from positions.services.opening import check_entry, position_open
from positions.services.rules import (
    policy_set,
    rule_arm,
    strategy_policy_set,
    thesis_set,
    thesis_version,
)
from positions.services.switches import (
    check_request,
    exits_are_paused,
    exits_pause,
    exits_resume,
    position_mute,
    position_unmute,
    restored_from,
)

__all__ = [
    "BY_HAND",
    "ConfirmationNeededError",
    "ServiceError",
    "StaleError",
    "advice_of",
    "advice_set",
    "check_entry",
    "check_request",
    "close_everything",
    "documents",
    "effective_policy",
    "exit_cancel_request",
    "exits_are_paused",
    "exits_pause",
    "exits_resume",
    "facts",
    "jsonable",
    "policy_set",
    "position_close_request",
    "position_edit",
    "position_mute",
    "position_open",
    "position_unmute",
    "restored_from",
    "rule_arm",
    "sellable",
    "strategy_policy_set",
    "thesis_set",
    "thesis_version",
]
