"""The tables about alerts: who was killed while telling, what Discord answered, what was told."""

from __future__ import annotations

import argparse
import random

from tests.faults.alerts import TROUBLES, Told, killed_at_every_call, killed_while_held
from tests.faults.answers import ALERTS, SCRIPTS, answered, removed
from tests.faults.printing import ground_of, heading, lines
from tests.faults.repeats import decided_at_once, told_by_two
from tests.servers import Postgres

OUTAGE = {
    "alerts": "alerts",
    "tries meanwhile": "tries",
    "posts after": "posts",
    "digests": "digests",
    "told alone": "alone",
    "s to the first new one": "first_new",
    "s to the last one": "all_told",
    "untold": "untold",
    "too early": "early",
}


def steps(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """Every crash point of a delivery, for each answer."""
    totals: dict[str, Told] = {}
    with ground_of(server, venue=False) as ground:
        for trouble in TROUBLES.values():
            for stage, row in killed_at_every_call(ground, trouble, times=options.kills).items():
                totals.setdefault(stage, Told()).add(row)
        for after in (False, True):
            for _ in range(len(TROUBLES) * options.kills):
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


def answers(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """Each answer that Discord may give, through the product's worker."""
    wrong: list[str] = []
    print(f"\n{ALERTS} alerts told by a running worker, {name}; what Discord answers first\n")
    heading("answer", "posts", "arrived", "failed", "twice", "too early", "in order", "seconds")
    with ground_of(server, venue=False) as ground:
        ground.installation.start("run_worker")
        for script, plan in SCRIPTS.items():
            found = answered(ground, plan)
            order = "yes" if found.in_order else "NO"
            counts = (found.posts, found.arrived, found.failed, found.twice, found.early, order)
            print(
                f"| {script} | {' | '.join(map(str, counts))} | {found.seconds:.1f} |", flush=True
            )
            wrong += [f"{name}, {script}: {text}" for text in found.wrong]
        gone = removed(ground)
    print(
        f"\n404: {gone.posts} post, then off (“{gone.disabled}”); the other channel was told:"
        f" {gone.told_elsewhere}; {gone.waiting} alerts waited; mended, {gone.left} are left",
        flush=True,
    )
    if gone.posts != 1 or gone.left or not gone.in_order or not gone.told_elsewhere:
        wrong.append(f"{name}, 404: {gone}")
    return wrong


def outages(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """Discord away for an hour and for six, an alert each minute."""
    wrong: list[str] = []
    print(f"\nDiscord away, an alert a minute, on a compressed clock, {name}\n")
    heading("hours", *OUTAGE, "in order")
    for hours in (1, 6):
        with ground_of(server, venue=False) as ground:
            found = ground.hand.ask("outage", hours=hours)
        order = "yes" if found["in_order"] else "NO"
        print(f"| {hours} | {' | '.join(f'{found[key]:g}' for key in OUTAGE.values())} | {order} |")
        if found["untold"] or found["early"] or not found["in_order"]:
            wrong.append(f"{name}, {hours} h without Discord: {found}")
    return wrong


def repeats(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """The same decision by four passes at once, the same alerts by two workers."""
    with ground_of(server) as ground:
        rng = random.Random(options.seed)
        made = decided_at_once(ground, decisions=options.decisions, rng=rng)
    with ground_of(server, venue=False) as ground:
        twins = told_by_two(ground, alerts=1000)
    print(f"\nDone many times at once, {name}\n")
    lines(
        {
            "decisions": made.decisions,
            "passes that took them up, four at once": made.passes,
            "of these killed": made.killed,
            "orders sent although executed already": made.sent_again,
            "orders executed for each key, at most": made.orders_a_key,
            "alerts, told by two workers": twins.entries,
            "rows": twins.rows,
            "posts": twins.posts,
            "messages twice": twins.twice,
        }
    )
    wrong = [*made.wrong, *([f"{made}"] if made.orders_a_key != 1 else [])]
    if twins.twice or not twins.entries == twins.rows == twins.posts == twins.delivered:
        wrong.append(f"{twins}")
    return [f"{name}, at once: {text}" for text in wrong]
