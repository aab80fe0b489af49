from __future__ import annotations

from dataclasses import dataclass

import pytest

from monitoring.alerts.deciding.routing import hears, routes


@dataclass(frozen=True)
class Ear:
    name: str
    listens: str = "low"


EARS = (Ear("all"), Ear("high", "high"), Ear("last", "critical"), Ear("second", "never"))


@pytest.mark.parametrize(
    ("urgency", "expected"),
    [
        ("low", ["all"]),
        ("medium", ["all"]),
        ("high", ["all", "high"]),
        ("critical", ["all", "high", "last"]),
        ("unheard of", ["all"]),
    ],
)
def test_urgency_reaches_those_that_listen_from_it_on(urgency: str, expected: list[str]) -> None:
    assert [ear.name for ear in routes("exit_done", urgency, {}, EARS)] == expected


def test_a_channel_for_fallback_and_escalation_hears_nothing_at_once() -> None:
    assert not hears("never", "critical")


@pytest.mark.parametrize("kind", ["test", "digest", "alerts_collapsed"])
def test_message_for_one_channel_goes_there_whatever_it_listens_to(kind: str) -> None:
    assert routes(kind, "low", {"channel": "second"}, EARS) == [EARS[3]]


def test_test_without_a_name_goes_to_all() -> None:
    assert routes("test", "low", {}, EARS) == list(EARS)


@pytest.mark.parametrize("kind", ["channel_disabled", "alerts_failed"])
def test_trouble_of_a_channel_is_told_by_the_others(kind: str) -> None:
    found = routes(kind, "critical", {"channel": "all"}, EARS)
    assert [ear.name for ear in found] == ["high", "last"]
