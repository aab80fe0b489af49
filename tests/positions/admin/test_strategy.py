"""Strategies: their rules guard every position that carries them, so none is lost by accident."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from positions.models import Exit, ExitPolicy, JournalEntry, Strategy
from positions.services import effective_policy, strategy_policy_set
from tests.positions.admin.conftest import Open, Trader, errors_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped")]


def sniper() -> Strategy:
    return Strategy.objects.get(name="theta_sniper")


def path() -> str:
    return f"strategy/{sniper().pk}/change/"


def stored(strategy: Strategy) -> dict[str, object]:
    found: dict[str, object] = json.loads(ExitPolicy.objects.get(strategy=strategy).document)
    return found


def test_the_list_shows_rules_and_open_positions(trader: Trader, open_one: Open) -> None:
    open_one("a")
    page = trader.get("strategy/")
    assert ("Targets: 20" in page, "Momentum exit: 12 in 60 fade 3 sell 50" in page) == (True, True)
    assert '<td class="field-open_positions">1</td>' in page


def test_saving_an_untouched_form_writes_nothing(trader: Trader) -> None:
    before = stored(sniper())
    assert trader.change(path()).status_code == 302
    assert (stored(sniper()), JournalEntry.objects.count()) == (before, 0)


def test_changed_rules_reach_every_position_and_the_journal(trader: Trader, open_one: Open) -> None:
    position = open_one("a")
    assert trader.change(path(), stop_loss_pct="10", description="New").status_code == 302
    assert effective_policy(position).stop_loss_pct == 10
    entry = JournalEntry.objects.get(kind="rule_changed")
    assert (entry.actor, entry.text) == ("alice", "theta_sniper: stop (% below entry) 15 → 10")
    assert sniper().description == "New"


def test_rules_that_changed_meanwhile_are_not_overwritten(trader: Trader) -> None:
    seen = trader.form(path())
    strategy_policy_set(
        strategy=sniper(), document={"stop_loss_pct": "5"}, actor="bob", now=timezone.now()
    )
    answer = trader.send(path(), seen | {"take_profit": "44"})
    assert "changed these rules meanwhile" in errors_of(answer)["__all__"][0]
    assert ">\n44</textarea>" in answer.content.decode()
    assert stored(sniper()) == {"stop_loss_pct": "5"}


def test_a_running_exit_of_one_position_holds_the_change_back(
    trader: Trader, open_one: Open
) -> None:
    Exit.objects.create(
        position=open_one("a"), rule="stop_loss", shares=100, created_at=timezone.now()
    )
    answer = trader.change(path(), stop_loss_pct="10", description="New")
    assert "is running" in errors_of(answer)["__all__"][0]
    assert (stored(sniper())["stop_loss_pct"], sniper().description == "New") == ("15", False)


def test_wrong_rules_stand_beside_their_fields(trader: Trader) -> None:
    errors = errors_of(trader.change(path(), stop_loss_pct="100", adverse_move="6"))
    assert errors == {
        "stop_loss_pct": ["100 must be below 100"],
        "adverse_move": ["window_minutes: is required"],
    }


def test_a_new_strategy_comes_with_its_rules(trader: Trader) -> None:
    trader.change("strategy/add/", name="gamma", stop_loss_pct="7", trailing_stop="5 from 10")
    made = Strategy.objects.get(name="gamma")
    assert stored(made) == {
        "stop_loss_pct": "7",
        "trailing_stop": [{"distance_pct": "5", "activation_pct": "10"}],
    }


def test_a_strategy_without_rules_can_be_made(trader: Trader) -> None:
    assert trader.change("strategy/add/", name="none").status_code == 302
    assert stored(Strategy.objects.get(name="none")) == {}


def test_a_strategy_that_guards_cannot_be_deleted(trader: Trader, open_one: Open) -> None:
    open_one("a")
    pk = sniper().pk
    assert trader.send(f"strategy/{pk}/delete/", {"post": "yes"}).status_code == 403
    trader.act("delete_selected", sniper(), path="strategy/", post="yes")
    assert Strategy.objects.filter(pk=pk).exists()


def test_there_is_nothing_to_inherit_and_so_nothing_to_turn_off(trader: Trader) -> None:
    page = trader.get(path())
    assert ("stop_loss_pct_off" in page, "Inherits" in page) == (False, False)
