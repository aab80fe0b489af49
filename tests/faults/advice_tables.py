"""The tables about the AI stage: its judge killed at every call, its provider hanging."""

from __future__ import annotations

import argparse

from tests.fakes.anthropic import AnthropicServer
from tests.faults.advice import BUDGET, killed_at_every_call, sold_while_ai_hangs
from tests.faults.fuse import STAGES
from tests.faults.printing import ground_of, heading, lines
from tests.servers import Postgres


def advice(name: str, server: Postgres | None, options: argparse.Namespace) -> list[str]:
    """Kills, then the hang."""
    return _kills(name, server) + _hang(name, server)


def _kills(name: str, server: Postgres | None) -> list[str]:
    with ground_of(server, AI_DAILY_USD=BUDGET) as ground:
        trial = killed_at_every_call(ground)
        books, found = ground.hand.ask("audit"), ground.verdict(alerts=False)
    print(f"\nA run of decide killed at every call, {name}\n")
    heading("killed", "kills", "sold by itself", "left to a person", "asked again", "not sold")
    for stage in sorted(trial.rows, key=STAGES.index):
        row = trial.rows[stage]
        counts = (row.kills, row.sold_by_itself, row.left_to_a_person, row.asked_again)
        print(f"| {stage} | {' | '.join(map(str, counts))} | {len(row.wrong)} |", flush=True)
    print()
    lines(
        {
            "questions": books["questions"],
            "decisions written": books["decisions"],
            "provider asked": trial.asked,
            "calls in the books": books["calls"],
            "questions lost, decided twice, sold twice; sums that differ": len(books["wrong"]),
            "sold twice, unsold, journal gaps": len(found.wrong),
        }
    )
    wrong = [text for row in trial.rows.values() for text in row.wrong]
    return [f"{name}: {text}" for text in [*wrong, *books["wrong"], *found.wrong]]


def _hang(name: str, server: Postgres | None) -> list[str]:
    with AnthropicServer() as ai:
        key = {"ANTHROPIC_API_KEY": ai.key, "ANTHROPIC_BASE_URL": ai.url}
        with ground_of(server, venue=False, **key) as ground:
            found = sold_while_ai_hangs(ground, ai)
    print(f"\nA stop falls while every AI call hangs, {name}, passes every 5 s\n")
    lines(
        {
            "seconds until it is sold": f"{found.seconds:.1f}",
            "AI calls that hang meanwhile": found.hanging,
            "the question": found.question,
        }
    )
    return [] if found.seconds < 10 else [f"{name}: the stop waited {found.seconds:.1f} s"]
