"""The alerts page under a person's hands: legible, by keyboard, live, and without JavaScript."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from monitoring.alerts.deciding.acknowledging import acknowledge
from monitoring.models import Alarm, Channel, Notification, Silence
from positions.models import JournalEntry
from tests import telling
from tests.browser import shelf
from tests.browser.conftest import NewPage
from tests.browser.test_live import linked
from tests.browser.test_matrix import SMALL, WIDTHS, overflow, picture, violations
from tests.website import Website, checked, hold, member, session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

State = Notification.State


@pytest.fixture
def story(key: str) -> dict[str, Any]:
    """Alerts in every state, on the shelf's positions."""
    rows = shelf.fill()
    return telling.fill(rows) | {"rows": rows}


def alarm_row(page: Page, alarm: Alarm) -> Any:
    return page.locator(f"#a{alarm.pk}")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_page_passes_axe_in_every_state(
    new_page: NewPage, key: str, site: Website, width: int, theme: str
) -> None:
    page = new_page(key, width=width, theme=theme, reduced_motion="reduce")
    found: dict[str, list[str]] = {}

    def look(name: str, path: str) -> None:
        page.goto(f"{site.url}{path}")
        expect(page.locator("#beat")).to_be_visible()
        found[name] = violations(page) + page.evaluate(SMALL)
        picture(page, f"{name}-{theme}-{width}")

    look("alerts-empty", "/alerts/")
    position = telling.fill(shelf.fill())["blocked"].position_id
    look("alerts", "/alerts/")
    look("alerts-none", "/alerts/?q=nonsense")
    look("alerts-position", f"/alerts/?position={position}")
    page.get_by_text("Silence something…").click()
    found["silence"] = violations(page) + page.evaluate(SMALL)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_page_is_never_wider_than_its_window(
    new_page: NewPage, key: str, site: Website, story: dict[str, Any], width: int
) -> None:
    long = telling.write("priced", "x", data={"question": "Supercalifragilistic" * 12})
    telling.notify(long, story["discord"], state=State.FAILED, error="Unbreakable" * 20)
    page = new_page(key, width=width)
    page.goto(f"{site.url}/alerts/")
    page.get_by_text("Silence something…").click()
    assert overflow(page) <= 0


def test_snooze_and_undo_with_real_clicks(page: Page, site: Website, story: dict[str, Any]) -> None:
    page.goto(f"{site.url}/alerts/")
    linked(page)
    row = alarm_row(page, story["blocked"])
    row.get_by_label("Snooze for").select_option("240")
    row.get_by_role("button", name="Snooze").click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("Critical stops are still told.")
    expect(row).to_contain_text("silenced until")
    expect(row.get_by_role("button", name="Snooze")).to_have_count(0)
    expect(page.locator("#al-quiet-l > li")).to_have_count(2)
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator("#al-quiet-l > li")).to_have_count(1)
    expect(row.get_by_role("button", name="Snooze")).to_be_visible()
    made = Silence.objects.exclude(pk=story["silence"].pk).get()
    assert (made.kind, made.ended_by) == ("stop_blocked", "alice")


def test_tomorrow_is_eight_on_the_readers_own_clock(
    new_page: NewPage, key: str, site: Website, story: dict[str, Any]
) -> None:
    page = new_page(key, timezone_id="Asia/Karachi")
    page.goto(f"{site.url}/alerts/")
    row = alarm_row(page, story["blocked"])
    row.get_by_label("Snooze for").select_option("tomorrow")
    row.get_by_role("button", name="Snooze").click()
    expect(page.locator(".toast")).to_contain_text("08:00 PKT")
    made = Silence.objects.exclude(pk=story["silence"].pk).get()
    local = made.until.astimezone(ZoneInfo("Asia/Karachi"))
    assert (local.hour, local.minute) == (8, 0)


def test_acknowledging_by_keyboard_keeps_the_place(
    page: Page, site: Website, story: dict[str, Any]
) -> None:
    page.goto(f"{site.url}/alerts/")
    linked(page)
    row = alarm_row(page, story["sold"])
    row.get_by_role("link").focus()
    page.keyboard.press("Tab")
    expect(row.get_by_role("button", name="Acknowledge")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Acknowledged: no more reminders")
    expect(row).to_contain_text("acknowledged by alice")
    focused = page.evaluate("document.activeElement.closest('li')?.id")
    assert focused == f"a{story['sold'].pk}"
    row.get_by_role("button", name="Take back").focus()
    page.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Acknowledge")).to_be_visible()


def test_retry_empties_the_list_and_the_number_in_the_header(
    page: Page, site: Website, story: dict[str, Any]
) -> None:
    Channel.objects.filter(name="old-server").update(enabled=True, disabled_reason="")
    page.goto(f"{site.url}/alerts/")
    linked(page)
    count = page.locator("nav [data-count]").first
    expect(count).to_be_visible()
    page.locator("#al-failed").get_by_role("button", name="Retry").click()
    expect(page.locator(".toast")).to_contain_text("Trying again on old-server.")
    expect(page.locator("#al-failed")).to_have_count(0)
    expect(count).to_be_hidden()
    expect(page.locator("#al-told-t")).to_be_focused()
    assert Notification.objects.get(pk=story["failed"].pk).state == State.PENDING


def test_new_alerts_and_their_delivery_come_by_themselves(
    page: Page, site: Website, story: dict[str, Any]
) -> None:
    page.goto(f"{site.url}/alerts/")
    linked(page)
    row = telling.notify(telling.write("priced", "price of oslo"), story["discord"], attempts=0,
                         state=State.PENDING)  # fmt: skip
    top = page.locator("#al-list > li").first
    expect(top).to_contain_text("price of oslo", timeout=4000)
    expect(top).to_contain_text("on its way")
    Notification.objects.filter(pk=row.pk).update(state=State.SENT, sent_at=timezone.now())
    expect(top).to_contain_text("delivered in", timeout=8000)


def test_what_a_person_is_at_is_left_alone(
    page: Page, site: Website, story: dict[str, Any]
) -> None:
    page.set_viewport_size({"width": 1440, "height": 500})
    page.goto(f"{site.url}/alerts/")
    linked(page)
    page.get_by_text("Silence something…").click()
    page.get_by_label("Why (optional)").fill("half a sen")
    page.get_by_label("Search alerts").fill("half a sea")
    chosen = alarm_row(page, story["blocked"]).get_by_label("Snooze for")
    chosen.select_option("240")
    chosen.focus()
    page.evaluate("scrollTo(0, 400)")
    before = chosen.bounding_box()
    acknowledge(alarm_id=story["sold"].pk, actor="bob", now=timezone.now())
    for number in range(5):
        telling.notify(telling.write("priced", f"price of {number}"), story["discord"])
    expect(alarm_row(page, story["sold"])).to_contain_text("acknowledged by bob", timeout=4000)
    expect(page.locator("#al-list > li").first).to_contain_text("price of 4")
    expect(chosen).to_be_focused()
    expect(chosen).to_have_value("240")
    expect(page.get_by_label("Why (optional)")).to_have_value("half a sen")
    expect(page.get_by_label("Search alerts")).to_have_value("half a sea")
    assert chosen.bounding_box() == before


def test_a_pressed_button_keeps_the_focus_while_its_row_changes(
    page: Page, site: Website, story: dict[str, Any]
) -> None:
    page.goto(f"{site.url}/alerts/")
    linked(page)
    row = page.locator(f"#c{story['discord'].pk}")
    row.get_by_role("button", name="Send a test alert").click()
    expect(page.locator(".toast")).to_contain_text("A test alert is on its way to discord.")
    waiting = telling.notify(
        JournalEntry.objects.get(kind="test"), story["discord"], state=State.PENDING
    )
    expect(row).to_contain_text("1 waits", timeout=16_000)
    expect(row.get_by_role("button", name="Send a test alert")).to_be_focused()
    Notification.objects.filter(pk=waiting.pk).update(state=State.SENT, sent_at=timezone.now())
    expect(row).not_to_contain_text("1 waits", timeout=8000)


def test_banner_comes_and_goes_on_other_pages(page: Page, site: Website) -> None:
    checked()
    channel = Channel.objects.create(name="discord", url=telling.HOOK.format("a"))
    page.goto(site.url)
    linked(page)
    expect(page.locator("#b-alerts")).to_be_hidden()
    entry = telling.write("priced", "x")
    telling.notify(entry, channel, state=State.FAILED, failed_at=timezone.now())
    telling.write("alerts_failed", "1 alert could not be delivered", urgency="critical")
    expect(page.locator("#b-alerts")).to_contain_text("1 alert was not delivered.", timeout=4000)
    page.locator("#b-alerts").get_by_role("link", name="Look").click()
    expect(page).to_have_url(f"{site.url}/alerts/")


def test_everything_works_without_javascript(
    new_page: NewPage, key: str, site: Website, story: dict[str, Any]
) -> None:
    page = new_page(key, java_script_enabled=False)
    page.goto(f"{site.url}/alerts/?show=delivered")
    row = alarm_row(page, story["blocked"])
    row.get_by_label("Snooze for").select_option("15")
    row.get_by_role("button", name="Snooze").click()
    expect(page).to_have_url(f"{site.url}/alerts/?show=delivered")
    expect(page.get_by_role("status").first).to_contain_text("Silenced until")
    page.locator("#al-quiet-l > li").first.get_by_role("button", name="End").click()
    expect(page.get_by_role("status").first).to_contain_text("The silence has ended")
    page.get_by_label("Search alerts").fill("ohio")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?q=ohio&show=delivered|\?show=delivered&q=ohio"))
    expect(page.locator("#al-list > li")).to_have_count(3)


def test_phone_reaches_the_page_by_more(new_page: NewPage, key: str, site: Website) -> None:
    hold()
    page = new_page(key, width=390)
    page.goto(site.url)
    more = page.get_by_role("button", name="More")
    more.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#more").get_by_role("link", name="Alerts")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/alerts/")


def test_who_may_only_look_has_nothing_to_press(
    new_page: NewPage, site: Website, story: dict[str, Any]
) -> None:
    page = new_page(session(member("bob", acts=False)))
    page.goto(f"{site.url}/alerts/")
    expect(page.locator("#al-failed")).to_contain_text("404 Unknown Webhook")
    assert page.locator("#alerts button, #alerts select, #alerts details").count() == 0


def test_lists_are_not_announced(page: Page, site: Website, story: dict[str, Any]) -> None:
    page.goto(f"{site.url}/alerts/")
    assert page.locator("#alerts [aria-live], #alerts[aria-live]").count() == 0
