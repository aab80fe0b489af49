"""The lane of freqtrade: get_open_trades + should_exit of each + commit, on a SQLite file.

Run by the Python of an environment that has freqtrade (docs/benchmarks.md says how to make one):
`python -m tests.benchmarks.freqtrade_cycle TRADES FOLDER`. Stop, ROI table and trailing stop as in
the product's lane; prices move by the same walk, one pair a trade. No exchange, no network.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from freqtrade.persistence import Order, Trade, init_db  # type: ignore[import-not-found]
from freqtrade.strategy import IStrategy  # type: ignore[import-not-found]

from tests.benchmarks.lines import serve
from tests.benchmarks.walk import TICKS, Scene, Walk

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Guarded(IStrategy):  # type: ignore[misc]
    """The product's 15 % stop, 25 % target, 10 % trailing stop (5 % above 20 % profit)."""

    timeframe = "5m"
    minimal_roi = {0: 0.25}  # keys as freqtrade's own loader leaves them
    stoploss = -0.15
    trailing_stop = True
    trailing_stop_positive = 0.10
    trailing_stop_positive_offset = 0.0
    use_exit_signal = False

    def populate_indicators(self, dataframe: Any, metadata: Any) -> Any:
        return dataframe

    def populate_entry_trend(self, dataframe: Any, metadata: Any) -> Any:
        return dataframe

    def populate_exit_trend(self, dataframe: Any, metadata: Any) -> Any:
        return dataframe


def main(count: int, folder: Path) -> None:
    logging.disable(logging.WARNING)
    init_db(f"sqlite:///{folder / 'freqtrade.sqlite3'}")
    walk = Walk(count)
    for number, bid in enumerate(walk.bids):
        Trade.session.add(_trade(number, bid / TICKS))
    Trade.commit()
    Trade.session.remove()
    strategy = Guarded({"dry_run": True, "runmode": "dry_run"})
    at = START

    def advance(scene: Scene) -> None:
        nonlocal at
        walk.step(scene)
        at += timedelta(seconds=30)

    def step() -> int:
        exits = 0
        trades = Trade.get_open_trades()  # held until the commit, as `FreqtradeBot.process` does
        for trade in trades:
            rate = walk.bids[int(trade.pair[1:].split("/")[0])] / TICKS
            decided = strategy.should_exit(trade, rate, at, enter=False, exit_=False)
            exits += bool(decided)
        Trade.commit()
        return exits

    def note(exits: int) -> int:
        if exits:
            raise SystemExit(f"{exits} trades would have been closed")
        return count

    serve(advance, step, note)


def _trade(number: int, rate: float) -> Trade:
    """A trade with the one order that every real one has at least: its entry, filled."""
    pair, day = f"M{number}/USDC", START.replace(tzinfo=None)
    entry = Order(
        ft_order_side="buy",
        ft_pair=pair,
        ft_is_open=False,
        ft_amount=100.0,
        ft_price=rate,
        order_id=f"entry-{number}",
        status="closed",
        symbol=pair,
        order_type="limit",
        side="buy",
        price=rate,
        average=rate,
        amount=100.0,
        filled=100.0,
        remaining=0.0,
        cost=rate * 100,
        order_date=day,
        order_filled_date=day,
    )
    return Trade(
        orders=[entry],
        pair=pair,
        base_currency=f"M{number}",
        stake_currency="USDC",
        exchange="none",
        is_open=True,
        fee_open=0.0,
        fee_close=0.0,
        open_rate=rate,
        open_date=day,
        stake_amount=rate * 100,
        amount=100.0,
        strategy="Guarded",
        leverage=1.0,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
