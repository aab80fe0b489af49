"""What is recorded for the demo: fit for the schemas, given only of what was asked, never paid for."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import pytest
from pytest_django.fixtures import Settings

from monitoring.advisor import demo_news
from monitoring.advisor.deciding.prompt import SYSTEM
from monitoring.advisor.port import Failure, Purpose, Request
from monitoring.advisor.providers import chain_for
from monitoring.advisor.providers.demo import Recorded
from monitoring.advisor.recording import News, recordings
from monitoring.advisor.schemas import Decision, ScreenResult
from monitoring.advisor.screening import rules_screener
from monitoring.advisor.text import clean, fence
from positions.demo.cast import SAMPLES
from positions.models import Market, Position

KSE, ECB = "demo-kse-100", "demo-ecb"


def asked(purpose: Purpose, market: str, *names: str) -> Request:
    """A request about these headlines of a recording, `x1` the first."""
    found = recordings()[market]
    news = [one for one in found.news if one.name in names]
    items = [{"id": f"x{number}", "title": one.title} for number, one in enumerate(news, 1)]
    nonce = secrets.token_hex(8)
    parts = [fence("position", {"question": found.question}, nonce), fence("news", items, nonce)]
    schema = ScreenResult if purpose == "screen" else Decision
    return Request(purpose, SYSTEM, "\n\n".join(parts), schema, 1000, 30.0)


def test_screen_tells_of_the_tax_and_of_nothing_else() -> None:
    reply = Recorded().complete(asked("screen", KSE, "holiday", "levy", "brokers"))
    assert isinstance(reply.data, ScreenResult)
    [alert] = reply.data.alerts
    assert (alert.headline_ids, alert.direction, alert.urgency) == (["x2", "x3"], "against", "high")


def test_screen_of_old_news_alone_tells_of_nothing() -> None:
    reply = Recorded().complete(asked("screen", KSE, "holiday"))
    assert isinstance(reply.data, ScreenResult)
    assert reply.data.alerts == []


def test_decision_sells_on_what_two_publishers_say() -> None:
    reply = Recorded().complete(asked("decide", KSE, "levy", "brokers"))
    assert isinstance(reply.data, Decision)
    found = (reply.data.decision, str(reply.data.confidence), reply.data.thesis_status)
    assert found == ("SELL", "0.86", "broken")
    assert reply.data.evidence_ids == ["x1", "x2"]
    cited = [one for one in recordings()[KSE].news if one.name in ("levy", "brokers")]
    assert len({one.domain for one in cited}) == 2


def test_what_is_not_recorded_is_no_answer() -> None:
    reply = Recorded().complete(asked("decide", ECB, "denial"))
    assert (reply.failure, reply.data) == (Failure.BAD_REQUEST, None)


@pytest.mark.parametrize("market", [KSE, ECB])
def test_recording_is_of_its_sample_word_for_word(market: str) -> None:
    [sample] = [sample for sample in SAMPLES if sample.key == market]
    assert recordings()[market].question == sample.question
    assert recordings().keys() == {KSE, ECB}


def test_headlines_are_plain_and_their_publishers_nobody() -> None:
    news: list[News] = [one for found in recordings().values() for one in found.news]
    assert [clean(one.title) for one in news] == [one.title for one in news]
    assert {one.domain.rpartition(".")[2] for one in news} == {"example"}


def test_rules_see_the_denial_and_only_that() -> None:
    found = recordings()[ECB]
    seen = [(one.name, rules_screener.look(found.question, "Yes", one.title)) for one in found.news]
    assert [(name, look.direction, look.urgency) for name, look in seen] == [
        ("euro", "none", ""),
        ("denial", "against", "medium"),
    ]


def demo_position(key: str, epoch: datetime) -> Position:
    data = {"epoch": epoch.isoformat()}
    market = Market(venue="sim", key=key, outcome="Yes", question="?", data=data)
    return Position(market=market, is_demo=True)


def test_news_comes_out_as_time_goes_by() -> None:
    loaded = datetime(2026, 11, 22, 12, tzinfo=UTC)
    position = demo_position(KSE, loaded)

    def out(minute: int, second: int) -> list[tuple[str, str]]:
        found = demo_news.items(position, loaded.replace(minute=minute, second=second))
        return [(item.domain, f"{item.published_at:%H:%M:%S}") for item in found]

    assert out(0, 0) == [("indus-business.example", "11:35:00")]
    assert out(1, 6) == [
        ("indus-business.example", "11:35:00"),
        ("karachi-wire.example", "12:01:00"),
        ("indus-business.example", "12:01:00"),
    ]
    position.is_demo = False
    assert demo_news.items(position, loaded) == []


def test_demo_position_never_reaches_a_real_provider(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = "sk-test"
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    purposes: tuple[Purpose, ...] = ("screen", "decide", "note")
    asked_of = {
        (key, purpose): [type(one) for one in chain_for(demo_position(key, now), purpose)]
        for key in (KSE, ECB, "demo-t20")
        for purpose in purposes
    }
    assert {key for key, found in asked_of.items() if found} == {(KSE, "screen"), (KSE, "decide")}
    assert asked_of[KSE, "screen"] == asked_of[KSE, "decide"] == [Recorded]
