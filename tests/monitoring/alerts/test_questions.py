"""A question on its way to a phone and back: told with a link, harmless, over when it is closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from monitoring.alerts.deciding.acknowledging import acknowledge
from monitoring.alerts.deciding.escalation import escalate
from monitoring.alerts.deciding.upkeep import upkeep
from monitoring.alerts.dispatch import dispatch
from monitoring.models import Alarm, Channel, Notification, Question
from monitoring.questions.answering import approve, decline
from monitoring.questions.asking import close, open_to_person
from monitoring.questions.telling import decided
from positions import journal
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.conftest import Clock
from tests.monitoring.alerts.post import body, run, titles
from tests.monitoring.questions.desk import QUOTED, SECOND, Desk

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
GROUNDS = "“CPI surprise sends yields up” (2 sources)"
EVIL = "@everyone [free money](https://evil.example) <@&42> **now**"


@pytest.fixture
def desk(settings: Any) -> Desk:
    settings.ANTHROPIC_API_KEY = "key"  # somebody would judge
    settings.SITE_URL = "https://pm.example"
    return Desk()


def said(desk: Desk, question: Question, verdict: str = "sell", **more: Any) -> None:
    """The AI's answer, as the job writes it."""
    decision = desk.say(question, verdict, **more)
    with transaction.atomic():
        if verdict == "hold":
            close(question, "held", now=desk.now, by="watch", outcome="hold")
        else:
            open_to_person(question, now=desk.now, text="look")
        journal.append(decided(question, decision, "the thesis is broken", desk.now))


def alarm() -> Alarm:
    return Alarm.objects.get(key__startswith="ask:")


class TestDiscord:
    def test_suggestion_carries_the_link_that_opens_the_approval(
        self, desk: Desk, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        question = desk.ask()
        said(desk, question)
        run(clock)
        assert titles(discord) == [
            "PAPER · ASK · SOFT STOP · Will A? · Yes 50.0¢",
            f"PAPER · AI SUGGESTS SELL 0.86 · Will A? · Yes 50.0¢ · {GROUNDS}",
        ]
        assert body(discord).splitlines() == [
            "the thesis is broken",
            "Answer by 2026-11-22 12:15 UTC; without an answer: held.",
            f"https://pm.example/decisions/{question.pk}/",
        ]

    def test_sale_says_what_it_rests_on(
        self, desk: Desk, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        question = desk.open()
        approve(question_id=question.pk, actor="ann", now=desk.now)
        desk.house.run()
        run(clock)
        assert titles(discord)[-1] == (
            f"PAPER · AI EXIT · Will A? · Yes 50.0¢ · $0.00 · SELL 0.86 · {GROUNDS}"
        )
        assert body(discord).splitlines()[-1] == f"https://pm.example/decisions/{question.pk}/"

    def test_words_of_strangers_ping_nobody_and_lead_nowhere(
        self, desk: Desk, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        question = desk.ask("ai_alert", reason=EVIL, data={"quote": EVIL, "sources": 1})
        said(desk, question, evidence=[QUOTED | {"text": EVIL}, SECOND])
        approve(question_id=question.pk, actor="ann", now=desk.now)
        desk.house.run()
        run(clock)
        assert len(discord.payloads()) == 3
        for payload in discord.payloads():
            assert payload["allowed_mentions"] == {"parse": []}
            text = payload["content"] + payload["embeds"][0]["description"]
            assert r"\[free money\](evil.example)" in text
            assert r"\<@&42>" in text
            assert "://evil" not in text

    def test_hold_is_told_low_and_in_one_line(
        self, desk: Desk, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        said(desk, desk.ask("review"), "hold", confidence="0.71")
        run(clock)
        assert titles(discord) == [f"PAPER · AI: HOLD 0.71 · Will A? · Yes 50.0¢ · {GROUNDS}"]
        assert discord.payloads()[0]["embeds"][0]["color"] == 0x868F9D

    def test_deadline_rings_in_the_night(
        self, desk: Desk, channel: Channel, discord: DiscordServer, clock: Clock
    ) -> None:
        Channel.objects.update(quiet_from="11:00", quiet_to="13:00")
        said(desk, desk.ask())
        run(clock)
        assert [title.split(" · ")[1] for title in titles(discord)] == ["AI SUGGESTS SELL 0.86"]
        body = discord.payloads()[0]["embeds"][0]["description"]
        assert "UTC; without an answer: held." in body


class TestAlarm:
    @pytest.mark.parametrize("answer", [approve, decline])
    def test_is_over_when_a_person_has_answered(self, desk: Desk, answer: Any) -> None:
        question = desk.ask(urgency="critical")
        said(desk, question)
        dispatch(now=desk.now)
        assert (alarm().resolved_at, alarm().urgency) == (None, "critical")
        answer(question_id=question.pk, actor="ann", now=desk.now)
        dispatch(now=desk.now)
        assert alarm().resolved_at == desk.now

    def test_is_over_by_itself_when_nobody_wrote_of_the_end(self, desk: Desk) -> None:
        question = desk.ask()
        said(desk, question)
        dispatch(now=desk.now)
        upkeep(now=desk.now + timedelta(minutes=2))
        assert alarm().resolved_at is None
        Question.objects.update(state="overtaken")
        upkeep(now=desk.now + timedelta(minutes=4))
        assert alarm().resolved_at is not None

    def test_critical_one_escalates_until_somebody_takes_note(
        self, desk: Desk, channel: Channel
    ) -> None:
        second = Channel.objects.create(name="second", url="https://x.example/2", listens="never")
        Channel.objects.filter(pk=channel.pk).update(escalate_to=second, escalate_minutes=5)
        said(desk, desk.ask("ai_alert", urgency="critical"))
        dispatch(now=desk.now)
        later = desk.now + timedelta(minutes=5)
        acknowledge(key=alarm().key, actor="ann", now=desk.now)
        assert escalate(now=later) == 0
        Alarm.objects.update(acknowledged_at=None)
        assert escalate(now=later) == 1
        row = Notification.objects.get(channel=second)
        assert row.link == f"https://pm.example/decisions/{Question.objects.get().pk}/"
        assert row.title.startswith("PAPER · NOT ACKNOWLEDGED · NEWS ALERT · Will A?")
