"""The bid of a past moment, from what the watch has written down of a market."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from positions.domain.window import Run
from positions.selectors.prices import runs_of


def bid_at(runs: Sequence[Run], at: datetime, near: timedelta) -> Decimal | None:
    """The bid that stood at `at`, else the reading nearest to it, at most `near` away; None where
    there is none: nobody knows, and nobody guesses.
    """
    close = [run for run in runs if _away(run, at) <= near]
    # Of two that are equally near the earlier one: it was already known then.
    best = min(close, key=lambda run: (_away(run, at), run.since), default=None)
    return None if best is None else best.bid


def _away(run: Run, at: datetime) -> timedelta:
    return max(run.since - at, at - run.until, timedelta(0))


def runs_near(market_id: int, at: datetime, near: timedelta) -> list[Run]:
    """The market's runs of equal bids that touch the time around `at`."""
    return runs_of(market_id, at - near, until=at + near)
