"""A note on a hard stop: afterwards, once, only where money is left, and never in anybody's way."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from monitoring.advisor.deciding.notes import write_due
from monitoring.advisor.port import Reply
from monitoring.advisor.schemas import Note
from monitoring.models import AICall, AISpend
from positions.models import Exit, JournalEntry
from tests.monitoring.advisor.deciding.world import World, fails
from tests.monitoring.advisor.gating import SONNET, USAGE
from tests.positions.holdings import NOON

pytestmark = pytest.mark.django_db


def noted(*ids: str) -> Reply:
    data = Note(
        text="A rate rise was reported.", evidence_ids=list(ids or ("p1",)), thesis_status="broken"
    )
    return Reply(None, data=data, usage=USAGE, model=SONNET, http_status=200, attempts=1)


def stopped(reply: Reply, rule: str = "stop_loss", **fields: Any) -> World:
    world = World.of(reply)
    values = {
        "state": "filled",
        "shares": Decimal(100),
        "filled": Decimal(100),
        "finished_at": world.clock() - timedelta(minutes=1),
        "created_at": world.clock() - timedelta(minutes=2),
        "reason": "stop loss: bid 44¢ at or below 45¢",
        "level": Decimal("0.45"),
        "trigger_price": Decimal("0.44"),
    }
    Exit.objects.create(position=world.position, rule=rule, **(values | fields))
    return world


def write(world: World) -> bool:
    return write_due(
        clock=world.clock,
        providers=[world.provider],
        monotonic=lambda: world.clock().timestamp(),
    )


def test_a_stop_gets_one_note() -> None:
    world = stopped(noted("h1"))
    world.headline("Rates rise")
    assert [write(world), write(world)] == [True, False]
    entry = JournalEntry.objects.get(kind="ai_note")
    assert (entry.text, entry.urgency, entry.rule) == (
        "A rate rise was reported.",
        "low",
        "stop_loss",
    )
    assert entry.data["exit"] == Exit.objects.get().pk
    assert [one["text"] for one in entry.data["evidence"]] == ["Rates rise"]
    assert AICall.objects.get().purpose == "note"


@pytest.mark.parametrize(
    "stop",
    [
        {"rule": "take_profit"},
        {"rule": "ai_exit"},
        {"state": "working", "finished_at": None},
        {"finished_at": NOON - timedelta(minutes=61)},
    ],
)
def test_nothing_else_gets_one(stop: dict[str, Any]) -> None:
    world = stopped(noted(), **stop)
    assert (write(world), world.provider.asked) == (False, 0)


@pytest.mark.parametrize("reply", [fails(), noted("h9")])
def test_a_failed_note_is_not_tried_again(reply: Reply) -> None:
    world = stopped(reply)
    assert [write(world), write(world)] == [False, False]
    assert (world.provider.asked, JournalEntry.objects.filter(kind="ai_note").count()) == (1, 0)


def test_it_leaves_the_money_to_decisions(settings: Any) -> None:
    settings.AI_DAILY_USD = Decimal("1.00")  # 0.80 of it for what is not critical
    world = stopped(noted())
    spend = AISpend.objects.create(day=world.clock().date(), spent=400_000)
    assert (write(world), world.provider.asked) == (False, 0)
    AISpend.objects.filter(pk=spend.pk).update(spent=0)
    assert write(world) is True


def test_without_a_provider_there_is_none() -> None:
    world = stopped(noted())
    assert write_due(clock=world.clock, providers=[]) is False
