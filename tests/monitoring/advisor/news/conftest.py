from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.monitoring.advisor.news import kit


@pytest.fixture
def wire(settings: Settings) -> Iterator[kit.Wire]:
    """A local source of news, and NEWS_QUERY_URL that points to its search."""
    with kit.wire() as running:
        settings.NEWS_QUERY_URL = running.server.template
        yield running
