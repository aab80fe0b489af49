"""What operators do on the alerts page, with JavaScript and without, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from monitoring.models import Alarm, Channel, Notification, Silence
from positions.models import JournalEntry, Strategy
from tests.telling import HOOK, notify, raise_alarm, write
from tests.website import hold, member

pytestmark = pytest.mark.django_db

State = Notification.State
JSON = {"accept": "application/json"}


@pytest.fixture
def alice() -> Client:
    return member()


@pytest.fixture
def discord() -> Channel:
    return Channel.objects.create(name="discord", url=HOOK.format("a"))


@pytest.fixture
def alarm() -> Alarm:
    """A position whose price is missing."""
    position = hold("fed")
    entry = write("unpriced", "nobody bids", position, urgency="high")
    return raise_alarm(entry, f"unpriced:{position.pk}")


def post(client: Client, path: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON of an action as the page's modules ask for it."""
    answer = client.post(path, fields, headers=JSON)
    return answer.status_code, answer.json()


def plainly(client: Client, path: str, **fields: Any) -> tuple[str, str]:
    """Where a plain form leads, and the message that is shown there."""
    answer = client.post(path, fields)
    return answer["location"], str(list(get_messages(answer.wsgi_request))[-1])


def failed(channel: Channel, **values: Any) -> Notification:
    row = {"state": State.FAILED, "attempts": 9, "error": "400 Bad Request"} | values
    return notify(write("priced", "price of fed"), channel, **row)


def test_retry_queues_it_anew(alice: Client, discord: Channel) -> None:
    row = failed(discord)
    status, body = post(alice, f"/alerts/{row.pk}/retry/")
    row.refresh_from_db()
    assert (status, body["message"]) == (200, "Trying again on discord.")
    assert (row.state, row.attempts) == (State.PENDING, 0)
    assert JournalEntry.objects.get(kind="alert_retried").actor == "alice"


def test_retry_of_what_was_delivered_is_refused(alice: Client, discord: Channel) -> None:
    row = notify(write("priced", "x"), discord)
    status, body = post(alice, f"/alerts/{row.pk}/retry/")
    assert (status, body["error"]) == (
        409,
        "This alert was delivered: there is nothing to send again.",
    )
    assert post(alice, "/alerts/99999999999999999999/retry/")[0] == 409


def test_retry_all_takes_every_channel_that_is_on(alice: Client, discord: Channel) -> None:
    phone = Channel.objects.create(name="phone", url=HOOK.format("b"))
    off = Channel.objects.create(name="off", url=HOOK.format("c"), enabled=False)
    rows = [failed(discord), failed(discord), failed(phone), failed(off)]
    status, body = post(alice, "/alerts/retry/")
    assert (status, body["message"]) == (200, "Trying 3 alerts again, the oldest first.")
    states = [Notification.objects.get(pk=row.pk).state for row in rows]
    assert states == [State.PENDING, State.PENDING, State.PENDING, State.FAILED]


def test_retry_all_with_nothing_to_send_says_so(alice: Client, discord: Channel) -> None:
    failed(Channel.objects.create(name="off", url=HOOK.format("c"), enabled=False))
    status, body = post(alice, "/alerts/retry/")
    assert (status, body["error"]) == (
        409,
        "There is nothing that could be sent again; is its channel off?",
    )


def test_acknowledging_is_told_and_undone(alice: Client, alarm: Alarm) -> None:
    status, body = post(alice, f"/alerts/alarms/{alarm.pk}/acknowledge/")
    alarm.refresh_from_db()
    assert (status, alarm.acknowledged_by) == (200, "alice")
    assert body["message"] == "Acknowledged: no more reminders, and nobody else is woken."
    assert post(alice, body["undo"]["url"], **body["undo"]["fields"])[0] == 200
    alarm.refresh_from_db()
    assert (alarm.acknowledged_at, alarm.acknowledged_by) == (None, "")


@pytest.mark.parametrize("what", ["acknowledge", "unacknowledge"])
def test_what_is_over_cannot_be_acknowledged(alice: Client, alarm: Alarm, what: str) -> None:
    Alarm.objects.filter(pk=alarm.pk).update(resolved_at=timezone.now())
    assert post(alice, f"/alerts/alarms/{alarm.pk}/{what}/")[0] == 409
    assert post(alice, f"/alerts/alarms/99999999999999999999/{what}/")[0] == 409


def test_snoozing_silences_just_that_and_can_be_undone(alice: Client, alarm: Alarm) -> None:
    fields = {"for": "240", "zone": "Europe/Zurich"}
    status, body = post(alice, f"/alerts/alarms/{alarm.pk}/snooze/", **fields)
    made = Silence.objects.get()
    assert (made.position_id, made.kind, made.rule) == (alarm.position_id, "unpriced", "")
    assert abs(made.until - timezone.now() - timedelta(hours=4)) < timedelta(minutes=1)
    local = made.until.astimezone(ZoneInfo("Europe/Zurich"))
    assert status == 200
    assert body["message"].startswith(
        f"Silenced until {local:%d %b %H:%M %Z}: Will fed happen? · Yes"
    )
    assert body["message"].endswith("— No usable price. Critical stops are still told.")
    assert post(alice, body["undo"]["url"], **body["undo"]["fields"])[0] == 200
    made.refresh_from_db()
    assert (made.ended_at is not None, made.ended_by) == (True, "alice")


def test_tomorrow_is_in_the_first_channels_zone_without_a_browsers(
    alice: Client, alarm: Alarm
) -> None:
    Channel.objects.create(name="discord", url=HOOK.format("a"), time_zone="Asia/Karachi")
    post(alice, f"/alerts/alarms/{alarm.pk}/snooze/", **{"for": "tomorrow"})
    end = Silence.objects.get().until.astimezone(ZoneInfo("Asia/Karachi"))
    assert (end.hour, end.minute) == (8, 0)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Phobos", "../../etc/passwd", "America", "\0", "x" * 999]
)
def test_zone_that_is_none_is_taken_as_utc(alice: Client, alarm: Alarm, zone: str) -> None:
    fields = {"for": "tomorrow", "zone": zone}
    assert post(alice, f"/alerts/alarms/{alarm.pk}/snooze/", **fields)[0] == 200
    assert Silence.objects.get().until.hour == 8


@pytest.mark.parametrize("span", ["", "0", "-60", "10000000", "soon"])
def test_impossible_times_are_refused(alice: Client, alarm: Alarm, span: str) -> None:
    status, body = post(alice, f"/alerts/alarms/{alarm.pk}/snooze/", **{"for": span})
    assert (status, body["error"]) == (400, "Choose for how long.")
    assert Silence.objects.count() == 0


def test_silences_of_everything_a_strategy_a_position_and_a_rule(alice: Client) -> None:
    position, strategy = hold("fed"), Strategy.objects.create(name="Swing")
    wanted = [
        ("all", ""),
        (f"strategy:{strategy.pk}", ""),
        (f"position:{position.pk}", "momentum_exit"),
        ("all", "stop_loss"),
    ]
    for what, rule in wanted:
        fields = {"what": what, "rule": rule, "for": "60", "reason": " holi\0day \n"}
        assert post(alice, "/alerts/silences/", **fields)[0] == 200
    rows = Silence.objects.order_by("pk").values_list(
        "strategy", "position", "rule", "kind", "reason"
    )
    assert list(rows) == [
        (None, None, "", "", "holiday"),
        (strategy.pk, None, "", "", "holiday"),
        (None, position.pk, "momentum_exit", "", "holiday"),
        (None, None, "stop_loss", "", "holiday"),
    ]


@pytest.mark.parametrize(
    ("what", "rule", "status"),
    [
        ("", "", 400),
        ("position:x", "", 400),
        ("position:", "", 400),
        ("market:1", "", 400),
        ("position:1:2", "", 400),
        ("all", "moon", 400),
        ("position:999999", "", 409),
        ("strategy:999999", "", 409),
    ],
)
def test_silences_of_what_is_not_there_are_refused(
    alice: Client, what: str, rule: str, status: int
) -> None:
    fields = {"what": what, "rule": rule, "for": "60"}
    assert post(alice, "/alerts/silences/", **fields)[0] == status
    assert Silence.objects.count() == 0


def test_a_running_silence_is_listed_and_ended(alice: Client) -> None:
    post(alice, "/alerts/silences/", what="all", **{"for": "60"})
    made = Silence.objects.get()
    assert f"/alerts/silences/{made.pk}/end/" in alice.get("/alerts/").content.decode()
    status, body = post(alice, f"/alerts/silences/{made.pk}/end/")
    assert (status, body["message"]) == (200, "The silence has ended: Everything.")
    assert f"/alerts/silences/{made.pk}/end/" not in alice.get("/alerts/").content.decode()
    assert post(alice, "/alerts/silences/99999999999999999999/end/")[0] == 409


def test_test_alert_takes_the_way_of_all(alice: Client, discord: Channel) -> None:
    status, body = post(alice, f"/alerts/channels/{discord.pk}/test/")
    assert (status, body["message"]) == (200, "A test alert is on its way to discord.")
    entry = JournalEntry.objects.get(kind="test")
    assert (entry.actor, entry.data) == ("alice", {"channel": "discord"})


def test_channel_that_is_off_gets_no_test(alice: Client, discord: Channel) -> None:
    Channel.objects.update(enabled=False)
    status, body = post(alice, f"/alerts/channels/{discord.pk}/test/")
    assert (status, body["error"]) == (409, "This channel is off: switch it on in admin first.")
    assert post(alice, "/alerts/channels/99999999999999999999/test/")[0] == 409
    assert JournalEntry.objects.filter(kind="test").count() == 0


def test_plain_forms_lead_back_to_the_filtered_page(alice: Client, alarm: Alarm) -> None:
    query = {"query": "show=failed&q=fed+cuts"}
    back = "/alerts/?show=failed&q=fed+cuts"
    path = f"/alerts/alarms/{alarm.pk}"
    assert plainly(alice, f"{path}/acknowledge/", **query)[0] == back
    place, message = plainly(alice, f"{path}/snooze/", **query, **{"for": "15"})
    assert (place, message[:15]) == (back, "Silenced until ")
    assert plainly(alice, f"{path}/snooze/", **query) == (back, "Choose for how long.")
    assert plainly(alice, "/alerts/retry/")[0] == "/alerts/"


@pytest.mark.parametrize("query", ["\r\nX-Evil: 1", "x" * 600, "q=\u2028"])
def test_a_query_that_was_tampered_with_is_dropped(alice: Client, alarm: Alarm, query: str) -> None:
    place, _message = plainly(alice, f"/alerts/alarms/{alarm.pk}/acknowledge/", query=query)
    assert place == "/alerts/"


def test_a_query_leads_to_no_other_site(alice: Client, alarm: Alarm) -> None:
    query = "//evil.example/"
    place, _message = plainly(alice, f"/alerts/alarms/{alarm.pk}/acknowledge/", query=query)
    assert place == "/alerts/?//evil.example/"


ACTIONS = [
    "/alerts/retry/",
    "/alerts/1/retry/",
    "/alerts/alarms/1/acknowledge/",
    "/alerts/alarms/1/unacknowledge/",
    "/alerts/alarms/1/snooze/",
    "/alerts/silences/",
    "/alerts/silences/1/end/",
    "/alerts/channels/1/test/",
]


@pytest.mark.parametrize("path", ACTIONS)
def test_actions_need_the_csrf_token(path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = member().cookies
    assert strict.post(path, headers=JSON).status_code == 403


@pytest.mark.parametrize("path", ACTIONS)
def test_who_may_only_look_may_not_act(path: str, discord: Channel, alarm: Alarm) -> None:
    before = JournalEntry.objects.count()
    status, body = post(member("bob", acts=False), path, what="all", **{"for": "60"})
    assert (status, body["error"]) == (403, "Your account may look, not act.")
    assert JournalEntry.objects.count() == before


@pytest.mark.parametrize("path", ACTIONS)
def test_actions_are_posts_of_people_who_signed_in(alice: Client, path: str) -> None:
    assert alice.get(path).status_code == 405
    assert Client().post(path)["location"] == f"/login/?next={path}"
