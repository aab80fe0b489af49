"""Open alarms, channels and silences in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.models import Alarm, Channel, Silence
from monitoring.presenting.alarms import Raised, Way, raised, scope, way
from monitoring.presenting.kinds import what
from positions.models import Strategy
from positions.presenting.entries import Entry, entry_view

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=3)


def alarm(
    silences: tuple[Silence, ...] = (), name: str = "Fed cuts? · Yes", **values: Any
) -> Raised:
    row = {"kind": "stop_blocked", "rule": "stop_loss", "urgency": "critical"} | values
    found = Alarm(raised_at=NOON, last_at=NOON, **row)
    entry = Entry(1, NOON, found.kind, found.urgency, None, found.rule, "watch", "held back", {})
    return raised(found, entry_view(entry, name=name), silences, NOON)


def channel(waiting: int = 0, sent_at: datetime | None = NOON, **values: Any) -> Way:
    return way(Channel(name="discord", **values), waiting, sent_at, NOON)


@pytest.mark.parametrize(
    ("kind", "rule", "expected"),
    [
        ("unpriced", "", "No usable price"),
        ("unarmed", "stop_loss", "Not armed · Stop loss"),
        ("exit_done", "stop_loss", "Stop loss: sold"),
        ("", "momentum_exit", "Momentum exit"),
        ("", "", ""),
    ],
)
def test_kinds_and_rules_are_named_as_people_know_them(kind: str, rule: str, expected: str) -> None:
    assert what(kind, rule) == expected


def test_alarm_is_labelled_with_whose_it_is() -> None:
    one = alarm()
    assert (one.name, one.label) == (
        "Stop held back · Stop loss",
        "Stop held back · Stop loss · Fed cuts? · Yes",
    )
    assert alarm(name="").label == "Stop held back · Stop loss"
    assert one.tone == "crit"


def test_alarm_tells_what_was_done_about_it() -> None:
    one = alarm(flapping=True, reminders=2, escalated_at=NOON)
    assert one.facts == ["comes and goes", "2 reminders", "escalated"]
    assert alarm().facts == []


@pytest.mark.parametrize(("kind", "lasts"), [("unpriced", True), ("exit_done", False)])
def test_only_states_can_be_snoozed(kind: str, lasts: bool) -> None:
    assert alarm(kind=kind).lasts is lasts


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({}, LATER),
        ({"kind": "stop_blocked"}, LATER),
        ({"kind": "unpriced"}, None),
        ({"rule": "momentum_exit"}, None),
    ],
)
def test_alarm_names_the_silence_that_covers_it(
    narrowed: dict[str, str], expected: datetime | None
) -> None:
    silence = Silence(until=LATER, created_at=NOON - timedelta(hours=1), **narrowed)
    assert alarm((silence,)).silenced_until == expected


def test_silence_says_whose_alerts_it_keeps_back() -> None:
    assert scope(Silence(until=LATER)) == "Everything"
    assert scope(Silence(until=LATER, rule="stop_loss")) == "Stop loss"
    swing = Strategy(name="Swing")
    assert scope(Silence(until=LATER, strategy=swing, kind="unpriced")) == (
        "Strategy Swing — No usable price"
    )


def test_channel_that_works_tells_its_last_delivery() -> None:
    one = channel()
    assert (one.kind, one.tone, one.text, one.at) == (
        "Discord · everything",
        "ok",
        "last delivered",
        NOON,
    )
    assert channel(sent_at=None).text == "nothing delivered yet"


def test_channel_that_pauses_tells_until_when_only_if_something_waits() -> None:
    one = channel(waiting=2, not_before=LATER)
    assert (one.text, one.at, one.form) == ("pauses, goes on", LATER, "left")
    assert channel(not_before=LATER).text == "last delivered"


def test_channel_that_an_error_switched_off_tells_the_cure() -> None:
    one = channel(enabled=False, disabled_reason="404 Unknown Webhook")
    assert (one.tone, one.text) == ("bad", "off: 404 Unknown Webhook")
    assert one.cure.startswith("Put a working address into it")


def test_channel_that_a_person_switched_off_needs_no_cure() -> None:
    one = channel(enabled=False)
    assert (one.tone, one.text, one.cure) == ("quiet", "switched off by hand", "")
