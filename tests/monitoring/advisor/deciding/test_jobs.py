"""The jobs: quiet where nothing waits, and each does its part."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from monitoring.advisor.deciding.run import decide_due
from monitoring.models import AICall, AISpend, Question
from monitoring.questions.asking import raise_question
from monitoring.tasks import decide, reflect
from positions.models import Thesis
from tests.positions.holdings import holding

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
Counted = Callable[[int], AbstractContextManager[Any]]


def test_where_nothing_waits_it_asks_the_database_once(
    django_assert_num_queries: Counted,
) -> None:
    with django_assert_num_queries(1):
        assert decide_due() == []


def test_decide_takes_up_what_waits() -> None:
    position = holding(now=timezone.now())
    question = raise_question(
        position_id=position.pk, rule="soft_stop", urgency="high", reason="r", now=timezone.now()
    )
    decide()
    question.refresh_from_db()
    assert (question.state, question.decisions.get().verdict) == ("open", "ask")


def test_reflect_raises_reviews_and_counts_lost_calls_as_spent() -> None:
    now = timezone.now()
    position = holding(now=now)
    Thesis.objects.update_or_create(position=position, defaults={"review_at": now.date()})
    AISpend.objects.create(day=now.date(), reserved=70)
    AICall.objects.create(
        purpose="decide",
        day=now.date(),
        provider="anthropic",
        model="m",
        prompt_version="v",
        prompt_sha256="0" * 64,
        started_at=now - timedelta(minutes=16),
        reserved=70,
    )
    reflect()
    assert Question.objects.get().rule == "review"
    spend = AISpend.objects.get()
    assert (spend.reserved, spend.spent) == (0, 70)
