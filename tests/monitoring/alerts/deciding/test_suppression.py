from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.alerts.deciding.reasons import TELLING, WORDS, Reason, words
from monitoring.alerts.deciding.suppression import Around, Event, Memory, judge
from tests.monitoring.alerts.memories import Story, event, later

# The machine may be busy: what counts is the answer, not its time.
steady = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
KINDS = st.sampled_from(["unpriced", "priced", "stop_blocked", "exit_failed", "ask", "exit_done"])


class TestEpisode:
    def test_first_is_told_and_the_same_again_is_not(self) -> None:
        story = Story()
        assert story.take(event("unarmed", rule="stop_loss")) is Reason.FIRST
        assert story.take(event("unarmed", 60, rule="stop_loss")) is Reason.DUPLICATE

    def test_louder_is_told_although_it_comes_and_goes(self) -> None:
        story = Story()
        for at in range(0, 240, 60):
            story.take(event("source_down", at, venue="sim"))
            story.take(event("source_back", at + 30, venue="sim", urgency="medium"))
        assert story.memory is not None
        assert story.memory.flapping
        worse = event("source_down", 240, venue="sim", urgency="critical")
        assert story.take(worse) is Reason.CHANGED
        assert story.take(replace(worse, at=later(250))) is Reason.FLAPPING

    def test_louder_or_different_is_told(self) -> None:
        story = Story()
        story.take(event("exit_partial", rule="stop_loss", left="50"))
        assert story.take(event("exit_partial", 90, rule="stop_loss", left="40")) is Reason.CHANGED
        louder = event("exit_failed", 91, urgency="critical", rule="stop_loss", problem="x")
        assert story.take(louder) is Reason.CHANGED

    def test_small_news_of_a_rest_comes_once_a_minute(self) -> None:
        story = Story()
        reasons = [
            story.take(event("exit_partial", at, rule="take_profit", left=str(100 - at)))
            for at in (0, 30, 61)
        ]
        assert reasons == [Reason.FIRST, Reason.COOLDOWN, Reason.CHANGED]

    def test_same_again_after_an_hour_is_a_repetition(self) -> None:
        story = Story()
        story.take(event("unarmed"))
        assert story.take(event("unarmed", 3600)) is Reason.REPEAT

    def test_end_is_told_to_whoever_knows_of_the_beginning(self) -> None:
        story = Story()
        story.take(event("unpriced"))
        assert story.take(event("priced", 600, urgency="medium")) is Reason.RESOLVED
        assert story.take(event("priced", 601, urgency="medium")) is Reason.DUPLICATE

    def test_end_without_a_memory_is_told(self) -> None:
        assert judge(event("priced"), None).reason is Reason.RESOLVED

    def test_again_after_it_was_over_is_new_and_unacknowledged(self) -> None:
        story = Story()
        story.take(event("unpriced"))
        assert story.memory is not None
        story.memory = replace(story.memory, acknowledged_at=later(5), acknowledged_by="ann")
        story.take(event("priced", 600))
        assert story.take(event("unpriced", 1200)) is Reason.FIRST
        assert (story.memory.acknowledged_at, story.memory.raised_at) == (None, later(1200))

    def test_again_right_after_its_end_was_told_waits(self) -> None:
        story = Story()
        story.take(event("unpriced"))
        story.take(event("priced", 600))
        assert story.take(event("unpriced", 610)) is Reason.COOLDOWN
        assert story.take(event("unpriced", 620)) is Reason.COOLDOWN
        assert story.take(event("priced", 700)) is Reason.NEVER_TOLD

    def test_critical_has_no_cooldown(self) -> None:
        story = Story()
        story.take(event("watch_late", urgency="critical"))
        story.take(event("watch_back", 600))
        assert story.take(event("watch_late", 610, urgency="critical")) is Reason.FIRST

    def test_short_absence_of_a_hasty_trouble_is_no_end(self) -> None:
        story = Story()
        story.take(event("unpriced"))
        assert story.take(event("priced", 2)) is Reason.BRIEF
        assert story.take(event("unpriced", 4)) is Reason.DUPLICATE

    def test_absence_that_lasted_is_an_end_even_if_nobody_came_to_tell_it(self) -> None:
        story = Story()
        story.take(event("unpriced"))
        assert story.take(event("priced", 2)) is Reason.BRIEF
        assert story.take(event("unpriced", 400)) is Reason.FIRST


class TestReminder:
    @pytest.mark.parametrize(
        ("why", "over", "expected"),
        [
            ("repeat", False, Reason.REPEAT),
            ("still", False, Reason.DUPLICATE),
            ("resolved", False, Reason.DUPLICATE),
            ("repeat", True, Reason.DUPLICATE),
            ("resolved", True, Reason.DUPLICATE),
            ("calm", True, Reason.CALM),
            ("of a later version", False, Reason.REPEAT),
        ],
    )
    def test_is_told_when_it_is_still_news(self, why: str, over: bool, expected: Reason) -> None:
        story = Story()
        story.take(event("unarmed"))
        if over:
            story.take(event("armed", 600))
        assert story.take(event("reminder", 700, key="x", why=why)) is expected


class TestOnce:
    def test_question_is_asked_once_in_a_quarter_of_an_hour(self) -> None:
        story = Story()
        reasons = [story.take(event("ask", at, rule="soft_stop")) for at in (0, 2, 899, 900)]
        assert reasons == [Reason.FIRST, Reason.DUPLICATE, Reason.DUPLICATE, Reason.REPEAT]

    def test_critical_one_stands_until_somebody_takes_note(self) -> None:
        story = Story()
        story.take(event("exit_done", urgency="critical", rule="stop_loss"))
        assert story.memory is not None
        assert story.memory.stands

    def test_what_is_not_critical_leaves_nothing_to_take_note_of(self) -> None:
        assert judge(event("exit_done", rule="take_profit"), None).memory is None

    @steady
    @given(st.lists(st.integers(0, 3600), min_size=1, max_size=30))
    def test_each_sale_is_told(self, times: list[int]) -> None:
        for number, at in enumerate(sorted(times)):
            sold = event("exit_done", at, urgency="critical", rule="stop_loss", exit=str(number))
            assert judge(sold, None).reason is Reason.FIRST


class TestQuestion:
    """`ask`, `ai_alert` and `ai_decision` of one rule and position tell of one question."""

    @staticmethod
    def story(*events: Event) -> list[Reason]:
        told = Story()
        return [told.take(one) for one in events]

    @staticmethod
    def said(verdict: str, at: float, state: str = "open", urgency: str = "high") -> Event:
        return event(
            "ai_decision", at, urgency=urgency, rule="soft_stop", verdict=verdict, state=state
        )

    def test_answer_is_told_a_moment_after_the_question(self) -> None:
        asked = event("ask", rule="soft_stop")
        assert self.story(asked, self.said("sell", 5)) == [Reason.FIRST, Reason.CHANGED]

    def test_same_answer_again_is_not_told_and_another_is(self) -> None:
        asked_again = event("ask", 90, rule="soft_stop", verdict="sell")
        reasons = self.story(
            event("ask", rule="soft_stop"),
            self.said("sell", 5),
            asked_again,
            self.said("sell", 95),
            self.said("reduce", 100),
        )
        assert reasons[2:] == [Reason.DUPLICATE, Reason.DUPLICATE, Reason.CHANGED]

    def test_person_who_was_asked_at_once_is_not_asked_again_because_no_ai_is_there(self) -> None:
        asked = event("ask", rule="soft_stop", verdict="ask")
        assert self.story(asked, self.said("ask", 2)) == [Reason.FIRST, Reason.DUPLICATE]

    def test_person_is_told_that_the_ai_could_not_judge(self) -> None:
        asked = event("ask", rule="soft_stop")
        assert self.story(asked, self.said("ask", 30)) == [Reason.FIRST, Reason.CHANGED]

    def test_hold_ends_it_for_whoever_was_asked(self) -> None:
        asked = event("ask", rule="soft_stop")
        told = Story()
        reasons = [told.take(asked), told.take(self.said("hold", 5, "held", "low"))]
        assert reasons == [Reason.FIRST, Reason.RESOLVED]
        assert told.memory is not None
        assert not told.memory.stands

    def test_answer_is_told_although_the_last_one_was_over_a_moment_ago(self) -> None:
        reasons = self.story(
            event("ask", rule="soft_stop"),
            self.said("hold", 5, "held", "low"),
            event("ask", 60, rule="soft_stop"),
            self.said("sell", 65),
        )
        assert reasons[2:] == [Reason.COOLDOWN, Reason.FIRST]

    def test_answer_is_told_although_the_question_comes_and_goes(self) -> None:
        told = Story()
        for at in range(0, 240, 60):
            told.take(event("ask", at, rule="soft_stop"))
            told.take(self.said("hold", at + 5, "held", "low"))
        assert told.memory is not None
        assert told.memory.flapping
        told.take(event("ask", 240, rule="soft_stop"))
        assert told.take(self.said("sell", 245)) is Reason.CHANGED

    def test_answer_is_told_although_the_question_is_acknowledged(self) -> None:
        told = Story()
        told.take(event("ask", rule="soft_stop"))
        assert told.memory is not None
        told.memory = replace(told.memory, acknowledged_at=later(2))
        assert told.take(self.said("sell", 5)) is Reason.CHANGED

    @pytest.mark.parametrize(
        "kind", ["ai_approved", "ai_declined", "ai_overtaken", "ai_expired", "ai_decision"]
    )
    def test_every_end_ends_it(self, kind: str) -> None:
        told = Story()
        told.take(event("ask", urgency="critical", rule="ai_alert"))
        told.take(event(kind, 60, rule="ai_alert", state="held"))
        assert told.memory is not None
        assert not told.memory.stands

    def test_what_sold_by_itself_ends_it_without_a_word_of_its_own(self) -> None:
        acted = event("ai_decision", 5, rule="soft_stop", state="acted")
        assert (acted.topic.key, acted.topic.ends) == ("", ("ask:12:soft_stop",))

    def test_answer_that_is_void_changes_nothing(self) -> None:
        void = event("ai_decision", 5, rule="soft_stop", state="waiting")
        assert (void.topic.key, void.topic.ends) == ("", ())

    def test_question_that_waits_for_hours_is_reminded_of(self) -> None:
        told = Story()
        told.take(self.said("sell", 0))
        assert told.wait(3700, holds=True) is Reason.REPEAT

    def test_question_that_is_closed_is_over_without_a_word(self) -> None:
        told = Story()
        told.take(self.said("sell", 0))
        assert told.wait(100, holds=False) is None
        assert told.memory is not None
        assert not told.memory.stands


class TestObstacles:
    CASES = (
        (Around(muted_until=later(60)), Reason.MUTED, Reason.DESPITE_MUTE),
        (Around(silenced_until=later(60)), Reason.SILENCED, Reason.DESPITE_SILENCE),
    )

    @pytest.mark.parametrize(("around", "kept", "despite"), CASES)
    def test_hides_what_is_not_a_critical_stop(
        self, around: Around, kept: Reason, despite: Reason
    ) -> None:
        assert judge(event("unpriced"), None, around).reason is kept
        stop = event("exit_done", urgency="critical", rule="stop_loss")
        assert judge(stop, None, around).reason is despite

    @pytest.mark.parametrize(("around", "kept", "despite"), CASES)
    def test_is_over_at_its_time(self, around: Around, kept: Reason, despite: Reason) -> None:
        assert judge(event("unpriced", 60), None, around).reason is Reason.FIRST

    def test_test_alert_passes_all(self) -> None:
        around = Around(muted_until=later(60), silenced_until=later(60))
        assert judge(event("test", urgency="low"), None, around).reason is Reason.FIRST

    def test_blind_source_hides_the_prices_it_costs_and_not_their_return(self) -> None:
        story = Story()
        assert story.take(event("unpriced"), Around(blind=True)) is Reason.BLIND_SOURCE
        assert story.take(event("priced", 300), Around(blind=True)) is Reason.BLIND_SOURCE

    def test_return_of_a_price_that_was_missed_before_its_source_went_blind_is_told(self) -> None:
        story = Story()
        story.take(event("unpriced"))
        assert story.take(event("priced", 300), Around(blind=True)) is Reason.RESOLVED

    def test_acknowledged_alarm_is_quiet_but_for_a_critical_stop(self) -> None:
        for kind, urgency, expected in (
            ("exit_partial", "high", Reason.ACKNOWLEDGED),
            ("exit_failed", "critical", Reason.DESPITE_ACKNOWLEDGEMENT),
        ):
            story = Story()
            story.take(event(kind, urgency=urgency, rule="stop_loss", left="9", problem="a"))
            assert story.memory is not None
            story.memory = replace(story.memory, acknowledged_at=later(1), acknowledged_by="ann")
            again = event(kind, 90, urgency=urgency, rule="stop_loss", left="8", problem="b")
            assert story.take(again) is expected

    def test_end_of_what_was_silenced_is_not_waited_for(self) -> None:
        story = Story()
        story.take(event("unpriced"))
        story.take(event("priced", 600), Around(silenced_until=later(700)))
        assert story.take(event("unpriced", 650)) is Reason.FIRST


class TestFlapping:
    def test_price_a_tick_around_a_stop_for_ten_minutes_is_two_alerts(self) -> None:
        """P6, in the pure rules: one second below, one second above, and so on."""
        story = Story()
        for at in range(600):
            if at % 2 == 0:
                story.take(event("stop_blocked", at, urgency="critical", rule="stop_loss"))
            story.wait(at + 0.5, holds=at % 2 == 0)
        assert story.reasons == ["first", "flaps"]

    def test_price_that_comes_and_goes_each_second_is_two_alerts(self) -> None:
        story = Story()
        for at in range(600):
            story.take(event("unpriced" if at % 2 == 0 else "priced", at))
            story.wait(at + 0.5)
        assert story.reasons == ["first", "flaps"]

    def test_calm_is_told_once_five_minutes_after_the_last_change(self) -> None:
        story = Story()
        for at in range(20):
            story.take(event("unpriced" if at % 2 == 0 else "priced", at))
        for at in range(20, 1200, 10):
            story.wait(at)
        assert story.told[1:] == [(5, Reason.FLAPS), (320, Reason.CALM)]
        assert story.memory is not None
        assert (story.memory.told_as, story.memory.flapping) == ("over", False)

    def test_six_changes_within_the_window_are_needed(self) -> None:
        story = Story()
        for at in range(0, 1300, 130):
            story.take(event("watch_late" if at % 260 == 0 else "watch_back", at))
        assert "flaps" not in story.reasons


class TestLaws:
    @steady
    @given(
        st.lists(st.tuples(KINDS, st.integers(0, 900)), max_size=60),
        st.sampled_from([Around(), Around(silenced_until=later(400)), Around(blind=True)]),
    )
    def test_reason_says_whether_it_is_told_and_the_belief_follows_it(
        self, steps: list[tuple[str, int]], around: Around
    ) -> None:
        memories: dict[str, Memory | None] = {}
        for kind, at in sorted(steps, key=lambda step: step[1]):
            given_event = event(kind, at, rule="stop_loss", problem=str(at % 3))
            key = given_event.topic.key
            verdict = judge(given_event, memories.get(key), around)
            memories[key] = verdict.memory
            assert verdict.tell is (verdict.reason in TELLING)
            if verdict.memory is not None and verdict.tell and verdict.reason != Reason.FLAPS:
                assert verdict.memory.told_at == given_event.at
                expected = "raised" if verdict.memory.stands else "over"
                assert verdict.memory.told_as == expected

    @steady
    @given(st.lists(st.integers(1, 900), min_size=1, max_size=80))
    def test_end_is_never_told_twice_without_a_beginning_between(self, gaps: list[int]) -> None:
        story, at = Story(), 0
        for number, gap in enumerate(gaps):
            at += gap
            story.take(event("unpriced" if number % 2 == 0 else "priced", at))
        plain = [name for name in story.reasons if name in {"first", "resolved"}]
        assert all(pair != ("resolved", "resolved") for pair in pairwise(plain))

    @steady
    @given(
        st.lists(
            st.tuples(st.booleans(), st.integers(1, 400), st.booleans()), min_size=1, max_size=60
        )
    )
    def test_in_the_end_people_know_whether_it_stands(
        self, steps: list[tuple[bool, int, bool]]
    ) -> None:
        """Whatever was kept back on the way: after a calm hour they believe what is true."""
        story, at, stands = Story(), 0, False
        for raise_it, gap, hushed in steps:
            at += gap
            around = Around(silenced_until=later(at + 30) if hushed else None)
            story.take(event("unpriced" if raise_it else "priced", at), around)
            stands = raise_it
            story.wait(at + gap / 2, around=around)
        for _ in range(400):
            at += 10
            if story.memory is not None:
                story.wait(at, holds=stands)
        if story.memory is None:
            assert not stands
        else:
            assert (story.memory.stands, story.memory.flapping) == (stands, False)
            assert story.memory.told_as in ({"raised"} if stands else {"over", ""})


def test_every_reason_has_words_and_fits_its_column() -> None:
    assert set(WORDS) == set(Reason)
    assert max(len(reason) for reason in Reason) <= 40
    assert words("something older") == "something older"
