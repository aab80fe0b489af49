"""The demo's two stories from loading to the end, without a key, a network or a cent."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django_q.models import Schedule

from monitoring.advisor.budget import DEMO
from monitoring.advisor.deciding.run import decide_due
from monitoring.advisor.news import read_news
from monitoring.advisor.scoring.run import score_due
from monitoring.advisor.screening.run import screen_all
from monitoring.engine import Ports, run_pass
from monitoring.models import (
    AICall,
    AISpend,
    Decision,
    Headline,
    Mention,
    Question,
    Score,
    Screening,
)
from monitoring.questions.answering import approve
from positions.demo import clear, load
from positions.models import AdvicePolicy, Exit, JournalEntry, Position
from positions.venues.paper import PaperExecutor
from positions.venues.simulated import SimulatedSource
from tests.positions.conftest import NOW

pytestmark = [
    pytest.mark.django_db(transaction=True),  # the gate commits before it asks
    pytest.mark.both_dbs,
]
KSE, ECB = "demo-kse-100", "demo-ecb"


class Stage:
    """The demo at some second after it was loaded."""

    def __init__(self) -> None:
        self.at = NOW
        load(NOW)

    def now(self) -> datetime:
        return self.at

    def watch(self, second: float) -> None:
        self.at = max(self.at, NOW + timedelta(seconds=second))
        source = SimulatedSource(self.now)
        run_pass(Ports(lambda _: source, PaperExecutor(), self.now, self._sleep, Decimal(30)))

    def read(self, second: float) -> None:
        """What the jobs `screen` and `decide` do."""
        self.at = max(self.at, NOW + timedelta(seconds=second))
        read_news(now=self.at)
        screen_all(now=self.at)
        decide_due(clock=self.now)

    def _sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def stage() -> Stage:
    """Just loaded."""
    return Stage()


def question(key: str) -> Question:
    return Question.objects.select_related("position").get(position__market__key=key)


def told(kind: str) -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(kind=kind).order_by("id"))


def test_rules_ask_a_person_about_the_denied_rate_cut(stage: Stage) -> None:
    stage.read(10)
    [alert] = told("ai_alert")
    assert (alert.urgency, alert.position) == ("medium", question(ECB).position)
    asked = question(ECB)
    [decision] = Decision.objects.all()
    assert (asked.state, decision.verdict, decision.confidence) == ("open", "ask", None)
    assert asked.answer_until == stage.at + timedelta(hours=24)
    assert Screening.objects.filter(position=asked.position, call=None).count() == 2


def test_new_tax_sells_the_rest_of_the_index_by_one_approval(stage: Stage) -> None:
    stage.watch(30)
    stage.read(10)
    stage.watch(60)
    stage.read(70)
    held = Position.objects.get(market__key=KSE)
    assert held.shares == Decimal(100)  # momentum has sold the other half before
    alert = told("ai_alert")[-1]
    assert (alert.urgency, alert.position_id) == ("high", held.pk)
    [decision] = Decision.objects.filter(position=held)
    assert (decision.verdict, decision.confidence, decision.provider) == (
        "sell",
        Decimal("0.86"),
        DEMO,
    )
    assert len({one["domain"] for one in decision.evidence}) == 2
    [sold] = Exit.objects.filter(position=held, rule="momentum_exit")
    came = Headline.objects.filter(pk__in=[one["headline"] for one in decision.evidence])
    assert all(row.published_at and row.published_at > sold.created_at for row in came)

    approve(question_id=question(KSE).pk, actor="ann", now=stage.at, seen_bid=decision.bid)
    stage.watch(75)
    held.refresh_from_db()
    assert (held.state, held.close_reason, question(KSE).state) == ("closed", "ai_exit", "approved")
    done = told("exit_done")[-1]
    assert done.rule == "ai_exit"
    assert (done.data["verdict"], done.data["confidence"], done.data["sources"]) == (
        "sell",
        "0.86",
        2,
    )


def test_it_costs_nothing_and_is_not_scored(stage: Stage) -> None:
    stage.read(10)
    stage.read(70)
    calls = AICall.objects.all()
    assert {(call.provider, call.cost, call.failure) for call in calls} == {(DEMO, 0, "")}
    assert sum(AISpend.objects.values_list("spent", flat=True)) == 0
    score_due(stage.at + timedelta(days=8), source=_nobody)
    assert Score.objects.count() == 0


def test_looking_again_finds_nothing_new(stage: Stage) -> None:
    stage.read(10)
    stage.read(70)
    before = [model.objects.count() for model in (AICall, Decision, JournalEntry, Mention)]
    stage.read(900)
    assert [model.objects.count() for model in (AICall, Decision, JournalEntry, Mention)] == before


def test_clearing_takes_headlines_questions_and_calls_along(stage: Stage) -> None:
    looks = Schedule.objects.filter(func="monitoring.tasks.screen")
    due = sorted((look.next_run - NOW).total_seconds() for look in looks if look.next_run)
    assert due == [10, 70]
    stage.read(10)
    stage.read(70)
    own = Headline.objects.create(key="k", title="Somebody's own", first_seen=NOW)
    clear(stage.at)
    left = (Question, Decision, Screening, Mention, AICall, AdvicePolicy)
    assert {model.__name__: model.objects.count() for model in left} == dict.fromkeys(
        (model.__name__ for model in left), 0
    )
    assert list(Headline.objects.all()) == [own]
    assert [entry.kind for entry in JournalEntry.objects.all()] == ["demo_removed"]
    assert not looks.all().exists()


def _nobody(venue: str) -> SimulatedSource:
    raise AssertionError(f"{venue} was asked")
