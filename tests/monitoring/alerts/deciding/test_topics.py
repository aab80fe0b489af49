from __future__ import annotations

import pytest

from monitoring.alerts.deciding.topics import (
    HAPPENS,
    RAISES,
    RESOLVES,
    Act,
    is_critical_stop,
    topic,
)
from monitoring.alerts.selection import TOLD


@pytest.mark.parametrize(
    ("kind", "values", "key", "act"),
    [
        ("unpriced", {"position": 12}, "unpriced:12", Act.RAISE),
        ("priced", {"position": 12}, "unpriced:12", Act.RESOLVE),
        ("unarmed", {"position": 12, "rule": "stop_loss"}, "unarmed:12:stop_loss", Act.RAISE),
        ("armed", {"position": 12, "rule": "stop_loss"}, "unarmed:12:stop_loss", Act.RESOLVE),
        ("exit_partial", {"position": 12, "rule": "manual"}, "exit:12:manual", Act.RAISE),
        ("exit_cancelled", {"position": 12, "rule": "manual"}, "exit:12:manual", Act.RESOLVE),
        ("channel_disabled", {"data": {"channel": "d"}}, "channel:d", Act.RAISE),
        ("source_down", {"data": {"venue": "sim"}}, "source:sim", Act.RAISE),
        ("source_back", {"data": {"venue": "sim"}}, "source:sim", Act.RESOLVE),
        ("watch_late", {}, "watch:late", Act.RAISE),
        ("nothing_leaves", {"data": {"watch": "leaves"}}, "watch:leaves", Act.RAISE),
        ("watch_back", {"data": {"watch": "leaves"}}, "watch:leaves", Act.RESOLVE),
        ("exits_resumed", {}, "switch:exits_paused", Act.RESOLVE),
        ("exit_done", {"urgency": "critical", "data": {"exit": 45}}, "sold:45", Act.HAPPEN),
        ("exit_done", {"urgency": "high", "data": {"exit": 45}}, "", Act.HAPPEN),
        ("ask", {"position": 12, "rule": "soft_stop"}, "ask:12:soft_stop", Act.RAISE),
        ("ai_alert", {"position": 12, "rule": "ai_alert"}, "ask:12:ai_alert", Act.RAISE),
        ("ai_approved", {"position": 12, "rule": "ai_alert"}, "ask:12:ai_alert", Act.RESOLVE),
        ("ai_expired", {"position": 12, "rule": "ai_alert"}, "ask:12:ai_alert", Act.RESOLVE),
        ("ai_down", {"data": {"provider": "budget"}}, "ai:budget", Act.RAISE),
        ("ai_back", {"data": {"provider": "budget"}}, "ai:budget", Act.RESOLVE),
        ("reminder", {"data": {"key": "unpriced:12"}}, "unpriced:12", Act.REMIND),
        ("something_new", {"urgency": "high"}, "", Act.HAPPEN),
        ("something_new", {"urgency": "critical", "entry": 7}, "something_new:7", Act.HAPPEN),
        ("alerts_collapsed", {"urgency": "critical", "entry": 7}, "", Act.HAPPEN),
    ],
)
def test_entry_names_the_alarm_it_is_about(
    kind: str, values: dict[str, object], key: str, act: Act
) -> None:
    found = topic(kind, **values)  # type: ignore[arg-type]
    assert (found.key, found.act) == (key, act)


def test_what_sells_ends_what_was_wrong_with_selling() -> None:
    found = topic("exit_done", position=12, rule="stop_loss")
    assert found.ends == ("exit:12:stop_loss", "stop_blocked:12", "exit_paused:12")
    assert topic("position_closed", position=12).ends_position
    assert topic("exits_resumed").ends_kind == "exit_paused"


def test_every_kind_is_one_thing_only() -> None:
    assert not set(RAISES) & set(RESOLVES)
    assert not (set(RAISES) | set(RESOLVES)) & set(HAPPENS)
    assert set(RAISES) - {"error"} <= TOLD  # an error is told because it is critical


@pytest.mark.parametrize(
    ("kind", "rule", "urgency", "expected"),
    [
        ("exit_done", "stop_loss", "critical", True),
        ("exit_done", "trailing_stop", "critical", True),
        ("stop_blocked", "", "critical", True),
        ("source_down", "", "critical", True),
        ("source_down", "", "high", False),
        ("exit_partial", "stop_loss", "high", False),
        ("exits_resumed", "", "critical", False),
        ("channel_disabled", "", "critical", False),
    ],
)
def test_critical_stop_is_what_may_leave_a_stop_unguarded(
    kind: str, rule: str, urgency: str, expected: bool
) -> None:
    assert is_critical_stop(kind, rule, urgency) is expected
