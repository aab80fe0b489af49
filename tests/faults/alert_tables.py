"""The tables about alerts: who was killed while telling, what Discord answered, what was told."""

from __future__ import annotations

import argparse

from tests.faults.alerts import TROUBLES, Told, killed_at_every_call, killed_while_held
from tests.faults.printing import ground_of, heading
from tests.servers import Postgres


def steps(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """Every crash point of a delivery, for each answer."""
    totals: dict[str, Told] = {}
    with ground_of(server, venue=False) as ground:
        for trouble in TROUBLES.values():
            for stage, row in killed_at_every_call(ground, trouble, times=options.kills).items():
                totals.setdefault(stage, Told()).add(row)
        for after in (False, True):
            for _ in range(options.kills):
                told = killed_while_held(ground, after=after)
                totals.setdefault(told.stage, Told()).add(told)
    print(f"\nA delivery killed at every call, {name}; answers: {', '.join(TROUBLES)}\n")
    heading(
        "killed", "kills", "alerts lost", "rows twice", "came twice", "too early", "runs to tell"
    )
    for stage, row in totals.items():
        counts = (row.kills, row.lost, row.doubled_rows, row.twice, row.early, row.runs)
        print(f"| {stage} | {' | '.join(map(str, counts))} |", flush=True)
    return [f"{name}, {text}" for row in totals.values() for text in row.wrong]
