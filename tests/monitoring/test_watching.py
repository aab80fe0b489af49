"""The pure judgement of the watch: which facts are which trouble, from when on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.facts import Blind, Facts, Off, PassSeen
from monitoring.watching import Trouble, judge, starting

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOON - timedelta(seconds=seconds)


def seen(took: float, ended: float = 5, state: str = "complete", problem: str = "") -> PassSeen:
    return PassSeen(state, ago(ended + took), ago(ended), problem)


def waited(*, ended: float = 5, state: str = "incomplete", watched: bool = True) -> PassSeen:
    return replace(seen(1, ended, state, "3 alerts are overdue"), watched=watched)


WELL = Facts(
    interval=30,
    last_pass=ago(5),
    finished=(seen(1), seen(1, 35)),
    started=ago(3600),
    worker=ago(1),
)


def names(**values: Any) -> list[str]:
    return [trouble.name for trouble in judge(replace(WELL, **values), NOON)]


def only(**values: Any) -> Trouble:
    (trouble,) = judge(replace(WELL, **values), NOON)
    return trouble


def test_well_is_no_trouble() -> None:
    assert names() == []


@pytest.mark.parametrize(
    ("last_pass", "expected"),
    [
        (ago(60), []),
        (ago(60.001), ["missed"]),
        (ago(7200), ["missed"]),
        (None, ["missed"]),
        (ago(-60), []),
        (ago(-61), ["missed"]),  # the clock was set back since
    ],
)
def test_missed_is_no_complete_pass_for_two_intervals(
    last_pass: datetime | None, expected: list[str]
) -> None:
    assert names(last_pass=last_pass) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ["outbox_overdue", "incomplete"]),
        ({"overdue": 0}, ["missed", "incomplete"]),
        ({"finished": (waited(ended=61),)}, ["missed", "outbox_overdue", "incomplete"]),
        ({"finished": (waited(watched=False),)}, ["missed", "outbox_overdue", "incomplete"]),
        ({"finished": (waited(state="failed"),)}, ["missed", "outbox_overdue", "incomplete"]),
    ],
)
def test_watch_whose_alerts_do_not_arrive_is_not_missed(
    values: dict[str, Any], expected: list[str]
) -> None:
    waits = {"last_pass": ago(300), "overdue": 3, "finished": (waited(),)}
    assert names(**(waits | values)) == expected


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"worker": None}, "start it with make up or manage.py run_worker"),
        ({"worker": ago(9.1)}, "start it with make up or manage.py run_worker"),
        ({"running": ago(31)}, "The present check hangs"),
        (
            {"finished": (seen(1, state="incomplete", problem="no price source answered"),)},
            "The last one: no price source answered.",
        ),
        ({}, "See the worker's log"),
    ],
)
def test_missed_says_why_and_what_to_do(facts: dict[str, Any], why: str) -> None:
    found = judge(replace(WELL, last_pass=ago(90), **facts), NOON)
    text = next(trouble.text for trouble in found if trouble.name == "missed")
    assert text.startswith("No check has been complete for 90 s; one is expected every 30 s. ")
    assert why in text


def test_missed_counts_from_the_last_complete_pass_and_is_critical() -> None:
    trouble = only(last_pass=ago(90))
    assert (trouble.since, trouble.urgency) == (ago(90), "critical")


@pytest.mark.parametrize(
    ("interval", "unrenewed", "expected"),
    [
        (5, 30, []),  # 25 s for a venue and 5 s for a second reading are no wedge
        (5, 30.1, ["wedged"]),
        (30, 60, []),
        (30, 60.1, ["wedged"]),
        (1800, 90, []),  # long before the next pass is due
        (1800, 90.1, ["wedged"]),
    ],
)
def test_wedged_is_a_pass_that_renews_its_lease_no_more(
    interval: int, unrenewed: float, expected: list[str]
) -> None:
    running = {"running": ago(unrenewed + 1), "renewed": ago(unrenewed)}
    assert names(interval=interval, last_pass=ago(4), **running) == expected


def test_pass_whose_lease_is_gone_is_not_wedged() -> None:
    assert names(running=ago(1000), renewed=None) == []


@pytest.mark.parametrize(("worker", "expected"), [(45, []), (45.1, ["worker_silent"]), (-3600, [])])
def test_worker_is_silent_after_three_quarters_of_a_minute(
    worker: float, expected: list[str]
) -> None:
    assert names(interval=1800, worker=ago(worker)) == expected


def test_worker_that_has_never_run_is_told_as_such() -> None:
    trouble = only(worker=None)
    assert (trouble.name, trouble.since) == ("worker_silent", WELL.started)
    assert "never run here" in trouble.text


@pytest.mark.parametrize(
    ("interval", "took", "expected"),
    [
        (30, (31.0, 1.0), ["slow"]),
        (30, (30.0, 1.0), []),
        (30, (16.0, 16.0), ["slow"]),
        (30, (16.0, 15.0), []),  # once is no habit
        (5, (9.0, 9.0), []),  # a second reading takes 5 s
        (5, (10.5, 1.0), ["slow"]),
    ],
)
def test_slow_is_longer_than_the_interval_or_half_of_it_twice(
    interval: int, took: tuple[float, float], expected: list[str]
) -> None:
    finished = (seen(took[0], 1), seen(took[1], 40))
    assert names(interval=interval, last_pass=ago(1), finished=finished) == expected


def test_pass_that_waits_for_a_blind_venue_is_not_slow() -> None:
    blind = (Blind("polymarket", ago(180)),)
    assert names(finished=(seen(31), seen(31, 40)), blind=blind) == ["blind"]


def test_nothing_leaving_is_critical_and_counts_from_the_first() -> None:
    trouble = only(stuck=2, stuck_since=ago(70))
    assert (trouble.name, trouble.urgency, trouble.since) == ("nothing_leaves", "critical", ago(70))
    assert "2 exits were decided and no order has been sent for them" in trouble.text


def test_blind_source_is_named_with_its_answer() -> None:
    trouble = only(blind=(Blind("polymarket", ago(180), "503"),))
    assert (trouble.name, trouble.urgency, trouble.since) == ("blind", "high", ago(180))
    assert trouble.text.startswith("Polymarket has told no price for 3 min")
    assert "(503)" in trouble.text


@pytest.mark.parametrize(
    ("facts", "name", "urgency"),
    [
        ({"overdue": 1}, "outbox_overdue", "high"),
        ({"failed": 3}, "alerts_failed", "high"),
        ({"off": (Off("discord", "404"),)}, "channel_off", "high"),
        ({"queued": 31}, "queue", "high"),
        ({"finished": (seen(1, state="failed"),)}, "incomplete", "medium"),
        ({"stepped": (ago(3599), -3600.0)}, "clock", "medium"),
        ({"pings": True, "outside": ago(91)}, "outside", "medium"),
        ({"pings": True}, "outside", "medium"),
    ],
)
def test_each_of_the_rest_is_a_trouble_of_its_own(
    facts: dict[str, Any], name: str, urgency: str
) -> None:
    trouble = only(**facts)
    assert (trouble.name, trouble.urgency) == (name, urgency)


@pytest.mark.parametrize(
    "facts",
    [
        {"queued": 30},
        {"stepped": (ago(3600), -3600.0)},
        {"stepped": (ago(-1), -3600.0)},
        {"pings": True, "outside": ago(90)},
        {"pings": True, "started": ago(30)},  # there has been no time for one
        {"pings": False, "outside": ago(9000)},
    ],
)
def test_what_is_only_nearly_so_is_no_trouble(facts: dict[str, Any]) -> None:
    assert names(**facts) == []


def test_worst_comes_first() -> None:
    found = names(stepped=(ago(1), 60.0), overdue=1, stuck=1, stuck_since=ago(90))
    assert found == ["nothing_leaves", "outbox_overdue", "clock"]


@pytest.mark.parametrize(
    ("interval", "started", "expected"),
    [
        (5, 19, True),
        (5, 20, False),
        (15, 29, True),
        (15, 30, False),
        (1800, 59, True),  # a start makes its first pass at once, whatever the interval
        (1800, 60, False),
        (30, -5, False),  # set back since: no grace without end
    ],
)
def test_start_is_given_a_while(interval: int, started: float, *, expected: bool) -> None:
    facts = replace(WELL, interval=interval, started=ago(started), last_pass=ago(9000))
    assert starting(facts, NOON) is expected


@pytest.mark.parametrize(("last_pass", "expected"), [(10, False), (11, True), (-3600, True)])
def test_start_ends_with_the_first_complete_pass(last_pass: float, *, expected: bool) -> None:
    facts = replace(WELL, started=ago(10), last_pass=ago(last_pass))
    assert starting(facts, NOON) is expected
