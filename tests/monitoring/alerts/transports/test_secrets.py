"""The webhook's token appears in its own column and nowhere else, whatever goes wrong."""

from __future__ import annotations

import io
import logging
import socket
from collections.abc import Iterator
from random import Random

import pytest
from django.core.management import call_command
from django_q.models import Failure

from monitoring.alerts.sending.delivery import deliver_due
from monitoring.models import Channel
from monitoring.schedules import every
from pmsite.logs import RedactingFormatter
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.book import write_stop
from tests.monitoring.alerts.conftest import TOKEN, Clock

TROUBLE = ["429", "500", "400", "drop", "reset", "html", "wrong_json", "truncated", "404"]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything any library logs, as the product's own handler would print it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(name)s %(message)s"))
    root = logging.getLogger()
    # The product keeps the second one quiet; what it would say must hold no token all the same.
    levels = {logger: logger.level for logger in (root, logging.getLogger("urllib3"))}
    root.addHandler(handler)
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    yield stream
    for logger, level in levels.items():
        logger.setLevel(level)
    root.removeHandler(handler)


def dump_without_channel_urls() -> str:
    """The whole database as JSON, the one column emptied that may hold the address."""
    Channel.objects.update(url="")
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", TROUBLE)
def test_token_is_neither_logged_nor_stored_whatever_discord_answers(
    kind: str, channel: Channel, discord: DiscordServer, clock: Clock, log: io.StringIO
) -> None:
    write_stop()
    discord.plan(kind)
    deliver_due(clock=clock, sleep=clock.sleep, rng=Random(1))
    dump = dump_without_channel_urls()
    assert ("STOP" in dump, TOKEN in dump, TOKEN in log.getvalue()) == (True, False, False)
    assert "urllib3.connectionpool" in log.getvalue()  # the log was really listening


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/webhooks/1/{}", "/{}", "/hooks/{}?thread_id=1"])
def test_token_of_an_address_that_nobody_answers_is_neither_logged_nor_stored(
    path: str, channel: Channel, clock: Clock, log: io.StringIO
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        Channel.objects.update(url=f"http://127.0.0.1:{port}{path.format(TOKEN)}")
        write_stop()
        deliver_due(clock=clock, sleep=clock.sleep, rng=Random(1))
    dump = dump_without_channel_urls()
    assert ("no connection" in dump, TOKEN in dump, TOKEN in log.getvalue()) == (True, False, False)


@pytest.mark.django_db
def test_token_echoed_by_the_other_side_is_masked(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    Channel.objects.update(url=f"{discord.url}/elsewhere/{TOKEN}")
    write_stop()
    deliver_due(clock=clock, sleep=clock.sleep, rng=Random(1))
    channel.refresh_from_db()
    assert (channel.enabled, channel.disabled_reason) == (False, "404 404: Not Found")


def test_masking_reaches_words_that_quote_the_address() -> None:
    from pmsite.logs import redacted

    url = f"https://discord.com/api/webhooks/1/{TOKEN}"
    assert TOKEN not in redacted(f"bad url {url} with {TOKEN}", (url, TOKEN))


@pytest.mark.django_db
def test_error_of_a_task_is_logged_without_the_token_and_not_stored(log: io.StringIO) -> None:
    @every("deliver")
    def broken() -> None:
        raise ValueError(f"https://discord.com/api/webhooks/1/{TOKEN}")

    broken()
    text = log.getvalue()
    assert ("deliver failed" in text, "webhooks/1/***" in text, TOKEN in text) == (
        True,
        True,
        False,
    )
    assert Failure.objects.count() == 0
