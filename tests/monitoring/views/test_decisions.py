"""The AI pages: what they show, to whom, and what their buttons do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from monitoring.advisor.deciding.run import decide_due
from monitoring.advisor.news.sources import sources
from monitoring.models import Feed, Question
from monitoring.questions.asking import raise_question
from positions.models import AdvicePolicy, Position, Thesis
from tests.browser import shelf
from tests.deciding import decided, fill, headline, judged, question, screened, thesis
from tests.website import hold, member

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]

State = Question.State


@pytest.fixture
def alice() -> Client:
    return member()


@pytest.fixture
def story() -> dict[str, Any]:
    """Questions in every state; `rows` are the positions."""
    rows = shelf.fill()
    return fill(rows) | {"rows": rows}


@pytest.fixture
def asked() -> Question:
    """An open question with a SELL, on 100 shares at 44.1¢."""
    position = hold("fed", bid="0.441", entry="0.52", shares="100", policy={})
    made = question(position)
    decided(made)
    return made


def words(body: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace(" ", " ")


def text(client: Client, path: str = "/decisions/") -> str:
    """The page without its markup."""
    return words(client.get(path).content.decode())


def page_of(asked: Question) -> str:
    return f"/decisions/{asked.pk}/"


PATHS = ["/decisions/", "/decisions/1/", "/parts/decisions/", "/parts/decisions/1/", "/parts/asks/"]


@pytest.mark.parametrize("path", [*PATHS, "/positions/1/parts/ai/"])
def test_every_part_asks_for_a_login(path: str) -> None:
    assert Client().get(path)["location"] == f"/login/?next={path}"


def test_parts_are_kept_nowhere(alice: Client, asked: Question) -> None:
    paths = [path.replace("/1/", f"/{asked.pk}/") for path in PATHS]
    assert ["no-store" in alice.get(path)["cache-control"] for path in paths] == [True] * 5


def test_unknown_question_is_not_found(alice: Client) -> None:
    assert alice.get("/decisions/999/").status_code == 404
    assert alice.post("/decisions/999/decline/").status_code == 404


def test_empty_page_says_how_to_get_an_ai_and_news(alice: Client) -> None:
    hold()
    shown = text(alice)
    assert "No question waits for you." in shown
    assert "Nothing has been asked yet." in shown
    assert "Rules (no AI)" in shown
    assert "ANTHROPIC_API_KEY" in shown
    assert "No position has keywords or feeds, so no news is read." in shown


def test_with_a_key_it_says_who_is_asked_and_what_it_cost(
    alice: Client, settings: Settings
) -> None:
    settings.ANTHROPIC_API_KEY = "sk-test"
    shown = text(alice)
    assert "Anthropic claude-haiku-5-5, claude-sonnet-5-5 Spent today $0.00 of $1.00" in shown
    assert "ANTHROPIC_API_KEY" not in shown
    assert "sk-test" not in shown


def test_what_waits_stands_first_and_by_its_deadline(alice: Client, story: dict[str, Any]) -> None:
    Question.objects.filter(pk=story["asks"].pk).update(
        answer_until=timezone.now() + timedelta(minutes=1)
    )
    waiting = alice.get("/decisions/").context["waiting"]
    assert [one.id for one in waiting] == [story[name].pk for name in ("asks", "open", "waiting")]
    shown = text(alice)
    assert "Not answered yet · 3" in shown
    assert shown.index("Not answered yet") < shown.index("Questions and decisions")


@pytest.mark.parametrize(
    ("show", "expected"), [("", 6), ("open", 3), ("sell", 6), ("hold", 1), ("news", 1), ("x", 6)]
)
def test_chips_filter_and_count(
    alice: Client, story: dict[str, Any], show: str, expected: int
) -> None:
    found = alice.get(f"/decisions/?show={show}").context
    assert len(found["rows"]) == expected
    everything = (
        expected if show in {"open", "sell", "hold", "news"} else 9
    )  # open ones stand above
    assert [chip.count for chip in found["chips"] if chip.pressed] == [everything]


def test_pages_go_on_by_id_and_stand_still(alice: Client) -> None:
    position = hold()
    made = [question(position, State.HELD, outcome="held").pk for _number in range(31)]
    first = alice.get("/decisions/")
    assert len(first.context["rows"]) == 30
    assert first.context["older"] == f"?before={made[1]}"
    second = alice.get("/decisions/" + first.context["older"])
    assert [one.id for one in second.context["rows"]] == [made[0]]
    assert "data-still" in second.content.decode()
    assert alice.get("/decisions/?before=x&position=y&show=%00").status_code == 200


def test_page_of_one_position_shows_only_its_own(alice: Client, story: dict[str, Any]) -> None:
    position = story["rows"]["trailing"].pk
    found = alice.get(f"/decisions/?position={position}").context
    assert {one.position_id for one in found["rows"]} == {position}
    assert found["waiting"] == []


def test_headlines_tell_source_age_direction_and_what_tries_to_instruct(
    alice: Client, story: dict[str, Any]
) -> None:
    body = alice.get("/decisions/").content.decode()
    shown = words(body)
    assert "Fed officials hint at a December cut ↗ Reuters ·" in shown
    assert "Against you claude-haiku-5-5 s1" in shown
    assert "For you Rules (no AI)" in shown
    assert "Suspected instruction It looks like an instruction to an AI" in shown
    assert 'href="https://reuters.com/a?b=1&amp;c=2" rel="noopener noreferrer"' in body
    assert "javascript:" not in body


def test_strangers_texts_stay_text(alice: Client) -> None:
    position = hold(question="<i>Q</i>")
    evil = "<script>alert(1)</script>\u202etxt"
    made = headline(position, evil, publisher="<b>x</b>")
    screened(position, made, summary="<img src=x>")
    row = question(position, reason=evil)
    row.headlines.add(made)
    decided(
        row,
        reasoning=evil,
        against=evil,
        evidence=[
            {"id": "h1", "kind": "headline", "text": evil, "url": "data:text/html,x", "at": "soon"},
            "no mapping",
            {"id": 7, "text": None},
        ],
    )
    for path in ("/decisions/", page_of(row), f"/positions/{position.pk}/"):
        body = alice.get(path).content.decode()
        assert body.count("<script>alert") + body.count("<img src=x") + body.count("<i>Q") == 0
        assert "data:text" not in body
        assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;" in body


def test_question_shows_the_whole_decision(alice: Client, story: dict[str, Any]) -> None:
    shown = text(alice, page_of(story["open"]))
    for part in (
        "News against the thesis: Fed cuts rates at the December meeting?",
        "Sell confidence 0.86 uncalibrated",
        "Thesis broken",
        "The thesis needs two cuts; both officials now speak of one.",
        "Against Single officials have been wrong about December before.",
        "anthropic · claude-sonnet-5-5 · prompt d1",
        "Fed officials hint at a December cut ↗ Reuters ·",
        "58.0¢ an hour ago, 44.1¢ now",
        "2 headlines speak against your thesis",
        "Bid when decided 44.1¢ Bid now 44.1¢",
        "version 3",
        "Approve: Sell 1,240 Yes",
        "Without an answer: held. Its stops stay armed.",
    ):
        assert part in shown


def test_without_an_ai_a_person_gets_a_checklist_and_the_reasons(
    alice: Client, story: dict[str, Any]
) -> None:
    shown = text(alice, page_of(story["asks"]))
    assert "Rules (no AI) You decide No verdict" in shown
    assert "Do two sources say so, independent of each other?" in shown
    assert "no AI is set up the bid has moved by more than 3¢ since" in shown
    assert "confidence" not in shown
    assert "Approve" not in shown


def test_cited_headline_is_shown_once(alice: Client, story: dict[str, Any]) -> None:
    title = "Fed officials hint at a December cut"
    assert text(alice, page_of(story["open"])).count(title) == 2
    cited = {"id": "h1", "kind": "headline", "text": title, "headline": story["against"].pk}
    story["open"].decisions.update(evidence=[cited])
    shown = text(alice, page_of(story["open"]))
    assert shown.count(title) == 1
    assert "Other headlines that raised it Powell: no decision" in shown


def test_what_the_decider_leaves_to_a_person_reads_whole(alice: Client) -> None:
    position = hold("fed", bid="0.441", policy={})
    now = timezone.now()
    made = raise_question(
        position_id=position.pk, rule="soft_stop", urgency="high", reason="too low", now=now
    )
    assert "There is no AI to ask; the question comes to you." in text(alice, page_of(made))
    decide_due(providers=())
    shown = text(alice, page_of(made))
    assert "Rules (no AI) You decide No verdict" in shown
    assert shown.count("no AI is set up, so nobody has judged this. You decide.") == 1
    assert "Too low" in shown
    assert "closes" in shown


def test_an_ai_that_failed_is_no_rule(
    alice: Client, story: dict[str, Any], settings: Settings
) -> None:
    settings.ANTHROPIC_API_KEY = "sk-test"
    assert "The AI gave no answer You decide No verdict" in text(alice, page_of(story["asks"]))


def test_recorded_answers_carry_a_badge(alice: Client, asked: Question) -> None:
    asked.decisions.update(provider="demo-fixture", model="recorded")
    assert "demo: recorded answer" in text(alice, page_of(asked))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("approved", "Approved by alice"),
        ("declined", "Declined by alice: held"),
        ("acted", "Sold by itself"),
        ("held", "Held: nothing was sold, its stops stay armed."),
        ("expired", "Nobody answered: held"),
        ("overtaken", "Overtaken by stop_loss"),
    ],
)
def test_every_end_is_worded_and_asks_nothing_more(
    alice: Client, story: dict[str, Any], state: str, said: str
) -> None:
    body = alice.get(page_of(story[state])).content.decode()
    assert said in words(body)
    assert "/approve/" not in body
    assert "/decline/" not in body


def test_silence_that_sells_is_said(alice: Client, asked: Question) -> None:
    AdvicePolicy.objects.create(position=asked.position, if_unanswered="sell")
    assert "Without an answer it is sold." in text(alice, page_of(asked))


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (3, "Without an answer it is sold."),
        (4, "Without an answer: held, because the thesis has been changed since."),
    ],
)
def test_silence_on_news_is_told_as_it_will_be(alice: Client, version: int, said: str) -> None:
    position = hold("fed", bid="0.441", entry="0.52", shares="100", policy={})
    AdvicePolicy.objects.create(position=position, if_unanswered="sell")
    Thesis.objects.create(position=position, text="Two cuts.", version=version)
    made = question(position, rule="ai_alert")
    ids = {"kind": "headline", "text": "No cut"}
    papers = ("reuters.com", "apnews.com")
    decided(made, evidence=[ids | {"publisher": one, "domain": one} for one in papers])
    for page in ("/decisions/", page_of(made)):
        assert said in text(alice, page)


def test_position_page_tells_mode_news_and_decisions(alice: Client, story: dict[str, Any]) -> None:
    shown = text(alice, f"/positions/{story['rows']['past stop'].pk}/")
    assert "Asks you before anything is sold. You have 15 min to answer." in shown
    assert "Without an answer it holds." in shown
    assert "You decide Sell confidence 0.86" in shown
    assert "Fed officials hint at a December cut" in shown


def test_position_page_names_hours_of_its_own(alice: Client) -> None:
    position = hold()
    AdvicePolicy.objects.create(
        position=position,
        mode="auto_hours",
        auto_from="22:00",
        auto_to="07:00",
        time_zone="Asia/Karachi",
        answer_minutes=5,
        if_unanswered="sell",
    )
    shown = text(alice, f"/positions/{position.pk}/")
    assert "Sells by itself from 22:00 to 07:00 (Asia/Karachi), else asks you." in shown
    assert "You have 5 min to answer. Without an answer it sells." in shown


def test_source_error_is_never_no_news(alice: Client, settings: Settings) -> None:
    settings.NEWS_QUERY_URL = ""
    position = hold()
    url = "https://feeds.example/rss"
    thesis(position, feeds=url, keywords="")
    source = sources("", url, "")[0]
    Feed.objects.create(key=source.key, url=url, problem="a page of HTML, no feed")
    for path in ("/decisions/", f"/positions/{position.pk}/"):
        shown = text(alice, path)
        assert "Source error: feeds.example/rss: a page of HTML, no feed" in shown
        assert "No headline has been found yet." not in shown


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ("", "No keywords and no feeds: no news is read for this position."),
        ("Fed", "The news search is off (NEWS_QUERY_URL)"),
    ],
)
def test_position_page_says_why_no_news_is_read(
    alice: Client, settings: Settings, keywords: str, said: str
) -> None:
    settings.NEWS_QUERY_URL = ""
    position = hold()
    thesis(position, keywords=keywords)
    assert said in text(alice, f"/positions/{position.pk}/")


def test_overview_and_every_page_count_what_waits(alice: Client, story: dict[str, Any]) -> None:
    body = alice.get("/").content.decode()
    shown = words(body.partition('id="asks"')[2].partition("</section>")[0])
    assert "News against the thesis: Fed cuts rates at the December meeting?" in shown
    assert "Decide… " in shown
    assert body.count("data-asks>") == 2
    assert "2 wait for you" in words(alice.get("/activity/").content.decode())
    parts = alice.get("/parts/asks/").content.decode()
    assert 'data-n="2"' in parts


def test_many_questions_cost_no_more_queries(
    alice: Client, django_assert_max_num_queries: Any
) -> None:
    rows = [hold(f"m{number}") for number in range(8)]
    for position in rows:
        thesis(position)
        screened(position, headline(position))
        decided(question(position))
    with django_assert_max_num_queries(40):
        alice.get("/decisions/")


def test_score_table_waits_for_fifty_decisions(alice: Client) -> None:
    asked = question(hold(), State.HELD)
    assert "Was it right?" not in text(alice)
    judged(asked, 49)
    assert "Was it right? not enough data (49 of 50)" in text(alice)
    assert "uncalibrated" in text(alice, page_of(asked))


def test_score_table_stands_beside_its_baselines(alice: Client) -> None:
    asked = question(hold(), State.HELD)
    judged(asked, 60)
    shown = text(alice)
    assert "60 decisions, after a day Who Right Regret a share Brier The AI 6" in shown
    assert "Always hold 3" in shown
    assert "By trigger Decisions Right Brier Soft stop 60 6" in shown
    assert "uncalibrated" not in text(alice, page_of(asked))


def test_closed_position_offers_no_sale(alice: Client, asked: Question) -> None:
    Position.objects.filter(pk=asked.position_id).update(
        state="closed", closed_at=timezone.now(), shares=0
    )
    assert "/approve/" not in alice.get(page_of(asked)).content.decode()
