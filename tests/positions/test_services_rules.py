"""Changing rules and thesis: who, old and new in the journal; a stop is not lowered by accident."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions.domain.policy import PolicyError
from positions.models import ExitPolicy, JournalEntry, Mark, Position, Strategy, Thesis
from positions.services import (
    ConfirmationNeededError,
    ServiceError,
    StaleError,
    effective_policy,
    policy_set,
    position_open,
    rule_arm,
    strategy_policy_set,
    thesis_set,
)
from tests.positions.holdings import NOON, holding, market

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
WHO: dict[str, Any] = {"actor": "ann", "now": NOON}


def last() -> JournalEntry:
    return JournalEntry.objects.latest("pk")


class TestPolicySet:
    def test_journal_has_who_old_and_new(self) -> None:
        position = holding(policy={"stop_loss_pct": "10", "confirm_seconds": "3"})
        document = {"stop_loss_pct": "5", "take_profit_price": "0.8", "confirm_seconds": "3"}
        policy_set(position_id=position.pk, document=document, **WHO)
        entry = last()
        assert (entry.kind, entry.actor, entry.position_id) == ("rule_changed", "ann", position.pk)
        assert entry.text == "stop (% below entry) 10 → 5; target price inherited → 0.8"
        assert (entry.data["old"]["stop_loss_pct"], entry.data["new"]["stop_loss_pct"]) == (
            "10",
            "5",
        )
        assert effective_policy(position).stop_loss_pct == 5

    def test_same_rules_again_write_nothing_new(self) -> None:
        position = holding(policy={"stop_loss_pct": "10"})
        policy_set(position_id=position.pk, document={"stop_loss_pct": Decimal(10)}, **WHO)
        assert last().kind == "position_opened"

    @pytest.mark.parametrize(
        "lower",
        [{}, {"stop_loss_pct": "20"}, {"stop_loss_price": "0.44"}, {"stop_loss_pct": None}],
    )
    def test_lower_stop_wants_a_confirmation(self, lower: dict[str, Any]) -> None:
        position = holding(policy={"stop_loss_pct": "10"})
        with pytest.raises(ConfirmationNeededError, match=r"from 45\.0¢ to"):
            policy_set(position_id=position.pk, document=lower, **WHO)
        assert (last().kind, effective_policy(position).stop_loss_pct) == (
            "position_opened",
            Decimal(10),
        )
        policy_set(position_id=position.pk, document=lower, confirmed=True, **WHO)
        assert last().kind == "rule_changed"

    @pytest.mark.parametrize(
        "document", [{"stop_loss_pct": "5"}, {"stop_loss_pct": "50", "stop_loss_price": "0.45"}]
    )
    def test_stop_as_high_or_higher_does_not(self, document: dict[str, Any]) -> None:
        position = holding(policy={"stop_loss_pct": "10"})
        policy_set(position_id=position.pk, document=document, **WHO)
        assert last().kind == "rule_changed"

    @pytest.mark.parametrize(
        ("document", "field"),
        [({"stop_loss_pct": "-1"}, "stop_loss_pct"), ({"stop_loss_price": "2"}, "stop_loss_price")],
    )
    def test_bad_rules_change_nothing(self, document: dict[str, Any], field: str) -> None:
        position = holding(policy={"stop_loss_pct": "10"})
        with pytest.raises(PolicyError) as caught:
            policy_set(position_id=position.pk, document=document, **WHO)
        position.refresh_from_db()
        assert (caught.value.field, position.version, last().kind) == (field, 1, "position_opened")

    def test_changed_trail_begins_anew_and_is_looked_at(self) -> None:
        position = holding(policy={"trailing_stop": [{"distance_pct": "10"}]})
        Mark.objects.update(state='{"trail_level":"0.54"}', quiet_low=0.1, quiet_high=0.9)
        document = {"trailing_stop": [{"distance_pct": "20"}]}
        policy_set(position_id=position.pk, document=document, **WHO)
        mark = Mark.objects.get()
        assert (mark.state, mark.quiet_low) == ("{}", None)

    def test_other_rules_leave_the_trail_alone(self) -> None:
        position = holding(policy={"trailing_stop": [{"distance_pct": "10"}]})
        Mark.objects.update(state='{"trail_level":"0.54"}')
        document = {"trailing_stop": [{"distance_pct": "10"}], "soft_stop_pct": "5"}
        policy_set(position_id=position.pk, document=document, **WHO)
        assert Mark.objects.get().state == '{"trail_level":"0.54"}'

    def test_position_that_is_gone_is_told(self) -> None:
        with pytest.raises(ServiceError, match="no longer there"):
            policy_set(position_id=1, document={}, **WHO)


class TestStrategy:
    def make(self, **rules: Any) -> tuple[Strategy, Position]:
        strategy = Strategy.objects.create(name="mine")
        strategy_policy_set(strategy=strategy, document=rules, **WHO)
        position = position_open(
            market=market(),
            entry_price=Decimal("0.5"),
            shares=Decimal(10),
            now=NOON,
            strategy=strategy,
        )
        return strategy, position

    def test_every_position_that_inherits_is_looked_at(self) -> None:
        strategy, position = self.make(stop_loss_pct="10")
        Mark.objects.update(quiet_low=0.1, quiet_high=0.9, state='{"unarmed":["stop_loss"]}')
        strategy_policy_set(strategy=strategy, document={"stop_loss_pct": "5"}, **WHO)
        mark = Mark.objects.get(position=position)
        assert (mark.quiet_low, mark.state) == (None, "{}")
        assert (last().kind, last().text) == ("rule_changed", "mine: stop (% below entry) 10 → 5")

    def test_same_rules_write_nothing(self) -> None:
        strategy, _position = self.make(stop_loss_pct="10")
        strategy_policy_set(strategy=strategy, document={"stop_loss_pct": 10}, **WHO)
        assert last().kind == "position_opened"

    def test_bad_rules_change_nothing(self) -> None:
        strategy, _position = self.make(stop_loss_pct="10")
        with pytest.raises(PolicyError):
            strategy_policy_set(strategy=strategy, document={"stop": 1}, **WHO)
        assert ExitPolicy.objects.get(strategy=strategy).document == '{"stop_loss_pct": "10"}'


class TestThesis:
    def test_history_stays_in_the_journal(self) -> None:
        position = holding()
        thesis_set(position_id=position.pk, text="yes", probability=Decimal("0.60"), **WHO)
        thesis_set(position_id=position.pk, text="no", **WHO)
        thesis = Thesis.objects.get()
        assert (thesis.text, thesis.probability, thesis.version) == ("no", Decimal("0.60"), 2)
        first, second = JournalEntry.objects.filter(kind="thesis_changed").order_by("pk")
        assert first.data["new"] == {"text": "yes", "probability": "0.6"}
        assert (second.data["old"], second.data["new"]) == ({"text": "yes"}, {"text": "no"})

    def test_same_thesis_writes_nothing(self) -> None:
        position = holding()
        for _ in range(2):
            thesis_set(position_id=position.pk, text="yes", **WHO)
        assert JournalEntry.objects.filter(kind="thesis_changed").count() == 1

    def test_stale_version_is_refused(self) -> None:
        position = holding()
        thesis_set(position_id=position.pk, version=1, text="a", **WHO)
        with pytest.raises(StaleError):
            thesis_set(position_id=position.pk, version=1, text="b", **WHO)
        assert Thesis.objects.get().text == "a"


def test_arming_moves_only_the_rule_meant() -> None:
    position = holding(policy={"stop_loss_pct": "10", "take_profit_price": "0.6"})
    Mark.objects.update(state='{"unarmed":["stop_loss","take_profit"]}', quiet_low=0.1)
    rule_arm(position_id=position.pk, rule="stop_loss", **WHO)
    mark = Mark.objects.get()
    assert (mark.state, mark.unarmed, mark.quiet_low) == (
        '{"unarmed":["take_profit"]}',
        "take_profit",
        None,
    )
    assert (last().kind, last().rule, last().actor) == ("armed", "stop_loss", "ann")
