"""Pages of the history, counts, and what stands above them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.models import Channel, Notification, Silence
from monitoring.selectors import alerts
from monitoring.selectors.alerts import Wanted, wanted
from tests.telling import HOOK, notify, raise_alarm, write
from tests.website import hold

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
State = Notification.State


@pytest.fixture
def discord() -> Channel:
    return Channel.objects.create(name="discord", url=HOOK.format("a"))


@pytest.fixture
def phone() -> Channel:
    return Channel.objects.create(name="phone", url=HOOK.format("b"))


def titles(asked: Wanted) -> list[str]:
    """The last word of each first line of the page."""
    return [one.title.split()[-1] for one in alerts.page(asked, NOON)[0]]


def tell(channel: Channel, name: str, **values: object) -> Notification:
    return notify(write("priced", f"price of {name}", at=NOON), channel, **values)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, Wanted()),
        ({"show": "failed", "q": " fed  cuts "}, Wanted(show="failed", text="fed cuts")),
        ({"show": "everything", "position": "x", "before": "-1"}, Wanted()),
        ({"position": "12", "before": "9" * 19}, Wanted(position=12)),
        ({"position": "٣", "q": "\0", "channel": "a\0"}, Wanted(channel="a")),
        ({"q": "x" * 500}, Wanted(text="x" * 100)),
        ({"digest": "7", "alone": "1"}, Wanted(digest=7)),
    ],
)
def test_nonsense_in_the_address_asks_for_nothing(query: dict[str, str], expected: Wanted) -> None:
    assert wanted(query) == expected


def test_one_entry_is_one_row_with_its_channels(discord: Channel, phone: Channel) -> None:
    entry = write("priced", "price of fed", at=NOON)
    notify(entry, discord)
    notify(entry, phone, state=State.FAILED)
    (one,) = alerts.page(Wanted(), NOON)[0]
    assert [line["channel"] for line in one.lines] == ["discord", "phone"]


def test_a_filter_keeps_the_other_channels_of_what_it_finds(
    discord: Channel, phone: Channel
) -> None:
    entry = write("priced", "price of fed", at=NOON)
    notify(entry, discord)
    notify(entry, phone, state=State.FAILED)
    tell(discord, "oslo")
    (one,) = alerts.page(Wanted(show="failed"), NOON)[0]
    assert len(one.lines) == 2


def test_newest_come_first_and_pages_follow_by_id(discord: Channel) -> None:
    for number in range(5):
        tell(discord, str(number))
    first, following = alerts.page(Wanted(), NOON, size=2)
    second, last = alerts.page(Wanted(before=following), NOON, size=3)
    assert [one.title[-1] for one in first + second] == ["4", "3", "2", "1", "0"]
    assert last is None


def test_counts_are_of_entries_by_state(discord: Channel, phone: Channel) -> None:
    entry = write("priced", "price of fed", at=NOON)
    notify(entry, discord)
    notify(entry, phone, state=State.FAILED)
    tell(discord, "oslo", state=State.SUPPRESSED)
    tell(discord, "rome", state=State.PENDING)
    assert alerts.counts(Wanted()) == {
        "": 3,
        "failed": 1,
        "waiting": 1,
        "suppressed": 1,
        "delivered": 1,
        "collapsed": 0,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oslo", ["oslo"]),
        ("PRICE rome", ["rome"]),
        ("phone", ["rome"]),
        ("429", ["oslo"]),
        ("100%", []),
    ],
)
def test_search_looks_at_words_channels_and_answers(
    discord: Channel, phone: Channel, text: str, expected: list[str]
) -> None:
    tell(discord, "oslo", error="429 Too Many Requests")
    tell(phone, "rome")
    assert titles(Wanted(text=text)) == expected


def test_search_counts_what_it_finds(discord: Channel) -> None:
    tell(discord, "oslo")
    tell(discord, "rome")
    assert alerts.counts(Wanted(text="oslo"))[""] == 1


def test_position_channel_and_digest_narrow(discord: Channel, phone: Channel) -> None:
    position = hold("fed", bid=None)
    notify(write("priced", "price of fed", position, at=NOON, data={"question": ""}), discord)
    digest = tell(phone, "night")
    tell(phone, "oslo", state=State.COLLAPSED, digest=digest)
    assert titles(Wanted(position=position.pk)) == ["fed"]
    assert titles(Wanted(channel="phone")) == ["oslo", "night"]
    assert titles(Wanted(digest=digest.pk)) == ["oslo", "night"]


def test_digest_says_of_how_many_it_tells(discord: Channel) -> None:
    digest = tell(discord, "night")
    for number in range(3):
        tell(discord, str(number), state=State.COLLAPSED, digest=digest)
    found = {one.id: one.lines[0]["tells"] for one in alerts.page(Wanted(), NOON)[0]}
    assert found[digest.entry_id] == 3
    assert sorted(found.values()) == [0, 0, 0, 3]


def test_what_a_failed_digest_told_of_is_not_listed_beside_it(discord: Channel) -> None:
    digest = tell(discord, "night", state=State.FAILED)
    tell(discord, "oslo", state=State.FAILED, digest=digest)
    gone = Wanted(show="failed", alone=True)
    assert (titles(gone), alerts.failed_count(gone)) == (["night"], 1)
    assert titles(Wanted(show="failed")) == ["oslo", "night"]


def test_unacknowledged_alarms_come_first_and_resolved_ones_not(discord: Channel) -> None:
    names = ("old", "noted", "over", "new")
    entries = [write("unpriced", name, at=NOON) for name in names]
    for number, (name, entry) in enumerate(zip(names, entries, strict=True)):
        raise_alarm(
            entry,
            name,
            raised_at=NOON + timedelta(minutes=number),
            acknowledged_at=NOON if name == "noted" else None,
            resolved_at=NOON if name == "over" else None,
        )
    found, count = alerts.alarms(Wanted(), (), NOON)
    assert ([one.alarm.key for one in found], count) == (["new", "old", "noted"], 3)


def test_alarms_beyond_the_list_are_counted() -> None:
    entry = write("unpriced", "x", at=NOON)
    for number in range(alerts.MOST_ALARMS + 3):
        raise_alarm(entry, f"unpriced:{number}")
    found, count = alerts.alarms(Wanted(), (), NOON)
    assert (len(found), count) == (alerts.MOST_ALARMS, alerts.MOST_ALARMS + 3)


def test_running_silences_are_listed_by_their_end() -> None:
    for minutes, ended in ((90, None), (30, None), (60, NOON), (-5, None)):
        Silence.objects.create(
            until=NOON + timedelta(minutes=minutes), created_at=NOON, ended_at=ended
        )
    ends = [silence.until - NOON for silence in alerts.silences(NOON)]
    assert ends == [timedelta(minutes=30), timedelta(minutes=90)]


def test_channels_tell_their_queue_and_last_delivery(discord: Channel, phone: Channel) -> None:
    tell(discord, "oslo")
    tell(discord, "rome", state=State.PENDING)
    found = [(way.channel.name, way.waiting, way.at) for way in alerts.channels(NOON)]
    assert found == [("discord", 1, NOON + timedelta(seconds=0.4)), ("phone", 0, None)]


def test_troubles_are_recent_failures_and_channels_that_an_error_switched_off(
    discord: Channel,
) -> None:
    tell(discord, "new", state=State.FAILED, failed_at=datetime.now(UTC))
    tell(discord, "old", state=State.FAILED, failed_at=datetime.now(UTC) - timedelta(days=4))
    for name, reason in (("dead", "404"), ("rested", "")):
        Channel.objects.create(
            name=name, url=HOOK.format(name), enabled=False, disabled_reason=reason
        )
    assert alerts.troubles() == (1, ["dead"])


def test_asked_position_is_the_first_to_be_silenced() -> None:
    first, second = hold("first", bid=None), hold("second", bid=None)
    raise_alarm(write("unpriced", "x", first, at=NOON), f"unpriced:{first.pk}")
    assert [one.pk for one in alerts.to_silence(Wanted())[1]] == [first.pk, second.pk]
    asked = alerts.to_silence(Wanted(position=second.pk))[1]
    assert [one.pk for one in asked] == [second.pk, first.pk]


def test_a_page_costs_the_same_queries_whatever_the_number_of_rows(
    discord: Channel, phone: Channel
) -> None:
    costs = []
    for size in (1, 30):
        for number in range(size):
            entry = write("priced", "x", hold(f"{size}-{number}", bid=None), at=NOON)
            notify(entry, discord)
            notify(entry, phone, state=State.FAILED)
        with CaptureQueriesContext(connection) as seen:
            alerts.page(Wanted(), NOON)
            alerts.counts(Wanted())
            alerts.channels(NOON)
        costs.append(len(seen))
    assert costs[0] == costs[1]
