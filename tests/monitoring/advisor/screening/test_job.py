"""The job: news first, then the screen, by default every quarter of an hour."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from monitoring import schedules, tasks
from monitoring.models import Feed, Headline
from tests.monitoring.advisor.screening.kit import BAD, headline, position, rows

pytestmark = pytest.mark.django_db


def test_job_is_due_at_start_and_every_so_many_minutes(settings: Settings) -> None:
    settings.AI_SCREEN_MINUTES = 20
    assert schedules.Plan("screen", 1200, at_start=True) in schedules.plans()


def test_job_screens_even_where_no_feed_answers(settings: Settings) -> None:
    settings.NEWS_QUERY_URL = ""
    held = position()
    held.thesis.feeds = "http://127.0.0.1:9/rss"  # refused: a private address
    held.thesis.save()
    headline(held, BAD)
    Headline.objects.update(published_at=timezone.now(), first_seen=timezone.now())
    tasks.screen()
    assert Feed.objects.get().problem != ""
    assert rows() == [(BAD, "rules-1", "against", "medium")]
