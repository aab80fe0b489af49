"""What /monitor/ and /metrics say of the AI's money and of whom it may ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from monitoring.advisor.gate import ask
from monitoring.advisor.port import Failure, Purpose, Reply, Usage
from monitoring.advisor.providers import chain, names
from monitoring.metrics import exposition
from monitoring.models import AICall, AIProvider, AISpend
from monitoring.selectors.spending import bill, outcomes, standings
from tests.monitoring.advisor.gating import (
    HAIKU,
    NOON,
    SONNET,
    TODAY,
    Clock,
    Told,
    about,
    answer,
    failed,
    ports,
    request,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


@pytest.fixture
def key(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = "sk-ant-0123456789"


def once(reply: Reply, purpose: Purpose = "decide", *, clock: Clock | None = None) -> None:
    asked = request(purpose, max_tokens=2000)
    ask(asked, providers=[Told([reply])], about=about(), ports=ports(clock or Clock()))


def state() -> str:
    return standings(NOON + timedelta(seconds=1))[0].state


def test_names_are_those_of_the_providers_that_are_asked_in_their_order(
    settings: Settings,
) -> None:
    assert (names(), chain("decide")) == ([], [])
    settings.ANTHROPIC_API_KEY = "sk-ant-0123456789"
    settings.AI_FALLBACK_URL, settings.AI_FALLBACK_MODEL = "http://127.0.0.1:1", "llama"
    assert names() == [one.name for one in chain("decide")] == ["anthropic", "openai_compatible"]
    settings.ANTHROPIC_API_KEY = " "
    assert names() == [one.name for one in chain("decide")] == ["openai_compatible"]
    settings.AI_FALLBACK_MODEL = ""
    assert (names(), chain("decide")) == ([], [])


def test_bill_adds_the_day_up_and_draws_it_in_percent_of_the_cap(key: None) -> None:
    AISpend.objects.create(day=TODAY, spent=250_000, reserved=50_000, refusals=2)
    found = bill(NOON)
    assert (found.cap, found.spent, found.reserved) == ("$1.00", "$0.25", "$0.05")
    assert (found.left, found.held_back, found.refusals) == ("$0.50", "$0.20", 2)
    assert (found.spent_width, found.reserved_width) == ("25.00", "30.00")
    assert (found.held_at, found.held_width, found.budget) == ("80.00", "20.00", "room")


def test_what_critical_triggers_have_used_is_not_held_back_any_more(key: None) -> None:
    AISpend.objects.create(day=TODAY, spent=870_000, reserved=20_000)
    found = bill(NOON)
    assert (found.left, found.held_back) == ("$0.00", "$0.11")


def test_bill_of_another_day_begins_at_nothing(key: None) -> None:
    AISpend.objects.create(day=TODAY, spent=250_000)
    assert bill(NOON + timedelta(days=1)).spent == "$0.00"


@pytest.mark.parametrize(("cap", "state"), [("0", "off"), ("0.001", "over"), ("1", "room")])
def test_our_own_cap_is_off_over_or_has_room(
    settings: Settings, key: None, cap: str, state: str
) -> None:
    settings.AI_DAILY_USD = Decimal(cap)
    once(answer())
    assert bill(NOON).budget == state


def test_picture_of_more_than_the_cap_ends_at_its_edge(settings: Settings) -> None:
    AISpend.objects.create(day=TODAY, spent=250_000, reserved=50_000)
    settings.AI_DAILY_USD = Decimal("0.10")  # lowered after it was spent
    found = bill(NOON)
    assert (found.spent_width, found.reserved_width, found.left) == ("100.00", "100.00", "$0.00")


@pytest.mark.parametrize(
    ("replies", "state"),
    [
        ([], "new"),
        ([answer()], "ok"),
        ([failed(Failure.TIMEOUT)], "failing"),
        ([failed(Failure.TIMEOUT)] * 5, "resting"),
        ([failed(Failure.RATE_LIMITED, status=429, retry_after=60)], "resting"),
        ([failed(Failure.SPEND_LIMIT, status=402)], "no_credit"),
        ([failed(Failure.AUTH, status=401)], "bad_key"),
        ([failed(Failure.BAD_REQUEST, status=404)], "failing"),
        ([failed(Failure.BAD_REQUEST, status=404), answer()], "ok"),
        ([failed(Failure.TIMEOUT), answer()], "ok"),
        ([failed(Failure.REFUSED, usage=Usage(input=5))], "ok"),
    ],
)
def test_provider_has_one_state(key: None, replies: list[Reply], state: str) -> None:
    for reply in replies:
        once(reply)
    assert standings(NOON + timedelta(seconds=1))[0].state == state


def test_rest_that_is_over_is_no_rest_but_the_failures_still_count(key: None) -> None:
    for _ in range(5):
        once(failed(Failure.OVERLOADED, status=529))
    found = standings(NOON + timedelta(minutes=5))[0]
    assert (found.state, found.until, found.failures) == ("failing", None, 5)
    assert found.why == "it is overloaded"


def test_row_of_a_provider_that_is_not_configured_is_not_shown(settings: Settings) -> None:
    AIProvider.objects.create(name="anthropic", failures=3)
    assert standings(NOON) == []


def test_models_without_a_price_are_named(settings: Settings, key: None) -> None:
    settings.AI_DECIDE_MODEL = "claude-opus-9"
    settings.AI_FALLBACK_URL, settings.AI_FALLBACK_MODEL = "http://127.0.0.1:1", "llama"
    assert bill(NOON).unlisted == ["claude-opus-9", "llama"]


def test_price_table_says_when_it_is_old(key: None) -> None:
    assert not bill(NOON + timedelta(days=92)).prices_old  # 90 days after its own date
    assert bill(NOON + timedelta(days=93)).prices_old


def test_calls_are_counted_by_purpose_and_outcome_without_the_demo() -> None:
    once(answer(), "screen")
    once(failed(Failure.TIMEOUT), "screen")
    once(answer())
    ask(request(), providers=[Told([answer()], demo=True)], about=about(), ports=ports(Clock()))
    AICall.objects.filter(purpose="decide", provider="anthropic").update(state="expired")
    assert outcomes(NOON) == {
        ("screen", "answered"): 1,
        ("screen", "timeout"): 1,
        ("decide", "expired"): 1,
    }


def test_metrics_tell_the_money_the_calls_and_the_providers(key: None) -> None:
    once(answer(usage=Usage(output=1000)))
    AICall.objects.create(
        purpose="note",
        day=TODAY,
        provider="anthropic",
        model=HAIKU,
        prompt_version="1",
        prompt_sha256="0",
        started_at=NOON,
        reserved=500,
    )
    AISpend.objects.update(reserved=500, refusals=3)
    text = exposition(NOON, clients=0).decode()
    for line in (
        "pm_ai_cap_dollars 1.0",
        'pm_ai_today_dollars{kind="spent"} 0.01',
        'pm_ai_today_dollars{kind="reserved"} 0.0005',
        'pm_ai_calls_today{outcome="answered",purpose="decide"} 1.0',
        'pm_ai_calls_today{outcome="out",purpose="note"} 1.0',
        "pm_ai_refusals_today 3.0",
        'pm_ai_provider{provider="anthropic",state="ok"} 1.0',
    ):
        assert f"\n{line}\n" in text


class TestCard:
    def page(self, client: Client) -> str:
        client.force_login(User.objects.create_user("alice"))
        text = client.get("/monitor/").content.decode()
        return text[text.index('id="mo-ai"') :].split("</section>")[0]

    def test_without_a_key_names_the_rules(self, client: Client) -> None:
        page = self.page(client)
        assert "Rules (no AI)" in page
        assert "Set ANTHROPIC_API_KEY" in page
        assert "Prices as of" not in page

    def test_with_one_shows_money_provider_and_the_price_table_s_day(
        self, client: Client, key: None
    ) -> None:
        page = self.page(client)
        assert "$0.00 of $1.00 today" in page
        assert "held back for critical triggers $0.20" in page
        assert f"{HAIKU}, {SONNET}" in page
        assert "Prices as of 22 November 2026" in page

    @pytest.mark.parametrize(
        ("reply", "said"),
        [
            (failed(Failure.SPEND_LIMIT, status=402), "provider out of credit"),
            (failed(Failure.AUTH, status=401), "key refused"),
            (failed(Failure.BAD_REQUEST, status=404), "refuses requests"),
            (failed(Failure.RATE_LIMITED, status=429, retry_after=600), "left alone"),
            (failed(Failure.TIMEOUT), "1 failure"),
            (answer(), "answers"),
        ],
    )
    def test_says_how_the_provider_is(
        self, client: Client, key: None, reply: Reply, said: str
    ) -> None:
        from django.utils import timezone

        once(reply, clock=Clock(timezone.now()))
        page = self.page(client)
        assert said in page
        assert "as told" in page if reply.failure else "as told" not in page

    def test_escapes_what_a_provider_says(self, client: Client, key: None) -> None:
        once(replace(failed(Failure.TIMEOUT), detail="<script>alert(1)</script>"))
        assert "<script>" not in self.page(client)

    def test_cap_of_zero_is_off(self, client: Client, settings: Settings) -> None:
        settings.AI_DAILY_USD = Decimal(0)
        assert "AI_DAILY_USD is 0" in self.page(client)
