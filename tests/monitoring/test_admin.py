from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from monitoring.alerts.dispatch import dispatch
from monitoring.models import Channel, MonitorRun, Notification
from positions.models import JournalEntry
from tests.monitoring.alerts.book import NOON, write_stop

OLD = "https://discord.com/api/webhooks/1/old-token"
NEW = "https://discord.com/api/webhooks/2/new-token"
pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return Channel.objects.create(name="phone", url=OLD)


def save(client: Client, channel: Channel, **values: str) -> None:
    """Posts the change form as a person would; `channel` is read again."""
    form = {"name": channel.name, "kind": "discord", "url": "", "enabled": "on", "role_id": ""}
    form |= values
    if not form["enabled"]:
        del form["enabled"]
    path = f"/admin/monitoring/channel/{channel.pk}/change/"
    assert client.post(path, form).status_code == 302
    channel.refresh_from_db()


class TestChannel:
    @pytest.mark.parametrize("page", ["", "{}/change/", "{}/history/", "{}/delete/"])
    def test_page_never_holds_the_token(
        self, admin_client: Client, channel: Channel, page: str
    ) -> None:
        answer = admin_client.get(f"/admin/monitoring/channel/{page.format(channel.pk)}")
        assert (answer.status_code, b"old-token" in answer.content) == (200, False)

    def test_list_shows_where_it_leads_without_the_token(
        self, admin_client: Client, channel: Channel
    ) -> None:
        answer = admin_client.get("/admin/monitoring/channel/")
        assert "https://discord.com/api/webhooks/1/…" in answer.content.decode()

    def test_is_added_with_its_address(self, admin_client: Client, db: None) -> None:
        form = {"name": "new", "kind": "discord", "url": NEW, "enabled": "on", "role_id": "5"}
        admin_client.post("/admin/monitoring/channel/add/", form)
        row = Channel.objects.get()
        assert (row.name, row.url, row.role_id) == ("new", NEW, "5")

    @pytest.mark.parametrize(
        "values",
        [
            {"url": ""},
            {"url": "http://127.0.0.1/x"},
            {"url": "https://evil.example/api/webhooks/1/t"},
            {"role_id": "everyone"},
        ],
    )
    def test_what_could_never_work_is_refused(
        self, admin_client: Client, values: dict[str, str]
    ) -> None:
        form = {"name": "new", "kind": "discord", "url": NEW, "enabled": "on", "role_id": ""}
        answer = admin_client.post("/admin/monitoring/channel/add/", form | values)
        assert (answer.status_code, Channel.objects.count()) == (200, 0)

    def test_refused_address_is_not_sent_back(self, admin_client: Client) -> None:
        form = {"name": "new", "kind": "discord", "url": "http://h/secret-part", "role_id": ""}
        answer = admin_client.post("/admin/monitoring/channel/add/", form)
        assert b"secret-part" not in answer.content

    def test_empty_address_keeps_the_stored_one(
        self, admin_client: Client, channel: Channel
    ) -> None:
        save(admin_client, channel, role_id="5")
        assert (channel.url, channel.role_id) == (OLD, "5")

    def test_new_address_brings_a_dead_channel_back(
        self, admin_client: Client, channel: Channel
    ) -> None:
        Channel.objects.update(enabled=False, disabled_reason="404", not_before=NOON)
        save(admin_client, channel, url=NEW)
        row = (channel.url, channel.enabled, channel.disabled_reason, channel.not_before)
        assert row == (NEW, True, "", None)

    def test_switched_off_by_hand_has_no_reason(
        self, admin_client: Client, channel: Channel
    ) -> None:
        save(admin_client, channel, enabled="")
        assert (channel.enabled, channel.disabled_reason) == (False, "")

    def test_save_leaves_the_sender_s_columns_alone(
        self, admin_client: Client, channel: Channel
    ) -> None:
        Channel.objects.update(lease_holder="sender", lease_until=NOON, not_before=NOON)
        save(admin_client, channel, role_id="5")
        assert (channel.lease_holder, channel.not_before) == ("sender", NOON)

    def test_goes_with_its_notifications(self, admin_client: Client, channel: Channel) -> None:
        write_stop()
        dispatch(now=NOON)
        path = f"/admin/monitoring/channel/{channel.pk}/delete/"
        admin_client.post(path, {"post": "yes"})
        assert (Channel.objects.count(), Notification.objects.count()) == (0, 0)

    def test_action_records_a_test_for_the_chosen_ones_that_are_on(
        self, admin_client: Client, admin_user: User, channel: Channel
    ) -> None:
        off = Channel.objects.create(name="off", url=OLD, enabled=False)
        form = {"action": "send_test", "_selected_action": [channel.pk, off.pk]}
        answer = admin_client.post("/admin/monitoring/channel/", form, follow=True)
        rows = JournalEntry.objects.values_list("kind", "actor", "data")
        assert list(rows) == [("test", admin_user.username, {"channel": "phone"})]
        assert [str(message) for message in answer.context["messages"]] == [
            "Channels that are off get no test: switch them on first.",
            "A test alert is on its way; Notifications shows what became of it.",
        ]


@pytest.mark.parametrize("name", ["notification", "monitorrun", "trigger"])
def test_what_the_machine_wrote_is_only_read(
    admin_client: Client, channel: Channel, name: str
) -> None:
    write_stop()
    dispatch(now=NOON)
    MonitorRun.objects.create(started_at=NOON)
    path = f"/admin/monitoring/{name}/"
    assert admin_client.get(path).status_code == 200
    assert admin_client.get(f"{path}add/").status_code == 403


def test_notification_shows_its_state_and_cannot_be_changed(
    admin_client: Client, channel: Channel
) -> None:
    write_stop()
    dispatch(now=NOON)
    path = f"/admin/monitoring/notification/{Notification.objects.get().pk}/change/"
    page = admin_client.get(path)
    assert (page.status_code, b"Waiting" in page.content) == (200, True)
    assert admin_client.post(path, {}).status_code == 403
