"""What comes of an answer in each mode: the row, the journal, the sale."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal

import pytest

from monitoring.advisor.port import Failure
from monitoring.models import AICall, Decision, Question
from positions.models import Exit, JournalEntry, PricePoint
from positions.services import exits_pause
from tests.monitoring.advisor.deciding.world import World, fails, says, state
from tests.monitoring.advisor.gating import Told

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def sells(rule: str = "soft_stop", **fields: object) -> tuple[World, Question]:
    """A SELL of 0.86 about a position that may be sold without a person."""
    world = World.of(says("SELL", **fields))
    world.policy(mode="auto")
    return world, world.ask(rule)


def test_nothing_waits_nothing_is_done() -> None:
    world = World.of(says())
    assert (world.decide(), world.provider.asked) == ([], 0)


def test_hold_closes_the_question() -> None:
    world = World.of(says("HOLD"))
    question = world.ask()
    [line] = world.decide()
    text = "AI: HOLD 0.86, thesis intact: What the thesis rests on has gone."
    assert line == {
        "position": world.position.pk,
        "question": question.pk,
        "rule": "soft_stop",
        "verdict": "hold",
        "confidence": "0.86",
        "by": "anthropic claude-sonnet-5-5",
        "state": "held",
        "text": text,
        "evidence": [
            {
                "id": "t1",
                "kind": "trigger",
                "text": "bid 44¢ at or below 46¢",
                "at": "2026-11-22T12:00:00Z",
            }
        ],
    }
    question.refresh_from_db()
    assert (question.outcome, question.closed_by) == (text, "watch")
    assert world.kinds() == ["ask", "ai_decision"]


def test_sell_opens_the_question_to_a_person_by_default() -> None:
    world = World.of(says("SELL"))
    question = world.ask()
    [line] = world.decide()
    question.refresh_from_db()
    assert (line["state"], question.limits) == ("open", [])
    assert question.answer_until == world.clock() + timedelta(minutes=15)
    assert world.exits() == []
    entry = JournalEntry.objects.get(kind="ai_decision")
    assert (entry.urgency, entry.data["verdict"], entry.data["confidence"]) == (
        "high",
        "sell",
        "0.86",
    )


def test_the_decision_keeps_what_it_rests_on() -> None:
    world = World.of(says("SELL", evidence_ids=["h1", "p1"]))
    headline = world.headline("Rates rise by surprise")
    world.ask("ai_alert", headlines=[headline])
    world.decide()
    decision = Decision.objects.get()
    assert [one["id"] for one in decision.evidence] == ["p1", "h1"]
    assert decision.evidence[1] == {
        "id": "h1",
        "kind": "headline",
        "text": "Rates rise by surprise",
        "publisher": "wire.example",
        "domain": "wire.example",
        "url": "",
        "at": "2026-11-22T12:00:00Z",
        "headline": headline.pk,
        "trust": "press",
    }
    assert (decision.bid, decision.thesis_version, decision.prompt_version) == (
        Decimal("0.44"),
        1,
        "decide-1",
    )
    assert decision.call == AICall.objects.get()
    assert AICall.objects.get().outcome == "open: SELL 0.86"


def test_auto_sells_all_at_once() -> None:
    world, question = sells()
    world.decide()
    assert world.exits() == [("ai_exit", "watch", Decimal(100))]
    exit_ = Exit.objects.get()
    assert (state(question), question.exit_id, exit_.latched) == ("acted", exit_.pk, True)
    assert world.kinds() == ["ask", "exit_decided", "ai_decision"]


def test_auto_reduces_by_the_policys_part() -> None:
    world = World.of(says("REDUCE"))
    world.policy(mode="auto", reduce_pct=Decimal(30))
    world.ask()
    world.decide()
    assert world.exits() == [("ai_exit", "watch", Decimal(30))]


@pytest.mark.parametrize(
    ("begin", "sold", "limits"),
    [
        (time(11), [("ai_exit", "watch", Decimal(100))], []),
        (time(13), [], ["It sells by itself from 13:00 to 15:00 (UTC) only."]),
    ],
)
def test_in_its_hours_it_sells_outside_it_asks(
    begin: time, sold: list[tuple[str, str, Decimal]], limits: list[str]
) -> None:
    world = World.of(says("SELL"))
    world.policy(mode="auto_hours", auto_from=begin, auto_to=time(15))
    question = world.ask()
    world.decide()
    question.refresh_from_db()
    assert (world.exits(), question.limits) == (sold, limits)


def test_a_guard_makes_it_a_persons_question() -> None:
    world, question = sells(confidence=Decimal("0.69"))
    world.decide()
    question.refresh_from_db()
    assert (question.state, question.limits) == ("open", ["Confidence 0.69, 0.7 is needed."])
    assert world.exits() == []


def test_paused_exits_are_never_sold_by_itself() -> None:
    world, question = sells()
    exits_pause(actor="ann", now=world.clock())
    world.decide()
    question.refresh_from_db()
    assert (question.state, question.limits) == ("open", ["All exits are paused."])


def test_news_of_one_publisher_asks_and_of_two_sells() -> None:
    world, question = sells("ai_alert", evidence_ids=["h1", "h2"])
    world.headline("Rates rise", "wire.example")
    world.headline("Rates are up", "www.wire.example")
    world.decide()
    question.refresh_from_db()
    assert question.limits == [
        "It rests on the news of 1 publisher, and the price does not confirm it."
    ]
    world.headline("The bank raises rates", "daily.example")
    world.provider.replies = [says("SELL", evidence_ids=["h1", "h2", "h3"])]
    world.ask("ai_alert")
    world.decide()
    assert [rule for rule, _who, _shares in world.exits()] == ["ai_exit"]


def test_a_confirming_move_is_a_second_ground() -> None:
    world = World.of(says("SELL", evidence_ids=["h1", "p1"]), bid="0.47")
    world.policy(mode="auto")
    world.headline("Rates rise")
    world.ask("ai_alert")
    world.bid("0.44")
    world.decide()
    assert [rule for rule, _who, _shares in world.exits()] == ["ai_exit"]


def test_a_fall_before_we_held_it_confirms_nothing() -> None:
    world = World.of(says("SELL", evidence_ids=["h1"]))
    world.policy(mode="auto")
    for begin, end, bid in ((30, 26, "0.60"), (25, 23, "0.45")):
        PricePoint.objects.create(
            market=world.position.market,
            since=world.clock() - timedelta(hours=begin),
            until=world.clock() - timedelta(hours=end),
            bid=Decimal(bid),
        )
    old = world.headline("Rates rise", published_at=world.clock() - timedelta(hours=28))
    question = world.ask("ai_alert", headlines=[old])
    world.decide()
    question.refresh_from_db()
    assert question.limits == [
        "It rests on the news of 1 publisher, and the price does not confirm it."
    ]


@pytest.mark.parametrize(("hours", "kept"), [(0.5, "acted"), (10, "open")])
def test_a_headline_that_is_dated_back_finds_no_older_fall(hours: float, kept: str) -> None:
    world = World.of(says("SELL", evidence_ids=["h1"]))
    world.policy(mode="auto")
    now = world.clock()
    PricePoint.objects.create(
        market=world.position.market,
        since=now - timedelta(hours=hours + 1),
        until=now - timedelta(hours=hours - 0.25),
        bid=Decimal("0.60"),
    )
    dated = world.headline("Rates rise", published_at=now - timedelta(hours=hours))
    question = world.ask("ai_alert", headlines=[dated])
    world.decide()
    assert state(question) == kept


def test_a_move_while_it_is_asked_has_it_asked_again() -> None:
    world, question = sells()
    moves = iter(["0.40", "0.40"])
    world.provider.during = lambda: world.bid(next(moves))
    [first] = world.decide()
    assert (first["state"], world.exits()) == ("waiting", [])
    assert first["text"] == "asked again: The price has moved by more than 3 cents since."
    world.decide()
    assert (world.exits(), state(question)) == ([("ai_exit", "watch", Decimal(100))], "acted")
    assert world.provider.asked == 2


def test_what_is_asked_again_has_the_whole_time_again() -> None:
    """A fall is when a price moves and answers come late: a SELL must not be lost to both."""
    world, question = sells()

    def late() -> None:
        world.provider.during = lambda: None
        world.clock.later(seconds=28)
        world.bid("0.40")

    world.provider.during = late
    world.decide()
    world.decide()
    assert (state(question), world.provider.asked) == ("acted", 2)


def test_a_thesis_that_changed_while_it_was_asked_is_asked_about_anew() -> None:
    world, question = sells()

    def changed() -> None:
        world.provider.during = lambda: None
        world.thesis("It will be so whatever the rates do.", version=2)

    world.provider.during = changed
    [first] = world.decide()
    assert (first["text"], world.exits()) == (
        "asked again: The thesis has been changed since.",
        [],
    )
    world.decide()
    assert state(question) == "acted"
    versions = Decision.objects.order_by("pk").values_list("thesis_version", flat=True)
    assert list(versions) == [1, 2]
    assert "whatever the rates do" in world.provider.requests[1].user


def test_a_price_that_never_stands_still_ends_with_a_person() -> None:
    world, question = sells()
    bids = iter(["0.40", "0.36", "0.32"])
    world.provider.during = lambda: world.bid(next(bids))
    for _ in range(4):
        world.decide()
    question.refresh_from_db()
    assert (question.state, world.provider.asked, world.exits()) == ("open", 3, [])
    assert question.limits == ["The price has moved by more than 3 cents since."]


def test_the_cooldown_counts_from_the_last_ai_sale() -> None:
    world, _question = sells()
    world.policy(mode="auto", daily_sells=9)
    world.decide()
    Exit.objects.update(state="filled", filled=Decimal(50), shares=Decimal(50))
    world.clock.later(minutes=59)
    world.bid("0.36")
    question = world.ask("adverse_move")
    world.decide()
    question.refresh_from_db()
    assert question.limits == ["The last AI sale was less than 60 minutes ago."]


def test_a_fallback_may_sell_only_where_the_settings_say_so(settings: object) -> None:
    for allowed, sold in ((False, 0), (True, 1)):
        settings.AI_FALLBACK_MAY_SELL = allowed  # type: ignore[attr-defined]
        world = World.of(fails(Failure.AUTH), bid="0.44")
        Question.objects.all().delete()
        world.others = [Told([says("SELL")], name=f"other-{allowed}", fallback=True)]
        world.policy(mode="auto")
        world.ask()
        world.decide()
        assert len(world.exits()) == sold


def test_the_demo_never_sells_by_itself() -> None:
    world, question = sells()
    world.provider.demo = True
    world.decide()
    question.refresh_from_db()
    assert question.limits == ["Recorded answers of the demo never sell by themselves."]


def test_the_most_urgent_is_asked_first_and_most_bounds_a_run() -> None:
    world = World.of(says("HOLD"))
    other = World.of(says("HOLD"), name="B")
    late = world.ask("review", "low")
    first = other.ask("soft_stop", "critical")
    assert [line["question"] for line in world.decide(most=1)] == [first.pk]
    assert [line["question"] for line in world.decide(questions=[])] == []
    assert [line["question"] for line in world.decide(questions=[late.pk])] == [late.pk]


def test_one_that_breaks_stops_no_other() -> None:
    world = World.of(says("HOLD"))
    other = World.of(says("HOLD"), name="B")
    broken, well = world.ask("soft_stop", "critical"), other.ask("soft_stop", "high")
    told = [ValueError("as told")]

    def break_once(step: str) -> None:
        if step == "seen" and told:
            raise told.pop()

    world.at_step = break_once
    assert [line["question"] for line in world.decide()] == [well.pk]
    assert state(broken) == "asking"
