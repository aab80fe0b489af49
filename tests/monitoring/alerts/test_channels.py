from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from monitoring.alerts.channels import disable, ensure_env_channel, shown
from monitoring.models import Channel
from positions.models import JournalEntry
from tests.monitoring.alerts.book import NOON

OLD = "https://discord.com/api/webhooks/1/old"
NEW = "https://discord.com/api/webhooks/2/new"


def stored() -> list[tuple[str, str, bool, str]]:
    rows = Channel.objects.order_by("name")
    return list(rows.values_list("name", "url", "enabled", "disabled_reason"))


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestEnsureEnvChannel:
    def test_without_the_variable_there_is_none(self, settings: Settings) -> None:
        settings.DISCORD_WEBHOOK_URL = ""
        assert (ensure_env_channel(), stored()) == (None, [])

    def test_makes_it_once(self, settings: Settings) -> None:
        settings.DISCORD_WEBHOOK_URL = OLD
        ensure_env_channel()
        ensure_env_channel()
        assert stored() == [("discord", OLD, True, "")]

    def test_same_address_stays_off(self, settings: Settings) -> None:
        settings.DISCORD_WEBHOOK_URL = OLD
        ensure_env_channel()
        Channel.objects.update(enabled=False, disabled_reason="404")
        ensure_env_channel()
        assert stored() == [("discord", OLD, False, "404")]

    def test_new_address_is_switched_on(self, settings: Settings) -> None:
        settings.DISCORD_WEBHOOK_URL = OLD
        ensure_env_channel()
        Channel.objects.update(enabled=False, disabled_reason="404", role_id="5")
        settings.DISCORD_WEBHOOK_URL = NEW
        ensure_env_channel()
        assert stored() == [("discord", NEW, True, "")]
        assert Channel.objects.get().role_id == "5"

    def test_leaves_other_channels_alone(self, settings: Settings) -> None:
        Channel.objects.create(name="phone", url=OLD, enabled=False)
        settings.DISCORD_WEBHOOK_URL = NEW
        ensure_env_channel()
        assert stored() == [("discord", NEW, True, ""), ("phone", OLD, False, "")]


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestDisable:
    def test_is_told_once(self) -> None:
        channel = Channel.objects.create(name="a", url=OLD)
        assert [disable(channel, "404 gone", now=NOON), disable(channel, "404", now=NOON)] == [
            True,
            False,
        ]
        assert stored() == [("a", OLD, False, "404 gone")]
        assert [entry.text for entry in JournalEntry.objects.all()] == [
            "alerts to the channel “a” have stopped: 404 gone"
        ]

    def test_spares_an_address_that_was_put_in_meanwhile(self) -> None:
        channel = Channel.objects.create(name="a", url=OLD)
        Channel.objects.update(url=NEW)
        assert disable(channel, "404", now=NOON) is False
        assert stored() == [("a", NEW, True, "")]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (OLD, "https://discord.com/api/webhooks/1/…"),
        ("http://user:password@127.0.0.1:81/a/b?thread_id=3", "http://127.0.0.1/a/…"),
        ("https://h/token", "https://h/…"),
        ("token", "…"),
        ("http://[bad/token", "…"),
        ("tgram://token/chat", "tgram://…"),
        ("ntfys://push.example.org/topic", "ntfys://…"),
        ("mailtos://user:password@example.org", "mailtos://…"),
    ],
)
def test_shown_address_ends_before_its_token(url: str, expected: str) -> None:
    assert shown(url) == expected
