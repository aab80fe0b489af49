"""How prices move in the benchmarks; the same walk for every lane. Standard library only, for
freqtrade's own environment imports it too.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

TICKS = 1000  # a price is a number of thousandths of the payout
DEEPEST = 8  # ticks below its high that a market may fall: far from any stop


class Scene(NamedTuple):
    """Parts of all markets that move by a tick or more in one pass, and that make a new high."""

    moves: float
    highs: float


# In 16 recorded Polymarket histories 27 % of the prices had changed after ten minutes, and 1.4 %
# stood at a new high: 1.6 % and 0.1 % in half a minute. `calm` has twice that in every pass, `busy`
# has the ten minutes' share, `stormy` twice and seven times that.
SCENES = {"calm": Scene(0.03, 0.002), "busy": Scene(0.3, 0.02), "stormy": Scene(0.6, 0.1)}


def order(rounds: int, seed: int = 3) -> list[list[str]]:
    """The scenes of each round, shuffled: whatever comes at every third repetition, such as a
    collection of garbage, must not always meet the same scene.
    """
    random = Random(seed)
    return [random.sample(sorted(SCENES), len(SCENES)) for _round in range(rounds)]


class Walk:
    """Bids of `count` markets in ticks; nothing comes near a stop or a target in a hundred steps."""

    def __init__(self, count: int, seed: int = 7) -> None:
        self.random = Random(seed)
        self.bids = [self.random.randint(250, 750) for _ in range(count)]
        self.highs = list(self.bids)

    def step(self, scene: Scene) -> None:
        """The next prices, in place."""
        count = len(self.bids)
        moved = self.random.sample(range(count), round(count * scene.moves))
        rising = round(count * scene.highs)
        for market in moved[:rising]:
            self.highs[market] += 1
            self.bids[market] = self.highs[market]
        for market in moved[rising:]:
            high, old = self.highs[market], self.bids[market]
            choices = [bid for bid in range(high - DEEPEST, high + 1) if bid != old]
            self.bids[market] = self.random.choice(choices)
