from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from monitoring.alerts.dispatch import dispatch
from monitoring.models import Alarm, Silence
from positions.models import JournalEntry, Strategy
from positions.roles import OPERATOR, VIEWER, ensure_roles, give_role
from tests.monitoring.alerts.book import position, write

pytestmark = pytest.mark.django_db
ALARMS, SILENCES = "/admin/monitoring/alarm/", "/admin/monitoring/silence/"


@pytest.fixture
def alarm() -> Alarm:
    write("unarmed", urgency="critical", rule="stop_loss", position=position(), at=timezone.now())
    dispatch(now=timezone.now())
    return Alarm.objects.get()


def as_role(client: Client, role: str) -> Client:
    ensure_roles()
    user = User.objects.create_user(role, password="x")
    give_role(user, role)
    client.force_login(user)
    return client


def act(client: Client, path: str, action: str, pk: int) -> None:
    client.post(path, {"action": action, "_selected_action": [pk]}, follow=True)


class TestAlarms:
    def test_are_only_read(self, admin_client: Client, alarm: Alarm) -> None:
        assert admin_client.get(ALARMS).status_code == 200
        assert admin_client.get(f"{ALARMS}{alarm.pk}/change/").status_code == 200
        assert admin_client.post(f"{ALARMS}{alarm.pk}/change/", {}).status_code == 403
        assert admin_client.get(f"{ALARMS}add/").status_code == 403

    def test_operator_acknowledges_and_takes_it_back(self, client: Client, alarm: Alarm) -> None:
        as_role(client, OPERATOR)
        act(client, ALARMS, "take_note", alarm.pk)
        alarm.refresh_from_db()
        assert alarm.acknowledged_by == OPERATOR
        act(client, ALARMS, "take_back", alarm.pk)
        alarm.refresh_from_db()
        assert alarm.acknowledged_at is None

    def test_viewer_sees_and_cannot_acknowledge(self, client: Client, alarm: Alarm) -> None:
        as_role(client, VIEWER)
        assert client.get(ALARMS).status_code == 200
        act(client, ALARMS, "take_note", alarm.pk)
        alarm.refresh_from_db()
        assert alarm.acknowledged_at is None

    def test_what_is_over_is_refused_in_words(self, admin_client: Client, alarm: Alarm) -> None:
        Alarm.objects.update(resolved_at=timezone.now())
        form = {"action": "take_note", "_selected_action": [alarm.pk]}
        answer = admin_client.post(ALARMS, form, follow=True)
        assert [str(message) for message in answer.context["messages"]] == [
            "This is over already: there is nothing left to take note of."
        ]


class TestSilences:
    def add(self, client: Client, hours: int = 2, **values: object) -> int:
        until = timezone.now() + timedelta(hours=hours)
        form = {
            "until_0": f"{until:%Y-%m-%d}",
            "until_1": f"{until:%H:%M:%S}",
            "reason": "holiday",
            "position": "",
            "strategy": "",
            "rule": "",
            "kind": "",
        }
        return client.post(f"{SILENCES}add/", form | values).status_code

    def test_operator_makes_one_through_the_journal_and_ends_it(self, client: Client) -> None:
        as_role(client, OPERATOR)
        plan = Strategy.objects.create(name="news")
        assert client.get(f"{SILENCES}add/").status_code == 200
        assert self.add(client, strategy=plan.pk, kind="unpriced") == 302
        made = Silence.objects.get()
        assert (made.strategy, made.kind, made.reason, made.created_by) == (
            plan,
            "unpriced",
            "holiday",
            OPERATOR,
        )
        act(client, SILENCES, "end", made.pk)
        made.refresh_from_db()
        assert made.ended_by == OPERATOR
        kinds = JournalEntry.objects.order_by("pk").values_list("kind", flat=True)
        assert list(kinds) == ["silenced", "silence_ended"]

    def test_one_that_is_over_already_is_refused(self, admin_client: Client) -> None:
        assert self.add(admin_client, hours=-2) == 200
        assert not Silence.objects.exists()

    def test_is_never_edited(self, admin_client: Client) -> None:
        assert self.add(admin_client) == 302
        path = f"{SILENCES}{Silence.objects.get().pk}/change/"
        assert admin_client.get(SILENCES).status_code == 200
        assert admin_client.get(path).status_code == 200
        assert admin_client.post(path, {}).status_code == 403

    def test_viewer_makes_none(self, client: Client) -> None:
        assert self.add(as_role(client, VIEWER)) == 403
