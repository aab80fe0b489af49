from __future__ import annotations

from datetime import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from monitoring.alerts.dispatch import dispatch
from monitoring.models import Channel, MonitorRun, Notification
from positions.models import JournalEntry
from tests.monitoring.alerts.book import NOON, write_stop

OLD = "https://discord.com/api/webhooks/1/old-token"
NEW = "https://discord.com/api/webhooks/2/new-token"
FORM = {
    "name": "new",
    "kind": "discord",
    "url": "",
    "enabled": "on",
    "listens": "low",
    "role_id": "",
    "fallback": "",
    "escalate_to": "",
    "escalate_minutes": "15",
    "time_zone": "UTC",
    "quiet_from": "",
    "quiet_to": "",
    "digest_at": "",
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return Channel.objects.create(name="phone", url=OLD)


def save(client: Client, channel: Channel, **values: str) -> None:
    """Posts the change form as a person would; `channel` is read again."""
    form = FORM | {"name": channel.name} | values
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
        form = FORM | {"url": NEW, "role_id": "5"}
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
            {"kind": "apprise"},
            {"kind": "apprise", "url": "ntfys://10.0.0.1/topic"},
            {"kind": "apprise", "url": "file:///etc/passwd"},
            {"kind": "apprise", "url": "json://127.0.0.1:9/x"},
            {"kind": "apprise", "url": "ntfy://topic", "role_id": "5"},
            {"kind": "discord", "url": "ntfy://topic"},
            {"quiet_from": "22:00"},
            {"quiet_to": "07:00"},
            {"quiet_from": "07:00", "quiet_to": "07:00"},
            {"time_zone": "Mars/Base"},
            {"time_zone": ""},
            {"fallback": "77"},
            {"escalate_minutes": "10081"},
        ],
    )
    def test_what_could_never_work_is_refused(
        self, admin_client: Client, values: dict[str, str]
    ) -> None:
        answer = admin_client.post("/admin/monitoring/channel/add/", FORM | {"url": NEW} | values)
        assert (answer.status_code, Channel.objects.count()) == (200, 0)

    def test_apprise_address_is_added_and_shown_masked(
        self, admin_client: Client, db: None
    ) -> None:
        form = FORM | {"kind": "apprise", "url": "ntfy://secret-topic", "listens": "high"}
        admin_client.post("/admin/monitoring/channel/add/", form)
        row = Channel.objects.get()
        assert (row.kind, row.url, row.listens) == ("apprise", "ntfy://secret-topic", "high")
        for page in ("", f"{row.pk}/change/"):
            shown = admin_client.get(f"/admin/monitoring/channel/{page}").content
            assert (b"secret-topic" in shown, "ntfy://…".encode() in shown) == (False, True)

    def test_address_of_another_channel_is_refused(
        self, admin_client: Client, channel: Channel
    ) -> None:
        admin_client.post("/admin/monitoring/channel/add/", FORM | {"url": OLD})
        assert Channel.objects.count() == 1

    def test_way_of_fallbacks_that_leads_back_is_refused(
        self, admin_client: Client, channel: Channel
    ) -> None:
        second = Channel.objects.create(name="second", url=NEW, fallback=channel)
        for other in (channel, second):
            form = FORM | {"name": "phone", "fallback": str(other.pk)}
            answer = admin_client.post(f"/admin/monitoring/channel/{channel.pk}/change/", form)
            assert answer.status_code == 200
        channel.refresh_from_db()
        assert channel.fallback is None

    def test_routing_and_hours_are_kept(self, admin_client: Client, channel: Channel) -> None:
        second = Channel.objects.create(name="second", url=NEW)
        save(
            admin_client,
            channel,
            fallback=str(second.pk),
            escalate_to=str(second.pk),
            escalate_minutes="5",
            time_zone="Europe/Berlin",
            quiet_from="22:00",
            quiet_to="07:00",
        )
        hours = (channel.time_zone, channel.quiet_from, channel.quiet_to)
        assert (channel.fallback, channel.escalate_to, channel.escalate_minutes) == (
            second,
            second,
            5,
        )
        assert hours == ("Europe/Berlin", time(22), time(7))

    @pytest.mark.parametrize(("at", "today"), [("00:00", True), ("23:59", False)])
    def test_daily_digest_begins_with_the_next(
        self, admin_client: Client, channel: Channel, at: str, today: bool
    ) -> None:
        now = timezone.now()
        if now.strftime("%H:%M") == "23:59":
            pytest.skip("the one minute of the day in which both are past")
        save(admin_client, channel, digest_at=at)
        assert channel.digested_on == (now.date() if today else None)

    def test_saving_something_else_sends_no_second_digest(
        self, admin_client: Client, channel: Channel
    ) -> None:
        Channel.objects.update(digest_at=time(8), digested_on=NOON.date())
        save(admin_client, channel, digest_at="08:00", role_id="5")
        assert channel.digested_on == NOON.date()

    def test_refused_address_is_not_sent_back(self, admin_client: Client) -> None:
        form = FORM | {"url": "http://h/secret-part"}
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
