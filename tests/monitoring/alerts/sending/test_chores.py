from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from monitoring.alerts.sending.chores import JOBS, chores
from monitoring.models import Channel
from tests.fakes.discord import DiscordServer
from tests.monitoring.alerts.book import NOON
from tests.monitoring.alerts.conftest import Clock
from tests.monitoring.alerts.post import run

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


class Job:
    """Notes its turns, and fails at each where it is told to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.turns: list[datetime] = []

    def __call__(self, *, now: datetime) -> None:
        self.turns.append(now)
        if self.fails:
            raise ValueError


def test_jobs_have_their_turn_every_ten_seconds() -> None:
    job = Job()
    times = [NOON + timedelta(seconds=seconds) for seconds in range(0, 31, 2)]
    done = [at for at in times if chores(now=at, jobs=[job])]
    assert [(at - NOON).total_seconds() for at in job.turns] == [0, 10, 20, 30]
    assert done == job.turns


def test_job_that_fails_does_not_keep_the_next_from_its_turn() -> None:
    first, second = Job(fails=True), Job()
    assert chores(now=NOON, jobs=[first, second])
    assert (first.turns, second.turns) == ([NOON], [NOON])


def test_clock_that_was_set_back_does_not_stop_them() -> None:
    job = Job()
    chores(now=NOON, jobs=[job])
    chores(now=NOON - timedelta(hours=1), jobs=[job])
    assert len(job.turns) == 2


@pytest.mark.django_db(transaction=True)
def test_several_processes_take_one_turn() -> None:
    job = Job()
    chores(now=NOON, jobs=[])

    def work(_number: int) -> bool:
        try:
            return chores(now=NOON + timedelta(seconds=10), jobs=[job])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 1
    assert len(job.turns) == 1


def test_upkeep_digests_failures_and_fallbacks_are_looked_after_while_alerts_are_sent(
    channel: Channel, discord: DiscordServer, clock: Clock
) -> None:
    names = [getattr(job, "__name__", "") for job in JOBS]
    assert names == ["upkeep", "daily", "tell_failures", "fall_back"]
    run(clock)
    assert chores(now=clock(), jobs=[]) is False
