"""The web process's lookout: begins and ends with the server, survives what happens to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from monitoring.heartbeat import STARTED, WATCHMAN, WORKER, beat
from monitoring.lifespan import Lookout, lifespan
from monitoring.models import Channel, Heartbeat, MonitorRun
from positions.models import JournalEntry
from tests.fakes.discord import DiscordServer
from tests.servers import wait_until


def served(new: Callable[[], Lookout]) -> ApplicationCommunicator:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await lifespan(scope, receive, send, new)

    return ApplicationCommunicator(application, {"type": "lifespan"})


async def said(server: ApplicationCommunicator, event: str) -> str:
    await server.send_input({"type": f"lifespan.{event}"})
    return str((await server.receive_output(timeout=5))["type"])


async def test_lookout_that_hangs_keeps_the_server_neither_from_starting_nor_stopping() -> None:
    let_go, reached = threading.Event(), threading.Event()

    def hang() -> datetime:
        reached.set()
        let_go.wait(30)
        raise AssertionError("the look goes no further")

    lookout = Lookout(every=0.01, clock=hang)
    server = served(lambda: lookout)
    began = time.monotonic()
    assert await said(server, "startup") == "lifespan.startup.complete"
    assert reached.wait(5)
    assert lookout.daemon
    assert await said(server, "shutdown") == "lifespan.shutdown.complete"
    await server.wait(timeout=5)
    assert time.monotonic() - began < 2
    let_go.set()
    lookout.join(5)
    assert not lookout.is_alive()


async def test_server_that_never_started_can_be_stopped() -> None:
    server = served(lambda: pytest.fail("nothing is to be looked at"))
    assert await said(server, "shutdown") == "lifespan.shutdown.complete"


async def test_application_serves_the_lifespan() -> None:
    from pmsite.asgi import application

    server = ApplicationCommunicator(application, {"type": "lifespan"})
    assert await said(server, "shutdown") == "lifespan.shutdown.complete"


@pytest.mark.django_db(transaction=True)
class TestLookout:
    def running(self) -> Lookout:
        lookout = Lookout(every=0.05)
        lookout.start()
        return lookout

    def late(self) -> None:
        """A worker that died two minutes ago, and the house was started after that."""
        now = timezone.now()
        then = now - timedelta(minutes=2)
        MonitorRun.objects.create(state="complete", started_at=then, finished_at=then)
        for name, at in ((STARTED, now - timedelta(minutes=1)), (WORKER, then), (WATCHMAN, now)):
            beat(name, at=at)

    def test_it_tells_and_delivers_what_the_worker_cannot(self, settings: Settings) -> None:
        settings.WEBHOOK_ALLOWED_HOSTS = ("127.0.0.1",)
        self.late()
        with DiscordServer() as discord:
            Channel.objects.create(name="discord", url=discord.webhook_url())
            lookout = self.running()
            try:
                wait_until(discord.sent, seconds=10, what="the alert")
            finally:
                lookout.leave()
                lookout.join(10)
        assert list(JournalEntry.objects.values_list("kind", flat=True)) == ["watch_late"]
        assert "No check has been complete for" in str(discord.sent()[0]["payload"])

    def test_database_that_goes_away_is_waited_for(self, caplog: pytest.LogCaptureFixture) -> None:
        rename = "ALTER TABLE {} RENAME TO {}"
        with connection.cursor() as cursor:
            cursor.execute(rename.format("monitoring_heartbeat", "elsewhere"))
        lookout = self.running()
        try:
            wait_until(
                lambda: "waits for the database" in caplog.text, seconds=5, what="the warning"
            )
            time.sleep(0.3)
        finally:
            with connection.cursor() as cursor:
                cursor.execute(rename.format("elsewhere", "monitoring_heartbeat"))
        try:
            wait_until(Heartbeat.objects.filter(name="watchman").exists, seconds=10, what="a look")
        finally:
            lookout.leave()
            lookout.join(10)
        assert caplog.text.count("waits for the database") == 1
