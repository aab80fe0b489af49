from __future__ import annotations

from dataclasses import replace

import pytest

from monitoring.alerts.deciding.reasons import Reason
from monitoring.alerts.deciding.reminders import due, tend
from monitoring.alerts.deciding.suppression import Around
from tests.monitoring.alerts.memories import Story, event, later

HOUR = 3600
DAY = 24 * HOUR


def told(kind: str = "unarmed", urgency: str = "critical") -> Story:
    story = Story()
    story.take(event(kind, urgency=urgency, rule="stop_loss"))
    return story


def watch(story: Story, until: float, *, every: float = 60, holds: bool = True) -> list[float]:
    """Looks as upkeep does; when it said something, in hours after noon."""
    before = len(story.told)
    for at in range(0, int(until), int(every)):
        story.wait(at, holds=holds)
    return [round(at / HOUR, 2) for at, _ in story.told[before:]]


class TestReminders:
    def test_come_after_an_hour_then_four_then_daily(self) -> None:
        assert watch(told(), 4 * DAY) == [1, 5, 29, 53, 77]

    @pytest.mark.parametrize("urgency", ["medium", "low"])
    def test_are_for_what_is_urgent(self, urgency: str) -> None:
        assert watch(told(urgency=urgency), DAY) == []

    def test_stop_when_somebody_took_note_and_come_back_when_that_is_undone(self) -> None:
        story = told()
        assert story.memory is not None
        story.memory = replace(story.memory, acknowledged_at=later(60), acknowledged_by="ann")
        assert watch(story, 2 * DAY) == []
        story.memory = replace(story.memory, acknowledged_at=None, acknowledged_by="")
        story.due = later(2 * DAY)
        assert story.wait(2 * DAY, holds=True) is Reason.REPEAT

    def test_are_not_for_what_happened_once(self) -> None:
        story = told("exit_done")
        assert watch(story, 2 * DAY) == []
        assert story.memory is not None
        assert story.memory.resolved_at == later(DAY)

    def test_of_what_happened_once_are_not_made_by_an_extra_look(self) -> None:
        story = told("exit_done")
        story.due = later(2 * HOUR)
        assert story.wait(2 * HOUR) is None

    def test_wait_while_it_is_silenced(self) -> None:
        story = told()
        quiet = Around(silenced_until=later(2 * HOUR))
        for at in range(0, 3 * HOUR, 60):
            story.wait(at, holds=True, around=quiet)
        assert story.told[1:] == [(2 * HOUR, Reason.REPEAT)]


class TestOwed:
    def test_what_was_silenced_and_still_stands_is_told_when_the_silence_ends(self) -> None:
        story = Story()
        quiet = Around(silenced_until=later(600))
        story.take(event("unpriced"), quiet)
        for at in range(0, 900, 10):
            story.wait(at, holds=True, around=quiet)
        assert story.told == [(600, Reason.STILL)]

    def test_what_began_anew_within_the_cooldown_is_told_at_its_end(self) -> None:
        story = Story()
        for kind, at in (("unpriced", 0), ("priced", 600), ("unpriced", 610)):
            story.take(event(kind, at))
        for at in range(610, 1200, 10):
            story.wait(at, holds=True)
        assert story.told[2:] == [(900, Reason.STILL)]

    def test_what_a_blind_source_hid_is_told_if_it_lasts_beyond_it(self) -> None:
        story = Story()
        story.take(event("unpriced"), Around(blind=True))
        for at in range(0, 300, 10):
            story.wait(at, holds=True, around=Around(blind=at < 200))
        assert story.told == [(240, Reason.STILL)]

    def test_acknowledged_alarm_owes_nothing(self) -> None:
        story = Story()
        story.take(event("unpriced"), Around(silenced_until=later(60)))
        assert story.memory is not None
        story.memory = replace(story.memory, acknowledged_at=later(30), acknowledged_by="ann")
        assert watch(story, DAY) == []


class TestEnd:
    def test_of_a_blocked_stop_is_seen_within_seconds_and_told_when_it_has_lasted(self) -> None:
        story = told("stop_blocked")
        for at in range(0, 300, 5):
            story.wait(at, holds=at < 100)
        assert story.told[1:] == [(160, Reason.RESOLVED)]
        assert (story.due, story.memory and story.memory.resolved_at) == (None, later(100))

    def test_of_what_a_person_ended_is_not_told(self) -> None:
        story = told("unarmed")
        assert watch(story, HOUR, holds=False) == []
        assert (story.due, story.memory and story.memory.told_as) == (None, "")

    def test_is_unknown_where_only_the_journal_can_tell(self) -> None:
        story = told("watch_late")
        story.wait(100, holds=None)
        assert story.memory is not None
        assert story.memory.stands

    def test_under_a_silence_is_dropped(self) -> None:
        story = told("error", "critical")
        quiet = Around(silenced_until=later(HOUR))
        story.wait(100, holds=False, around=quiet)
        assert (story.told[1:], story.due) == ([], None)


def test_quiet_alarm_is_not_looked_at_again() -> None:
    story = told("unpriced", "high")
    story.take(event("priced", 600))
    assert story.memory is not None
    assert due(story.memory, later(600)) is None
    assert tend(story.memory, holds=False, now=later(700)).say is None


@pytest.mark.parametrize("around", [Around(later(9 * HOUR)), Around(None, later(9 * HOUR))])
def test_critical_stop_that_came_and_went_is_told_once_through_a_silence(around: Around) -> None:
    story = Story()
    for at in range(0, 240, 30):
        story.take(event("stop_blocked", at, urgency="critical"))
    assert story.reasons == ["first", "flaps"]
    for at in range(240, 2 * HOUR, 10):
        story.wait(at, holds=True, around=around)
    despite = "despite_mute" if around.muted_until else "despite_silence"
    assert story.reasons[2:] == [despite]
    assert story.memory is not None
    assert story.memory.told_as == "raised"
