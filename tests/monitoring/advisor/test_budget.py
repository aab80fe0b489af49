"""The daily cap: room, what is held back, days, and what was forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django.fixtures import Settings

from monitoring.advisor import budget
from monitoring.models import AICall, AISpend
from tests.monitoring.advisor.gating import NOON, figures

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


@pytest.fixture(autouse=True)
def cap_of_a_cent(settings: Settings) -> None:
    settings.AI_DAILY_USD = Decimal("0.01")  # 10,000 µ$, of which 2,000 are held back


def call(at: datetime = NOON, provider: str = "anthropic", purpose: str = "decide") -> AICall:
    return AICall(
        purpose=purpose,
        day=budget.day_of(at),
        provider=provider,
        model="m",
        prompt_version="1",
        prompt_sha256="0",
        started_at=at,
    )


def reserved(amount: int, *, critical: bool = False, at: datetime = NOON) -> AICall | None:
    row = call(at)
    return row if budget.reserve(row, amount=amount, critical=critical) else None


def test_reservation_writes_the_call_and_counts_it() -> None:
    row = reserved(3000)
    assert row is not None
    assert AICall.objects.get().state == "reserved"
    assert figures() == (3000, 0)


def test_last_cent_of_what_is_for_everybody_may_be_reserved_but_not_one_more() -> None:
    assert reserved(8000) is not None
    assert reserved(1) is None
    assert figures() == (8000, 0)


def test_critical_trigger_may_use_what_is_held_back_but_not_one_more() -> None:
    assert reserved(8000) is not None
    assert reserved(2000, critical=True) is not None
    assert reserved(1, critical=True) is None
    assert figures() == (10000, 0)


def test_refusal_writes_no_call_and_remembers_the_smallest_that_found_no_room() -> None:
    assert [reserved(9000), reserved(8500), reserved(9500)] == [None, None, None]
    row = AISpend.objects.get()
    assert (row.refused, row.refusals, AICall.objects.count()) == (8500, 3, 0)


def test_settled_call_costs_what_it_used_and_frees_the_rest() -> None:
    row = reserved(8000)
    assert row is not None
    assert budget.settle(row, cost=1234, detail="x")
    assert figures() == (0, 1234)
    saved = AICall.objects.get()
    assert (saved.state, saved.cost, saved.detail) == ("settled", 1234, "x")


def test_call_of_unknown_cost_keeps_its_reservation_as_the_cost() -> None:
    row = reserved(700)
    assert row is not None
    budget.settle(row, cost=None)
    assert figures() == (0, 700)


def test_call_is_settled_once() -> None:
    row = reserved(700)
    assert row is not None
    assert (budget.settle(row, cost=5), budget.settle(row, cost=6)) == (True, False)
    assert figures() == (0, 5)


def test_raised_cap_works_at_once(settings: Settings) -> None:
    assert reserved(9000) is None
    assert budget.spend_today(NOON).over
    settings.AI_DAILY_USD = Decimal(1)
    assert not budget.spend_today(NOON).over
    assert reserved(9000) is not None


def test_cap_of_zero_refuses_everything(settings: Settings) -> None:
    settings.AI_DAILY_USD = Decimal(0)
    assert reserved(1, critical=True) is None
    found = budget.spend_today(NOON)
    assert (found.off, found.over, found.cap, found.held_back) == (True, True, 0, 0)


def test_call_from_before_midnight_settles_on_its_own_day() -> None:
    late = datetime(2026, 11, 20, 23, 59, 50, tzinfo=UTC)
    row = reserved(500, at=late)
    other = reserved(600, at=late + timedelta(seconds=20))
    assert row is not None
    assert other is not None
    budget.settle(row, cost=40)
    assert (figures(late.date()), figures(NOON.date() + timedelta(days=1))) == ((0, 40), (600, 0))


def test_day_is_utc_whatever_zone_the_time_is_in() -> None:
    tokyo = datetime.fromisoformat("2026-11-21T08:00:00+09:00")
    assert budget.day_of(tokyo) == NOON.date()


def test_new_day_has_its_own_room() -> None:
    assert reserved(8000) is not None
    assert reserved(8000, at=NOON + timedelta(days=1)) is not None


def test_forgotten_reservation_is_spent_after_a_quarter_of_an_hour() -> None:
    reserved(500)
    assert budget.expire(NOON + timedelta(minutes=14, seconds=59)) == 0
    assert budget.expire(NOON + timedelta(minutes=15)) == 1
    assert budget.expire(NOON + timedelta(minutes=16)) == 0
    assert figures() == (0, 500)
    assert AICall.objects.get().state == "expired"


def test_answer_that_comes_after_it_was_given_up_is_kept_and_counts_no_second_time() -> None:
    row = reserved(500)
    assert row is not None
    budget.expire(NOON + timedelta(minutes=20))
    assert not budget.settle(row, cost=1, raw_text="late")
    assert figures() == (0, 500)
    saved = AICall.objects.get()
    assert (saved.state, saved.cost, saved.raw_text) == ("expired", 500, "late")


def test_day_shows_its_calls_and_failures_by_purpose_without_the_demo() -> None:
    for purpose, failure in [("screen", ""), ("screen", "timeout"), ("decide", "")]:
        row = call(purpose=purpose)
        budget.reserve(row, amount=10, critical=False)
        budget.settle(row, cost=7, failure=failure)
    demo = call(provider=budget.DEMO)
    demo.state, demo.reserved, demo.cost = AICall.State.SETTLED, 0, 0
    demo.save()
    found = budget.spend_today(NOON)
    assert found.calls == {"screen": (2, 1), "decide": (1, 0)}
    assert (found.spent, found.reserved, found.cap, found.held_back) == (21, 0, 10000, 2000)


def test_day_without_a_call_is_empty() -> None:
    found = budget.spend_today(NOON)
    assert (found.spent, found.used, found.refusals, found.calls) == (0, 0, 0, {})
    assert not found.over


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (0, "$0.00"),
        (1_000_000, "$1.00"),
        (770_123, "$0.77"),
        (99_999, "$0.1000"),
        (60_000, "$0.06"),
        (18_123, "$0.0181"),
        (315, "$0.0003"),
    ],
)
def test_money_is_read_in_cents_and_finer_where_there_are_few(micro: int, text: str) -> None:
    assert budget.dollars(micro) == text
