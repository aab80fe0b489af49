"""The book: what we hold, what it is worth, when to leave.

Prices live in one narrow row a market and the watch's memory in one narrow row a position, so
that a pass over 10,000 positions writes only what changed (docs/decisions/narrow-rows.md).
"""

from __future__ import annotations

from positions.models.access import ApiToken, Switch
from positions.models.exits import LIVE_EXIT_STATES, Exit, Fill
from positions.models.journal import JournalEntry
from positions.models.market import JsonSource, Market, PricePoint, Quote
from positions.models.position import Mark, Position, Wallet
from positions.models.rules import AdvicePolicy, ExitPolicy, Strategy, Thesis

__all__ = [
    "LIVE_EXIT_STATES",
    "AdvicePolicy",
    "ApiToken",
    "Exit",
    "ExitPolicy",
    "Fill",
    "JournalEntry",
    "JsonSource",
    "Mark",
    "Market",
    "Position",
    "PricePoint",
    "Quote",
    "Strategy",
    "Switch",
    "Thesis",
    "Wallet",
]
