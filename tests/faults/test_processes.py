"""The running product's processes, killed once at each moment of an exit, and at random."""

from __future__ import annotations

import os
import random

import pytest

from tests.faults.moments import MOMENTS
from tests.faults.processes import Product, killed_at
from tests.faults.storm import storm

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")
# Every victim once, and the one that restarts all between two that are restarted with patience.
VICTIMS = (
    "busy worker process",
    "whole worker",
    "busy worker process",
    "everything",
    "web",
    "busy worker process",
    "cluster",
    "everything",
    "sentinel",
    "busy worker process",
    "everything",
)


def test_product_killed_at_each_moment_sells_and_tells_once(product: Product) -> None:
    """Each moment on one of the two databases; `make faults` has them all on both, with all victims."""
    ground = product.ground
    held = ground.verdict().positions
    mine = list(zip(MOMENTS, VICTIMS, strict=True))[bool(ground.installation.database_url) :: 2]
    for moment, victim in mine:
        before = ground.verdict().repeated
        killed_at(product, moment, victim)
        verdict = ground.verdict()
        assert (moment.name, verdict.wrong) == (moment.name, [])
        # Told and not yet marked: that one message may come twice, and says so by its number.
        assert verdict.repeated - before <= moment.repeats
    assert ground.verdict().positions == held + len(mine)


def test_product_killed_at_random_sells_once(product: Product) -> None:
    held = product.ground.verdict().positions
    result = storm(product, 10, random.Random(7))
    assert result.verdict.wrong == []
    assert result.kills.total() > 0
    assert result.verdict.positions > held + 3
