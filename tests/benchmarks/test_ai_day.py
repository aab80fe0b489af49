"""The day that was promised stays under the default cap, at the gate and not only on paper."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from monitoring.advisor.budget import cap, limit, spend_today
from monitoring.advisor.gate import ask
from monitoring.advisor.port import Reply, Request, Usage
from monitoring.models import AISpend
from pmsite import env
from tests.benchmarks.ai_day import (
    CASES,
    DECIDE,
    DECISIONS,
    POSITIONS,
    SCREEN,
    SCREENS,
    Case,
    cost,
    day,
    decision,
    screen,
    table,
)
from tests.monitoring.advisor.gating import Clock, Told, about, ports

USUAL, FULL = CASES
MODELS = {"screen": SCREEN, "decide": DECIDE}


def said(request: Request) -> Reply:
    """What the table expects of this call."""
    found = cost(MODELS[request.purpose], request)
    return Reply(None, usage=Usage(input=found.tokens, output=found.said), http_status=200)


def test_prices_are_of_the_default_models_and_the_cap_is_the_default_one(tmp_path: Path) -> None:
    found = env.read({"SECRET_KEY": "x", "DATA_DIR": str(tmp_path)})
    assert (found.ai_screen_model, found.ai_decide_model) == (SCREEN, DECIDE)
    assert found.ai_daily_usd == settings.AI_DAILY_USD
    assert cap() == 1_000_000


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_calls_cost_less_than_is_reserved_for_them(case: Case) -> None:
    for model, request in ((SCREEN, screen(case)), (DECIDE, decision(case))):
        found = cost(model, request)
        assert found.expected < found.most


def test_usual_day_stays_under_what_any_call_may_use_and_the_fullest_under_the_cap() -> None:
    assert day(USUAL) < limit(critical=False)
    assert day(FULL) < cap()


@pytest.mark.django_db
def test_gate_lets_every_call_of_the_usual_day_through() -> None:
    clock = Clock()
    clock.at = clock.at.replace(hour=0)
    first, second = screen(USUAL), decision(USUAL)
    # A position's day: its decisions follow its fifth and its last screen.
    turn = [first] * 5 + [second] + [first] * 5 + [second]
    assert (turn.count(first), turn.count(second)) == (SCREENS, DECISIONS)
    for request in [one for one in turn for _ in range(POSITIONS)]:
        provider = Told([said(request)], models=MODELS)
        found = ask(request, providers=[provider], about=about(), ports=ports(clock))
        assert found.reply.failure is None
        clock.later(seconds=300)
    spent = spend_today(clock.at - timedelta(seconds=300))
    assert (spent.spent, spent.calls) == (
        day(USUAL),
        {"screen": (POSITIONS * SCREENS, 0), "decide": (POSITIONS * DECISIONS, 0)},
    )
    assert AISpend.objects.count() == 1


def test_table_has_a_line_for_each_call_and_day() -> None:
    lines = table()
    assert [
        line
        for line in lines
        if line.startswith("| positions: 20; screens, decisions of each: 10, 2 | $")
    ]
    assert len(lines) == 2 + 4 + 1 + 2 + 3
