"""django-q2's tables in the admin: what they name is run as code, so nobody writes them there."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule

from tests.website import member

pytestmark = pytest.mark.django_db
NEW = {
    "name": "mine",
    "func": "os.system",
    "args": "('true',)",
    "schedule_type": "O",
    "repeats": "-1",
    "next_run_0": "2026-01-01",
    "next_run_1": "00:00:00",
}


@pytest.fixture
def owner() -> Client:
    return member("alice")


@pytest.fixture
def schedule() -> Schedule:
    return Schedule.objects.create(name="monitor", func="monitoring.tasks.monitor")


@pytest.fixture
def failure() -> Failure:
    now = timezone.now()
    given = {"func": "os.getpid", "result": "it broke", "success": False}
    return Failure.objects.create(id="f1", name="f1", started=now, stopped=now, **given)


def test_no_schedule_is_made_changed_or_removed_by_hand(owner: Client, schedule: Schedule) -> None:
    place = "/admin/django_q/schedule/"
    row = f"{place}{schedule.pk}/"
    deeds = [(f"{place}add/", NEW), (f"{row}change/", NEW), (f"{row}delete/", {"post": "yes"})]
    codes = [owner.post(path, form).status_code for path, form in deeds]
    assert (codes, owner.get(place).status_code) == ([403, 403, 403], 200)
    assert list(Schedule.objects.values_list("name", "func")) == [
        ("monitor", "monitoring.tasks.monitor")
    ]


def test_failed_run_is_read_and_not_run_again_by_hand(owner: Client, failure: Failure) -> None:
    form = {"action": "resubmit_task", "_selected_action": failure.pk}
    owner.post("/admin/django_q/failure/", form)
    page = owner.get("/admin/django_q/failure/").content.decode()
    assert ("it broke" in page, OrmQ.objects.count(), Failure.objects.count()) == (True, 0, 1)


@pytest.mark.parametrize("model", ["ormq", "success"])
def test_the_queue_itself_has_no_page(owner: Client, model: str) -> None:
    assert owner.get(f"/admin/django_q/{model}/").status_code == 404
