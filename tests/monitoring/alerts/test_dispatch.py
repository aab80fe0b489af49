from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from monitoring.alerts.dispatch import dispatch, link_of, position_of_cursor, worded
from monitoring.models import Alarm, Channel, Cursor, Notification
from positions.models import JournalEntry
from tests.monitoring.alerts.book import NOON, position, write, write_stop

URL = "https://discord.com/api/webhooks/1/token"
LATER = NOON + timedelta(seconds=2)


def make(name: str, **values: object) -> Channel:
    return Channel.objects.create(name=name, **({"url": URL} | values))


def made() -> list[tuple[int, str, str, str]]:
    rows = Notification.objects.order_by("pk").select_related("channel")
    return [(row.entry_id, row.channel.name, row.state, row.reason) for row in rows]


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestDispatch:
    def test_each_told_entry_makes_one_row_a_channel_in_order(self) -> None:
        make("a"), make("b")
        stop, fill, price = write_stop(), write("fill"), write("priced")
        assert dispatch(now=LATER) == 4
        assert [(entry, name) for entry, name, _, _ in made()] == [
            (stop.pk, "a"),
            (stop.pk, "b"),
            (price.pk, "a"),
            (price.pk, "b"),
        ]
        assert position_of_cursor() == price.pk > fill.pk

    def test_row_holds_words_link_and_times(self, settings: Settings) -> None:
        settings.SITE_URL = "https://pm.example"
        make("a")
        held = position()
        write_stop(5, position=held)
        dispatch(now=LATER)
        row = Notification.objects.get()
        assert (row.title, row.link, row.urgency, row.created_at, row.not_before) == (
            "PAPER · STOP · Question 5 · Yes 44.1¢ ≤ 45.0¢ · −$97.96",
            f"https://pm.example/positions/{held.pk}/",
            "critical",
            LATER,
            LATER,
        )

    def test_house_wide_entry_links_to_the_dashboard(self, settings: Settings) -> None:
        settings.SITE_URL = "https://pm.example"
        make("a")
        write("exits_paused")
        dispatch(now=LATER)
        assert Notification.objects.get().link == "https://pm.example/"

    @pytest.mark.parametrize("kind", ["ai_down", "ai_back"])
    def test_the_ai_s_state_links_to_the_page_that_shows_it(
        self, settings: Settings, kind: str
    ) -> None:
        settings.SITE_URL = "https://pm.example"
        make("a")
        entry = write(kind)
        assert link_of(entry) == "https://pm.example/monitor/"

    def test_again_makes_nothing(self) -> None:
        make("a")
        write_stop()
        assert [dispatch(now=LATER), dispatch(now=LATER)] == [1, 0]

    def test_more_entries_than_a_batch_are_all_looked_at(self) -> None:
        make("a")
        for number in range(7):
            write_stop(number)
        assert dispatch(now=LATER, batch=3) == 7

    def test_cursor_set_back_doubles_nothing(self) -> None:
        make("a")
        write_stop()
        dispatch(now=LATER)
        Cursor.objects.update(entry_id=0)
        dispatch(now=LATER)
        assert Notification.objects.count() == 1

    def test_without_a_channel_the_cursor_moves_on(self) -> None:
        entry = write_stop()
        assert (dispatch(now=LATER), position_of_cursor()) == (0, entry.pk)

    def test_new_channel_gets_no_old_news(self) -> None:
        write_stop()
        dispatch(now=LATER)
        make("a")
        assert dispatch(now=LATER) == 0

    def test_channel_switched_off_by_a_person_gets_nothing(self) -> None:
        make("a", enabled=False)
        write_stop()
        assert dispatch(now=LATER) == 0

    def test_alerts_of_a_channel_off_by_an_error_wait_for_the_cure(self) -> None:
        make("a", enabled=False, disabled_reason="404")
        entry = write_stop()
        dispatch(now=LATER)
        assert made() == [(entry.pk, "a", "pending", "first")]

    def test_news_of_a_dead_channel_goes_to_the_others(self) -> None:
        make("a", enabled=False, disabled_reason="404"), make("b")
        entry = write("channel_disabled", data={"channel": "a"})
        dispatch(now=LATER)
        assert made() == [(entry.pk, "b", "pending", "first")]

    @pytest.mark.parametrize(("data", "expected"), [({"channel": "b"}, ["b"]), ({}, ["a", "b"])])
    def test_test_alert_goes_to_the_named_channel_or_to_all(
        self, data: dict[str, str], expected: list[str]
    ) -> None:
        make("a"), make("b")
        write("test", data=data)
        dispatch(now=LATER)
        assert [name for _, name, _, _ in made()] == expected

    @pytest.mark.parametrize(
        ("until", "state", "reason"),
        [
            (NOON + timedelta(seconds=1), "suppressed", "muted"),
            (NOON, "pending", "first"),
            (None, "pending", "first"),
        ],
    )
    def test_mute_keeps_a_position_s_alerts_back_but_shows_them(
        self, until: datetime | None, state: str, reason: str
    ) -> None:
        make("a")
        entry = write("unpriced", urgency="high", position=position(muted_until=until))
        dispatch(now=LATER)
        assert made() == [(entry.pk, "a", state, reason)]

    def test_critical_stop_of_a_muted_position_is_told_and_says_so(self) -> None:
        make("a")
        write_stop(position=position(muted_until=NOON + timedelta(hours=1)))
        dispatch(now=LATER)
        row = Notification.objects.get()
        assert (row.state, row.reason, row.body.splitlines()[-1]) == (
            "pending",
            "despite_mute",
            "Muted until 2026-11-22 13:00 UTC, but a critical stop is always told.",
        )

    def test_crash_before_the_commit_leaves_rows_and_cursor_as_they_were(self) -> None:
        make("a")
        entry = write_stop()

        with transaction.atomic():
            made_before_the_crash = dispatch(now=LATER)
            transaction.set_rollback(True)
        assert made_before_the_crash == 1
        assert (made(), position_of_cursor()) == ([], 0)
        dispatch(now=LATER)
        assert made() == [(entry.pk, "a", "pending", "first")]


HUGE = {"question": "Q", "price": "1E+30", "pnl": "1E+400", "shares": "1E-999999", "held": "1E+30"}


@pytest.mark.django_db
@pytest.mark.both_dbs
class TestEntryThatWeStumbleOver:
    @pytest.mark.parametrize("data", [HUGE, [], "text", 5, HUGE | {"payout": "1E-50"}])
    def test_odd_data_keep_neither_it_nor_the_next_from_being_told(self, data: object) -> None:
        make("a")
        odd = write_stop()
        JournalEntry.objects.filter(pk=odd.pk).update(data=data)
        following = write_stop()
        dispatch(now=LATER)
        assert made() == [(pk, "a", "pending", "first") for pk in (odd.pk, following.pk)]

    def test_alarm_that_cannot_be_read_keeps_nothing_back(self) -> None:
        make("a")
        first = write("error", position=position(), urgency="high")
        dispatch(now=LATER)
        Alarm.objects.update(changes=["no time"])
        second = write("error", position=first.position, urgency="high")
        stop = write_stop()
        dispatch(now=LATER)
        assert [(entry, state) for entry, _, state, _ in made()][1:] == [
            (second.pk, "pending"),
            (stop.pk, "pending"),
        ]

    def test_entry_without_words_is_told_in_its_own(self) -> None:
        entry = write("exit_done", "it sold")
        assert worded(entry, lambda: (str(1 // 0), "")) == ("EXIT DONE · it sold", "it sold")


@pytest.mark.django_db(transaction=True)
@pytest.mark.both_dbs
def test_several_dispatchers_beside_a_writer_make_each_row_once() -> None:
    make("a"), make("b")
    start = Barrier(4)

    def work(task: int) -> None:
        try:
            start.wait()
            for number in range(25):
                if task == 0:
                    write_stop(number)
                else:
                    dispatch(now=LATER, batch=2)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    dispatch(now=LATER)
    entries = list(JournalEntry.objects.order_by("pk").values_list("pk", flat=True))
    assert len(entries) == 25
    assert [(entry, name) for entry, name, _, _ in made()] == [
        (entry, name) for entry in entries for name in ("a", "b")
    ]
