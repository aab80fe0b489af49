"""Texts of AI calls are forgotten; the calls are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.forms import model_to_dict
from pytest_django.fixtures import Settings

from monitoring.models import AICall
from monitoring.retention import prune
from monitoring.retention.pace import CHUNK

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def call(age: timedelta, **columns: object) -> AICall:
    return AICall(
        state="settled",
        purpose="decide",
        day=(NOON - age).date(),
        provider="anthropic",
        model="m",
        prompt_version="1",
        prompt_sha256="abc",
        started_at=NOON - age,
        reserved=9,
        cost=5,
        system_text="be brief",
        user_text="is it over?",
        raw_text="{}",
        parsed={"verdict": "hold"},
        **columns,
    )


def pruned() -> dict[str, int]:
    return prune(now=NOON, sleep=lambda _seconds: None)


def test_texts_go_after_thirty_days_and_everything_else_stays() -> None:
    old, young = call(30 * DAY + timedelta(seconds=1)), call(30 * DAY)
    old.save()
    young.save()
    before = {row.pk: model_to_dict(row) for row in (old, young)}
    assert pruned() == {"texts": 1}
    before[old.pk] |= {"system_text": "", "user_text": "", "raw_text": ""}
    assert {row.pk: model_to_dict(row) for row in AICall.objects.all()} == before
    assert pruned() == {}


def test_how_long_is_a_setting(settings: Settings) -> None:
    settings.AI_KEEP_TEXT = DAY
    call(2 * DAY).save()
    assert pruned() == {"texts": 1}


def test_more_than_one_chunk_goes_in_one_run() -> None:
    AICall.objects.bulk_create(call(40 * DAY) for _ in range(CHUNK + 3))
    assert pruned() == {"texts": CHUNK + 3}


def test_run_whose_time_is_up_leaves_the_rest_to_the_next() -> None:
    AICall.objects.bulk_create(call(40 * DAY) for _ in range(3))
    assert prune(now=NOON, budget=0.0, sleep=lambda _seconds: None) == {}
    assert AICall.objects.filter(user_text="").count() == 0
