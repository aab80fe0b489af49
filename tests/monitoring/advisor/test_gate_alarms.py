"""That the AI is gone and back reaches a phone: once each, and the alarm ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django.fixtures import Settings

from monitoring.advisor.gate import ask, upkeep
from monitoring.advisor.port import Failure, Reply
from monitoring.alerts.deciding.truth import Facts, holds
from monitoring.alerts.dispatch import dispatch
from monitoring.models import Alarm, Channel, Notification
from tests.monitoring.advisor.gating import Clock, Told, about, answer, failed, ports, request

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


@pytest.fixture(autouse=True)
def phone() -> None:
    Channel.objects.create(name="phone", url="https://discord.com/api/webhooks/1/token")


def put(reply: Reply, clock: Clock) -> None:
    ask(request(), providers=[Told([reply])], about=about(), ports=ports(clock))


def alerts(clock: Clock) -> list[str]:
    """What the phone gets, oldest first."""
    dispatch(now=clock.at)
    return [row.title for row in Notification.objects.order_by("pk") if row.state == "pending"]


def stands() -> tuple[str, bool | None, bool]:
    """The alarm's key, whether the book says that it holds, whether it is still on."""
    alarm = Alarm.objects.get()
    return alarm.key, holds(alarm, Facts([alarm])), alarm.resolved_at is None


def no_credit(clock: Clock, settings: Settings) -> Callable[[], None]:
    put(failed(Failure.SPEND_LIMIT, status=402), clock)

    def back() -> None:
        put(answer(), clock)

    return back


def over_budget(clock: Clock, settings: Settings) -> Callable[[], None]:
    settings.AI_DAILY_USD = Decimal("0.001")
    put(answer(), clock)
    upkeep(clock.at)

    def back() -> None:
        settings.AI_DAILY_USD = Decimal(1)
        upkeep(clock.at)

    return back


@pytest.mark.parametrize(
    ("begin", "key", "down", "up"),
    [
        (
            no_credit,
            "ai:anthropic",
            (
                "Anthropic is not asked, its account is out of credit (not our daily cap);"
                " questions come to you"
            ),
            "Anthropic answers again, 15 min after its last failure",
        ),
        (
            over_budget,
            "ai:budget",
            (
                "the daily budget of $0.0010 is used up; until midnight UTC only critical triggers"
                " may use what is held back for them"
            ),
            "the daily budget has room again",
        ),
    ],
)
def test_trouble_is_told_stands_and_ends(
    settings: Settings,
    begin: Callable[[Clock, Settings], Callable[[], None]],
    key: str,
    down: str,
    up: str,
) -> None:
    settings.ANTHROPIC_API_KEY = "sk-ant-0123456789"
    clock = Clock()
    back = begin(clock, settings)
    assert alerts(clock) == [f"PAPER · AI DOWN · {down}"]
    assert stands() == (key, True, True)
    clock.at += timedelta(minutes=15)
    back()
    assert alerts(clock)[1:] == [f"PAPER · AI BACK · {up}"]
    assert stands() == (key, False, False)


def test_other_provider_that_is_asked_meanwhile_is_named(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = "sk-ant-0123456789"
    settings.AI_FALLBACK_URL, settings.AI_FALLBACK_MODEL = "http://127.0.0.1:1", "llama"
    clock = Clock()
    no_credit(clock, settings)
    assert alerts(clock)[0].endswith("; OpenAI-compatible is asked instead")
