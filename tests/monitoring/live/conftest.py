"""A web process for the module's tests, and no connection left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from pytest_django import DjangoDbBlocker

from tests.website import Website, website


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Website]:
    """The product's web process on the test database."""
    with django_db_blocker.unblock(), website() as running:
        yield running


@pytest.fixture(autouse=True)
async def threads_let_go() -> AsyncIterator[None]:
    """asgiref's thread keeps its connection for ever; PostgreSQL then cannot drop the database."""
    yield
    await sync_to_async(connections.close_all)()
