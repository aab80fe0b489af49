from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from monitoring.heartbeat import WORKER, beat
from monitoring.metrics import exposition
from monitoring.models import Channel, MonitorRun, Notification, Source, Trigger
from positions.models import ApiToken, Exit, Quote
from positions.tokens import digest_of, new_token
from tests.installation import NewInstallation
from tests.monitoring.alerts.book import write_stop
from tests.website import checked, hold

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]
Labels = tuple[tuple[str, str], ...]


def figures(text: str) -> dict[tuple[str, Labels], float]:
    """{(name, labels): value} of an answer; everything in it has a help and our prefix."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert (family.name[:3], bool(family.documentation)) == ("pm_", True)
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def value(text: str, name: str, **labels: str) -> float | None:
    """One figure, None where it has no line."""
    return figures(text).get((name, tuple(sorted(labels.items()))))


def now_text() -> str:
    return exposition(timezone.now(), clients=3).decode()


def key(**values: object) -> str:
    """A token of bob's, who may only look."""
    token = new_token()
    user = User.objects.create_user("bob", is_active=bool(values.pop("active", True)))
    ApiToken.objects.create(name="scraper", user=user, digest=digest_of(token), **values)
    return token


class TestWhoMayAsk:
    def test_stranger_is_told_what_to_send(self, client: Client) -> None:
        answer = client.get("/metrics")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        assert "API token" in answer.content.decode()
        assert "pm_" not in answer.content.decode()

    def test_signed_in_person_is_answered(self, client: Client) -> None:
        client.force_login(User.objects.create_user("alice"))
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert answer["Cache-Control"].find("no-store") >= 0

    def test_token_is_answered_and_its_use_noted(self, client: Client) -> None:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {key()}"})
        assert answer.status_code == 200
        assert ApiToken.objects.get().used_at is not None

    @pytest.mark.parametrize("values", [{"enabled": False}, {"active": False}])
    def test_token_that_is_off_is_refused(self, client: Client, values: dict[str, bool]) -> None:
        header = {"Authorization": f"Bearer {key(**values)}"}
        assert client.get("/metrics", headers=header).status_code == 401

    def test_wrong_token_is_refused_though_somebody_is_signed_in(self, client: Client) -> None:
        client.force_login(User.objects.create_user("alice"))
        header = {"Authorization": "Bearer pm_wrong"}
        assert client.get("/metrics", headers=header).status_code == 401

    def test_only_reading_is_answered(self, client: Client) -> None:
        assert client.post("/metrics").status_code == 405


class TestFigures:
    def test_empty_house_has_no_ages_and_no_zeros_that_lie(self) -> None:
        text = now_text()
        ages = ("pm_last_pass_age_seconds", "pm_pass_duration_seconds", "pm_price_age_seconds")
        assert [value(text, name) for name in ages] == [None, None, None]
        counts = ("pm_alerts_overdue", "pm_journal_entry_id", "pm_triggers_total")
        assert [value(text, name) for name in counts] == [0, 0, 0]
        assert value(text, "pm_feed_clients") == 3

    def test_passes_are_aged_timed_and_counted_by_state(self) -> None:
        checked(ago=timedelta(seconds=20), open=4, unpriced=1)
        checked(ago=timedelta(seconds=5), state="incomplete", open=4, unpriced=3)
        text = now_text()
        assert value(text, "pm_last_pass_age_seconds") == pytest.approx(20, abs=2)
        assert value(text, "pm_pass_duration_seconds") == pytest.approx(1)
        states = ("complete", "incomplete", "failed", "running")
        assert [value(text, "pm_passes", state=state) for state in states] == [1, 1, 0, 0]
        assert [value(text, f"pm_positions_{name}") for name in ("open", "unpriced")] == [4, 3]

    def test_oldest_price_counts_for_each_venue(self) -> None:
        for name, minutes in (("a", 1), ("b", 9)):
            position = hold(name, bid="0.5")
            told_at = timezone.now() - timedelta(minutes=minutes)
            Quote.objects.filter(market=position.market).update(told_at=told_at)
        text = now_text()
        assert value(text, "pm_quote_age_max_seconds", venue="sim") == pytest.approx(540, abs=2)

    def test_blind_source_is_one(self) -> None:
        now = timezone.now()
        Source.objects.create(venue="polymarket", answered_at=now, blind_since=now)
        Source.objects.create(venue="sim", answered_at=now - timedelta(seconds=7))
        text = now_text()
        blind = [value(text, "pm_source_blind", venue=name) for name in ("polymarket", "sim")]
        assert blind == [1, 0]
        age = value(text, "pm_source_answer_age_seconds", venue="sim")
        assert age == pytest.approx(7, abs=2)

    def test_exits_count_until_they_are_done(self) -> None:
        states = ("pending", "failed", "failed", "filled")
        for number, state in enumerate(states):
            Exit.objects.create(
                position=hold(f"m{number}"),
                rule="stop_loss",
                shares=Decimal(1),
                state=state,
                created_at=timezone.now(),
            )
        text = now_text()
        shown = ("pending", "working", "partial", "failed", "filled")
        assert [value(text, "pm_exits", state=one) for one in shown] == [1, 0, 0, 2, None]

    def test_triggers_are_a_counter_that_pruning_does_not_turn_back(self) -> None:
        position, now = hold("fed"), timezone.now()
        rows = [
            Trigger.objects.create(position=position, at=now, rule="stop_loss", urgency="critical")
            for _ in range(3)
        ]
        before = value(now_text(), "pm_triggers_total")
        rows[0].delete()
        assert (value(now_text(), "pm_triggers_total"), before) == (rows[2].pk, rows[2].pk)

    def test_alerts_count_by_channel_and_delivery_by_the_hour(self) -> None:
        now = timezone.now()
        channel = Channel.objects.create(name="discord")
        old = now - timedelta(hours=2)
        for at, state, took in (
            (now, "sent", 1),
            (now, "sent", 3),
            (old, "sent", 9),
            (old, "failed", 0),
            (now, "pending", 0),
        ):
            Notification.objects.create(
                entry=write_stop(),
                channel=channel,
                state=state,
                created_at=at,
                not_before=at,
                sent_at=at + timedelta(seconds=took) if took else None,
                title="t",
            )
        text = now_text()
        found = [
            value(text, "pm_notifications", channel="discord", state=state)
            for state in ("pending", "failed", "sent")
        ]
        assert found == [1, 1, 2]
        assert value(text, "pm_delivery_last_hour_count") == 2
        assert value(text, "pm_delivery_last_hour_seconds_sum") == pytest.approx(4)

    def test_worker_queue_and_troubles_are_told(self) -> None:
        beat(WORKER, at=timezone.now() - timedelta(seconds=100))
        text = now_text()
        assert value(text, "pm_beat_age_seconds", part="worker") == pytest.approx(100, abs=2)
        assert value(text, "pm_queue_tasks", state="waiting") == 0
        assert value(text, "pm_trouble", trouble="worker_silent", urgency="critical") == 1


def test_no_secret_is_told() -> None:
    Channel.objects.create(name="a", url="https://discord.com/api/webhooks/1/token-of-mine")
    assert "token-of-mine" not in now_text()


def test_nothing_is_left_in_the_process() -> None:
    now_text()
    assert [family.name for family in REGISTRY.collect() if family.name.startswith("pm_")] == []


def test_queries_do_not_grow_with_the_book() -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            now_text()
        return len(queries)

    hold("first")
    checked()
    Source.objects.create(venue="sim", answered_at=timezone.now())
    before = count()
    for number in range(20):
        hold(f"m{number}")
        checked()
    MonitorRun.objects.create(started_at=timezone.now())
    assert (count() - before, before <= 30) == (1, True)  # the lease of the pass under way


def test_database_that_does_not_answer_is_503(new_installation: NewInstallation) -> None:
    place = new_installation()
    place.prepare()
    with closing(sqlite3.connect(place.home / "db.sqlite3")) as file:
        file.execute("DROP TABLE positions_apitoken")
    code = (
        "from django.test import Client;"
        "a = Client(SERVER_NAME='localhost').get('/metrics', headers={'Authorization': 'Bearer pm_x'});"
        "print(a.status_code, a.content.decode())"
    )
    assert place.manage("shell", "-v0", "-c", code).stdout.startswith("503 The database does not")
