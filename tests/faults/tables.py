"""The tables about exits: what was killed, and what came of it."""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter

from tests.faults.moments import MOMENTS
from tests.faults.printing import ground_of, heading, lines, product_of
from tests.faults.processes import VICTIMS, Product, killed_at
from tests.faults.steps import TROUBLES, Row, killed_at_every_step
from tests.faults.storm import storm
from tests.oracle.frames import RECORDED, thinned
from tests.oracle.watch import expected_of, hold_all, load, replayed, sold
from tests.servers import Postgres

PAPER = "paper, no venue"


def steps(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """Every step of a pass, for each trouble with the venue."""
    totals: dict[str, Row] = {}
    for trouble in (*TROUBLES, PAPER):
        with ground_of(server, venue=trouble != PAPER) as ground:
            rows = killed_at_every_step(ground, TROUBLES.get(trouble, lambda _ground: None))
        for step, row in rows.items():
            totals.setdefault(step, Row()).merge(row)
    print(f"\nA pass killed at every call, {name}; troubles: {', '.join((*TROUBLES, PAPER))}\n")
    heading("step", "kills", "sold twice", "unsold", "journal gaps", "passes to recover, at most")
    for step, row in totals.items():
        counts = (row.runs, row.sold_twice, row.unsold, row.gaps, f"{row.slowest:.0f}")
        print(f"| {step} | {' | '.join(map(str, counts))} |", flush=True)
    return [f"{name}, {step}: {text}" for step, row in totals.items() for text in row.wrong]


def processes(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """Every victim at every moment; the cells are seconds until all is sold and told."""
    wrong: list[str] = []
    print(f"\nThe product's processes killed at a moment of an exit, {name}; seconds to recover\n")
    heading("moment", *VICTIMS, "sold twice", "unsold", "journal gaps", "alerts twice")
    with product_of(server) as product:
        repeated = 0
        for moment in MOMENTS:
            cells = [_cell(killed_at(product, moment, victim)) for victim in VICTIMS]
            found = product.ground.verdict()
            counts = (len(found.sold_twice), len(found.unsold), len(found.gaps))
            again, repeated = found.repeated - repeated, found.repeated
            print(f"| {' | '.join(map(str, (moment.name, *cells, *counts, again)))} |", flush=True)
            wrong += [f"{name}, {moment.name}: {text}" for text in found.wrong]
    return wrong


def _cell(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f}"


def storms(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """Random kills."""
    print(f"\nKilled at random for {options.seconds:g} s, {name}\n")
    with product_of(server) as product:
        result = storm(product, options.seconds, random.Random(options.seed))
    found = result.verdict
    counts = {
        "kills": ", ".join(f"{victim} {times}" for victim, times in result.kills.most_common()),
        "positions": found.positions,
        "orders executed": result.orders,
        "answers lost": result.lost_answers,
        "seconds from the last kill to all sold and told": f"{result.recovery:.1f}",
        "sold twice": len(found.sold_twice),
        "unsold": len(found.unsold),
        "journal gaps": len(found.gaps),
        "alerts lost": len(found.lost_alerts),
        "alerts twice": found.repeated,
    }
    lines(counts)
    return [f"{name}, random: {text}" for text in found.wrong]


def watch(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """The worker at 5 s over recorded books, held against the oracle."""
    if not RECORDED.exists():
        print(f"\nNo recorded books here: the oracle had nothing to judge on {name}.")
        return []
    with ground_of(server, venue=False) as ground:
        frames = load(ground, thinned(30, ground.home))
        positions = hold_all(ground, confirm="3", sizes=("20",))
        product = Product(ground)
        product.wait(lambda: replayed(ground), 10 * frames, "the last frame")
        time.sleep(8)  # the last pass, and its alerts
        found, expected = sold(ground), expected_of(ground, positions)
        verdict = ground.verdict()
    same = found == expected
    rules = Counter(fill[1] for fill in found)
    print(f"\nThe worker at 5 s over {frames} recorded frames of six tokens, {name}\n")
    lines(
        {
            "positions": len(positions),
            "fills": len(found),
            "exits by rule": ", ".join(f"{rule} {times}" for rule, times in rules.most_common()),
            "equal to the oracle's": "all" if same else "NO",
            "journal gaps": len(verdict.gaps),
            "alerts lost": len(verdict.lost_alerts),
        }
    )
    return [*verdict.gaps, *verdict.lost_alerts, *([] if same else [f"{name}: not the oracle's"])]
