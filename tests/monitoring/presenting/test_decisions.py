"""Decisions, questions and headlines in words; what strangers wrote stays harmless."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from monitoring.advisor.budget import DEMO
from monitoring.models import Decision, Headline, Question, Screening
from monitoring.presenting.decisions import by, decision_view, evidence, safe_url
from monitoring.presenting.questions import headline_view, mode_text, question_view
from positions.models import AdvicePolicy, Market, Position

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def position() -> Position:
    market = Market(
        venue="sim", key="fed", question="Fed cuts?", outcome="Yes", currency="USDC", payout=1
    )
    return Position(pk=1, market=market)


def decision(**values: object) -> Decision:
    row = {
        "position": position(),
        "provider": "anthropic",
        "model": "claude-sonnet-5-5",
        "prompt_version": "d1",
        "verdict": "sell",
        "confidence": Decimal("0.855"),
        "bid": Decimal("0.441"),
        "at": NOW,
    } | values
    return Decision(**row)


def question(state: str = "open", **values: object) -> Question:
    row = {
        "pk": 7,
        "position": position(),
        "rule": "soft_stop",
        "urgency": "high",
        "reason": "the bid is below",
        "state": state,
        "asked_at": NOW,
        "ai_until": NOW,
        "answer_until": NOW + timedelta(minutes=10),
    } | values
    return Question(**row)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//reuters.com/a",
        "ftp://reuters.com/a",
        "http:///a",
        "https://reuters.com@evil.example/",
        "https://[broken/",
        "https://a b/",
        "https://ex\u202eample.com/",
        "https://reuters.com/\n",
        "https://reuters.com/" + "a" * 2000,
        "",
    ],
)
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert safe_url(url) == ""


def test_web_addresses_stay_as_they_are() -> None:
    assert safe_url("https://reuters.com/a?b=1") == "https://reuters.com/a?b=1"
    assert safe_url("http://reuters.com") == "http://reuters.com"


def test_confidence_is_rounded_and_drawn_to_scale() -> None:
    view = decision_view(decision(), scored=0)
    assert (view.confidence, view.bar, view.bid) == ("0.86", "34.2", "44.1¢")
    bare = decision_view(decision(confidence=None, bid=None), scored=0)
    assert (bare.confidence, bare.bar, bare.bid, bare.uncalibrated) == ("", "", "", False)
    assert decision_view(decision(confidence=Decimal(7)), scored=0).bar == "40.0"


def test_confidence_is_uncalibrated_until_fifty_are_judged() -> None:
    views = [decision_view(decision(), scored=n).uncalibrated for n in (0, 49, 50)]
    assert views == [True, True, False]


def test_who_said_it_is_told_apart() -> None:
    assert by("anthropic", "m", "d1") == "anthropic · m · prompt d1"
    assert by("rules-1", "", "") == "Rules (no AI)"
    tones = [
        decision_view(decision(provider=name), scored=0).verdicts[0]["tone"]
        for name in ("anthropic", "rules-1", "")
    ]
    assert tones == ["ai", "quiet", "quiet"]
    assert [decision_view(decision(provider=n), scored=0).demo for n in (DEMO, "x")] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("verdict", "said", "sells"),
    [
        ("sell", "Sell", True),
        ("reduce", "Reduce", True),
        ("hold", "Hold", False),
        ("ask", "No verdict", False),
    ],
)
def test_verdicts_carry_a_word_and_an_icon(verdict: str, said: str, *, sells: bool) -> None:
    view = decision_view(decision(verdict=verdict), scored=0)
    assert (view.verdicts[0]["text"], view.sells) == (said, sells)
    assert view.verdicts[0]["icon"] in {"sell", "check", "ask"}
    assert bool(view.checks) is (verdict == "ask")


def test_evidence_in_another_shape_is_left_out_piece_by_piece() -> None:
    odd = evidence({"id": 1, "kind": [], "text": None, "url": "javascript:x", "at": "2026-99-99"})
    assert (odd.id, odd.icon, odd.text, odd.url, odd.at) == ("", "list", "", "", None)
    good = evidence({"kind": "headline", "domain": "ap.org", "at": "2026-11-22T08:00:00"})
    assert (good.icon, good.publisher, good.at) == (
        "news",
        "ap.org",
        datetime(2026, 11, 22, 8, tzinfo=UTC),
    )
    assert decision_view(decision(evidence=["x", None, {}]), scored=0).evidence == [evidence({})]


def test_open_question_says_until_when_and_what_silence_does() -> None:
    advice = AdvicePolicy()
    view = question_view(question(), None, advice, NOW, scored=0, thesis=0)
    assert (view.left, view.unanswered) == (
        NOW + timedelta(minutes=10),
        "Without an answer: held. Its stops stay armed.",
    )
    selling = question_view(
        question(), None, AdvicePolicy(if_unanswered="sell"), NOW, scored=0, thesis=0
    )
    assert selling.unanswered == "Without an answer it is sold."
    news = question(rule="ai_alert")
    doubtful = question_view(
        news, None, AdvicePolicy(if_unanswered="sell"), NOW, scored=0, thesis=0
    )
    assert doubtful.unanswered == (
        "Without an answer: held, because no AI has judged it. Its stops stay armed."
    )


@pytest.mark.parametrize("state", Question.State.values)
def test_every_state_has_a_badge_and_only_closed_ones_an_end(state: str) -> None:
    view = question_view(
        question(state, outcome="so it was"), None, AdvicePolicy(), NOW, scored=0, thesis=0
    )
    assert view.badges[0]["text"]
    assert view.badges[0]["icon"]
    assert (view.end, view.note) == (
        ("", "So it was") if state in Question.LIVE else ("So it was", "")
    )
    assert (view.left is not None) is (state == "open")


def test_decline_can_be_taken_back_while_there_is_time() -> None:
    def can(state: str, at: datetime) -> bool:
        return question_view(
            question(state), None, AdvicePolicy(), at, scored=0, thesis=0
        ).can_reopen

    late = NOW + timedelta(minutes=10)
    assert [can("declined", NOW), can("declined", late), can("held", NOW)] == [True, False, False]


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            {},
            "Asks you before anything is sold. You have 15 min to answer. Without an answer it holds.",
        ),
        (
            {"mode": "auto", "answer_minutes": 3, "if_unanswered": "sell"},
            (
                "Sells by itself within its guards, else asks you. You have 3 min to answer."
                " Without an answer it sells."
            ),
        ),
        (
            {"mode": "auto_hours", "auto_from": time(22), "auto_to": time(7, 30)},
            (
                "Sells by itself from 22:00 to 07:30 (UTC), else asks you. You have 15 min to answer."
                " Without an answer it holds."
            ),
        ),
    ],
)
def test_mode_is_one_readable_line(policy: dict[str, object], said: str) -> None:
    assert mode_text(AdvicePolicy(**policy)) == said


def test_headline_tells_source_age_and_each_screener() -> None:
    made = Headline(title="x", domain="ap.org", first_seen=NOW - timedelta(days=3))
    said = [
        Screening(direction="against", urgency="critical", screener="claude-haiku-5-5 s1"),
        Screening(direction="against", urgency="low", screener="rules-1", summary="late"),
    ]
    view = headline_view(made, said)
    assert (view.source, view.at, view.summary) == ("ap.org", made.first_seen, "late")
    assert [(badges[0]["tone"], who) for badges, who in view.marks] == [
        ("crit", "claude-haiku-5-5 s1"),
        ("warn", "Rules (no AI)"),
    ]
    bare = headline_view(
        Headline(title="x", first_seen=NOW), [Screening(suspected=True, direction="none")]
    )
    assert (bare.source, bare.suspected, view.suspected) == ("unknown source", True, False)
