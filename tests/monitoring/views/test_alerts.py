"""The alerts page: what it shows, to whom, and that it works without JavaScript."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monitoring.models import Channel, Notification
from positions.roles import ADMIN, OPERATOR, VIEWER, ensure_roles, give_role
from tests.browser import shelf
from tests.telling import HOOK, fill, notify, raise_alarm, write
from tests.website import checked, hold, member

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]

State = Notification.State


@pytest.fixture
def alice() -> Client:
    return member()


@pytest.fixture
def story() -> dict[str, Any]:
    """Alerts in every state; `rows` are the positions."""
    rows = shelf.fill()
    return fill(rows) | {"rows": rows}


def text(client: Client, path: str = "/alerts/") -> str:
    """The page without its markup."""
    body = re.sub(r"<[^>]+>", " ", client.get(path).content.decode())
    return re.sub(r"\s+", " ", body)


def part(body: str, name: str) -> str:
    """One section of the page, by its id."""
    return body.partition(f'id="{name}"')[2].partition("</section>")[0]


@pytest.mark.parametrize("path", ["/alerts/", "/parts/alerts/", "/parts/alert-banner/"])
def test_every_part_asks_for_a_login_and_is_kept_nowhere(path: str) -> None:
    assert Client().get(path)["location"] == f"/login/?next={path}"
    assert "no-store" in member().get(path)["cache-control"]


def test_nothing_told_and_no_channel_names_the_cure(alice: Client) -> None:
    shown = text(alice)
    assert "Nothing has been told yet: there is no channel to tell it to." in shown
    assert "Nobody is told." in shown
    assert "Set DISCORD_WEBHOOK_URL, or add a channel in admin" in shown
    assert 'href="/admin/monitoring/channel/add/"' in alice.get("/alerts/").content.decode()


def test_all_well_is_said_once_there_is_a_channel(alice: Client) -> None:
    Channel.objects.create(name="discord", url=HOOK.format("a"))
    shown = text(alice)
    assert "All well: no alert has failed, and nothing that was told is still open." in shown
    assert "discord Discord · everything nothing delivered yet" in shown
    assert "Nothing has been told yet." in shown


def test_failed_stands_first_with_its_answer(alice: Client, story: dict[str, Any]) -> None:
    shown = text(alice)
    order = ("Not delivered · 1", "Still open · 3", "What was told", "Channels", "Silences")
    assert sorted(order, key=shown.index) == list(order)
    assert "old-server not delivered · as a fallback · 404 Unknown Webhook · 9 attempts" in shown


def test_history_tells_every_fate_in_words(alice: Client, story: dict[str, Any]) -> None:
    told = part(alice.get("/alerts/").content.decode(), "al-told")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", told))
    for fate in (
        "PAPER · STOP · Fed cuts rates at the December meeting? · Yes 44.1¢ ≤ 45.0¢ · −$97.96",
        "discord delivered in 0.4 s",
        "delivered in 3 min · escalated, as nobody acknowledged it · 2 attempts",
        "waiting, next try",
        "3 attempts · 429 Too Many Requests",
        "not told: the position is muted",
        "not told: its source gives no prices, which was told",
        "told in a digest",
        "with 1 other",
        "critical stop: told in spite of a silence",
    ):
        assert fate in words


def test_alarms_tell_who_took_note_and_when(alice: Client, story: dict[str, Any]) -> None:
    alarms = part(alice.get("/alerts/").content.decode(), "al-alarms")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", alarms))
    assert "1 reminder · acknowledged by bob" in words
    assert words.index("Stop held back") < words.index("acknowledged by bob")


@pytest.mark.parametrize(
    ("show", "expected"),
    [("", 9), ("failed", 1), ("waiting", 1), ("suppressed", 1), ("delivered", 7), ("x", 9)],
)
def test_chips_filter_and_count(
    alice: Client, story: dict[str, Any], show: str, expected: int
) -> None:
    answer = alice.get(f"/alerts/?show={show}")
    assert len(answer.context["told"]) == expected
    pressed = [chip.count for chip in answer.context["chips"] if chip.pressed]
    assert pressed == [expected]


def test_search_keeps_the_filter_and_can_be_left(alice: Client, story: dict[str, Any]) -> None:
    body = alice.get("/alerts/?show=delivered&q=ohio").content.decode()
    assert body.count('<li id="t') == 3
    assert '<input type="hidden" name="show" value="delivered">' in body
    assert "Only with “ohio”." in body
    assert 'href="?show=failed&amp;q=ohio"' in body


def test_search_without_a_hit_says_so(alice: Client, story: dict[str, Any]) -> None:
    assert "No alert is like that." in text(alice, "/alerts/?q=nonsense")


def test_pages_go_on_by_id_and_keep_the_filter(alice: Client) -> None:
    channel = Channel.objects.create(name="discord", url=HOOK.format("a"))
    for number in range(45):
        notify(write("priced", f"price of {number}"), channel)
    first = alice.get("/alerts/?show=delivered").content.decode()
    (older,) = re.findall(r'href="(\?show=delivered&amp;before=\d+)"', first)
    second = alice.get(f"/alerts/{older.replace('&amp;', '&')}").content.decode()
    assert (first.count('<li id="t'), second.count('<li id="t')) == (40, 5)
    assert ("data-still" in first, "data-still" in second) == (False, True)


def test_one_position_has_its_own_page_of_alerts(alice: Client, story: dict[str, Any]) -> None:
    position = story["rows"]["near stop"]
    link = f"/alerts/?position={position.pk}"
    assert f'href="{link}"' in alice.get(f"/positions/{position.pk}/").content.decode()
    shown = text(alice, link)
    assert "Alerts of “Bitcoin above $150k on 31 December? · No”" in shown
    assert "Still open · 1" in shown
    assert "Fed cuts rates" not in shown.split("Channels")[0]


def test_unknown_position_shows_an_empty_page(alice: Client, story: dict[str, Any]) -> None:
    assert "No alert is like that." in text(alice, "/alerts/?position=999999")


def test_titles_and_answers_are_escaped(alice: Client) -> None:
    channel = Channel.objects.create(name="discord", url=HOOK.format("a"))
    entry = write("priced", "<script>alert(1)</script>")
    notify(entry, channel, state=State.FAILED, error="<img src=x onerror=alert(2)>")
    body = alice.get("/alerts/?q=%3Cscript%3E").content.decode()
    assert ("<script>alert" in body, "<img" in body) == (False, False)


def test_no_part_of_an_address_of_a_channel_is_shown(alice: Client, story: dict[str, Any]) -> None:
    body = alice.get("/alerts/").content.decode()
    assert ("webhooks" in body, "tgram" in body) == (False, False)


def test_who_may_only_look_sees_everything_and_no_button(story: dict[str, Any]) -> None:
    guest = member("bob", acts=False)
    body = guest.get("/alerts/").content.decode()
    assert "404 Unknown Webhook" in body
    main = body.split("<main")[1].split('class="foot"')[0].split('id="alerts"')[1]
    assert ('method="post"' in main, "/admin/" in main) == (False, False)


@pytest.mark.parametrize(
    ("role", "acts", "sets_up"),
    [(VIEWER, False, False), (OPERATOR, True, False), (ADMIN, True, True)],
)
def test_roles_see_what_they_may_press(
    story: dict[str, Any], role: str, acts: bool, sets_up: bool
) -> None:
    ensure_roles()
    give_role(User.objects.create_user("carol"), role)
    carol = Client()
    carol.force_login(User.objects.get(username="carol"))
    body = carol.get("/alerts/").content.decode()
    seen = (f"/alerts/alarms/{story['sold'].pk}/acknowledge/" in body, "monitoring/channel" in body)
    assert seen == (acts, sets_up)
    answer = carol.post(f"/alerts/alarms/{story['sold'].pk}/acknowledge/")
    assert answer.status_code == (302 if acts else 403)


def test_live_part_is_the_pages_own(alice: Client, story: dict[str, Any]) -> None:
    whole = alice.get("/alerts/?show=failed").content.decode()
    (address,) = re.findall(r'data-url="([^"]+)"', whole)
    assert address == "/parts/alerts/?show=failed"
    live = alice.get(address).content.decode()
    assert re.findall(r'<li id="(\w+)"', live) == re.findall(r'<li id="(\w+)"', whole)


def test_banner_is_on_every_page_while_alerts_fail(alice: Client) -> None:
    checked()
    channel = Channel.objects.create(name="discord", url=HOOK.format("a"))
    hidden = re.compile(r'id="b-alerts" data-failed="0" hidden')
    assert hidden.search(alice.get("/").content.decode())
    entry = write("priced", "x")
    notify(entry, channel, state=State.FAILED, failed_at=timezone.now())
    shown = text(alice, "/")
    assert "1 alert was not delivered. Look" in shown
    assert "1 not delivered" in shown  # beside "Alerts" in the header


def test_banner_names_a_channel_that_an_error_switched_off(alice: Client) -> None:
    Channel.objects.create(
        name="discord", url=HOOK.format("a"), enabled=False, disabled_reason="404"
    )
    for path in ("/", "/alerts/", "/parts/alert-banner/?here"):
        assert "The alert channel discord is off." in text(alice, path)


def test_page_costs_the_same_queries_whatever_its_size(alice: Client) -> None:
    channel = Channel.objects.create(name="discord", url=HOOK.format("a"))
    costs = []
    for size in (2, 20):
        for number in range(size):
            entry = write("unpriced", "x", hold(f"{size}-{number}", bid=None), urgency="high")
            notify(entry, channel, state=State.FAILED if number % 2 else State.SENT)
            raise_alarm(entry, f"unpriced:{entry.position_id}")
        with CaptureQueriesContext(connection) as seen:
            alice.get("/alerts/")
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_old_failure_stays_on_the_page_and_leaves_the_banner(alice: Client) -> None:
    channel = Channel.objects.create(name="discord", url=HOOK.format("a"))
    ago = timezone.now() - timedelta(days=9)
    notify(write("priced", "x", at=ago), channel, state=State.FAILED, failed_at=ago)
    assert "Not delivered · 1" in text(alice)
    assert 'data-failed="0"' in alice.get("/").content.decode()
