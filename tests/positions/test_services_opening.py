"""Adding a holding: with its rules attached at once, or not at all."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from positions.domain.policy import PolicyError
from positions.domain.state import load
from positions.models import ExitPolicy, JournalEntry, Mark, Position, Strategy, Thesis
from positions.services import (
    ServiceError,
    effective_policy,
    position_open,
    strategy_policy_set,
)
from tests.positions.holdings import NOON, holding, market

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def opened(**fields: Any) -> Position:
    values = {"market": market(), "entry_price": Decimal("0.5"), "shares": Decimal(10)}
    return position_open(**{**values, "now": NOON, **fields})


def test_position_is_whole_with_mark_and_journal() -> None:
    position = opened(thesis="they will", probability=Decimal("0.7"), entry_fees=Decimal("0.1"))
    position.refresh_from_db()
    assert (position.state, position.shares, position.bought, position.opened_at) == (
        "open",
        Decimal(10),
        Decimal(10),
        NOON,
    )
    assert load(Mark.objects.get().state).watched_since == NOON
    assert Thesis.objects.get().probability == Decimal("0.7")
    entry = JournalEntry.objects.get()
    assert (entry.kind, entry.text, entry.actor, entry.data["shares"]) == (
        "position_opened",
        "opened: 10 shares at 50.0¢",
        "admin",
        "10",
    )


def test_strategys_rules_hold_from_the_first_moment() -> None:
    strategy = Strategy.objects.create(name="mine")
    document = {"stop_loss_pct": 15, "soft_stop_pct": 8}
    strategy_policy_set(strategy=strategy, document=document, actor="ann", now=NOON)
    inherits = opened(strategy=strategy)
    overrides = opened(strategy=strategy, policy={"stop_loss_pct": "20", "soft_stop_pct": None})
    rules = [effective_policy(position) for position in (inherits, overrides)]
    assert [(rule.stop_loss_pct, rule.soft_stop_pct) for rule in rules] == [
        (Decimal(15), Decimal(8)),
        (Decimal(20), None),
    ]


def test_policy_is_stored_in_plain_strings() -> None:
    opened(policy={"stop_loss_pct": Decimal("1E+1"), "take_profit": [{"pct": 20}]})
    assert ExitPolicy.objects.get(strategy=None).document == (
        '{"stop_loss_pct": "10", "take_profit": [{"pct": "20"}]}'
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"entry_price": Decimal(0)}, "above 0"),
        ({"entry_price": Decimal("1.01")}, "cents for dollars"),
        ({"shares": Decimal(0)}, "number of shares"),
        ({"shares": Decimal(-5)}, "number of shares"),
        ({"entry_fees": Decimal(-1)}, "fees"),
    ],
)
def test_impossible_holding_is_refused_whole(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        opened(**fields)
    assert (Position.objects.count(), JournalEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"stop_loss_pct": "100"}, "stop_loss_pct"),
        ({"stop": "1"}, "stop"),
        ({"stop_loss_price": "1.5"}, "stop_loss_price"),
        ({"take_profit": [{"pct": "x"}]}, "take_profit[0].pct"),
    ],
)
def test_bad_policy_is_refused_whole_and_names_its_field(
    policy: dict[str, Any], field: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        opened(policy=policy)
    assert caught.value.field == field
    assert (Position.objects.count(), JournalEntry.objects.count()) == (0, 0)


def test_price_of_an_instrument_may_be_any() -> None:
    index = market("KSE", venue="url", payout=None, currency="PKR")
    assert opened(market=index, entry_price=Decimal(80_000)).entry_price == 80_000


def test_reference_is_used_once() -> None:
    opened(reference="bot-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        opened(reference="bot-1")
    opened(reference=None)
    opened(reference=None)
    assert Position.objects.count() == 3


def test_arm_now_counts_as_watched_already() -> None:
    position = holding(age=9999, arm_now=True)
    assert f'"watched_since":"{NOON.isoformat()}"' in position.mark.state


def test_opened_at_may_lie_in_the_past() -> None:
    yesterday = NOON - timedelta(days=1)
    assert opened(opened_at=yesterday).opened_at == yesterday
