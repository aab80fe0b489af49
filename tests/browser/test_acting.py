"""What a person does, mostly without a mouse."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from django_q.models import Schedule
from playwright.sync_api import Page, expect

from positions.models import Exit, Position
from positions.wallets.changes import ask_once
from tests.browser.conftest import NewPage
from tests.website import PASSWORD, Website, checked, hold, member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_signing_in_by_keyboard(new_page: NewPage, site: Website) -> None:
    member()
    page = new_page()
    page.goto(f"{site.url}/activity/")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/activity/")


def test_signing_out(page: Page, site: Website) -> None:
    page.goto(site.url)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.goto(site.url)
    expect(page).to_have_url(re.compile("/login/"))


def test_closing_by_keyboard_starts_on_keeping(page: Page, site: Website) -> None:
    position = hold("sim-close", bid="0.5", entry="0.4", shares="10")
    page.goto(site.url)
    opener = page.locator(f"#p{position.pk} [data-menu]")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Details")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Close now…")).to_be_focused()
    page.keyboard.press("Enter")
    keep = page.get_by_role("button", name="Keep position")
    expect(keep).to_be_focused()
    sell = page.get_by_role("button", name="Sell 10 Yes")
    expect(sell).to_be_enabled()
    for name in ("Best usable bid", "Fee", "Proceeds", "Realised P&L"):
        expect(page.locator("#closedlg")).to_contain_text(name)
    page.keyboard.press("Enter")
    expect(page.locator("#closedlg")).to_be_hidden()
    assert Exit.objects.count() == 0


def test_selling_a_part_is_confirmed_by_a_message(
    new_page: NewPage, key: str, site: Website
) -> None:
    page = new_page(key, forgive=("400 (Bad Request)",))
    position = hold("sim-close", bid="0.5", entry="0.4", shares="10")
    page.goto(f"{site.url}/positions/{position.pk}/")
    page.get_by_role("link", name="Close now").click()
    page.get_by_label("Shares").fill("99")
    expect(page.locator("#closedlg .err")).to_have_text("You hold 10 shares; enter at most that.")
    page.get_by_label("Shares").fill("6")
    sell = page.get_by_role("button", name="Sell 6 Yes")
    expect(sell).to_be_enabled()
    sell.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Selling 6 Yes of “Will sim-close happen?”")
    expect(page.locator("#closedlg")).to_be_hidden()
    assert [leave.shares for leave in Exit.objects.all()] == [Decimal(6)]
    page.get_by_role("button", name="Cancel the sale").click()
    expect(page.get_by_text("The sale is cancelled.")).to_be_visible()
    expect(page.get_by_role("link", name="Close now")).to_be_visible()


def test_escape_closes_the_dialog_and_gives_the_focus_back(page: Page, site: Website) -> None:
    position = hold("sim-close", bid="0.5", entry="0.4", shares="10")
    page.goto(site.url)
    opener = page.locator(f"#p{position.pk} [data-menu]")
    opener.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep position")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_muting_is_told_and_undone(page: Page, site: Website) -> None:
    position = hold()
    page.goto(site.url)
    page.locator(f"#p{position.pk} [data-menu]").click()
    page.get_by_role("menuitem", name="Mute 4 hours").click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("Muted “Will fed happen? · Yes” until")
    expect(page.locator(f"#p{position.pk} .badge")).to_contain_text("Muted until")
    expect(page.locator("#chips [data-show=muted] span")).to_have_text("1")
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(f"#p{position.pk} .badge")).to_have_count(0)
    assert Position.objects.get().muted_until is None
    page.locator(f"#p{position.pk} [data-menu]").click()
    expect(page.get_by_role("menuitem", name="Unmute")).to_be_hidden()


def test_refusal_is_told_and_stays(new_page: NewPage, key: str, site: Website) -> None:
    page = new_page(key, forgive=("409 (Conflict)",))
    position = hold("sim-close", bid="0.5", entry="0.4", shares="10")
    page.goto(site.url)
    page.locator(f"#p{position.pk} [data-menu]").click()
    page.get_by_role("menuitem", name="Close now…").click()
    sell = page.get_by_role("button", name="Sell 10 Yes")
    expect(sell).to_be_enabled()
    Exit.objects.create(position=position, rule="manual", shares=10, created_at=timezone.now())
    sell.click()
    expect(page.locator(".toast.bad")).to_contain_text(
        "An exit of this position is running already."
    )


def test_check_is_asked_for_from_the_pill(page: Page, site: Website) -> None:
    checked()
    later = timezone.now() + timedelta(minutes=10)
    Schedule.objects.create(name="monitor", func="monitoring.tasks.monitor", next_run=later)
    page.goto(site.url)
    page.locator("#beat").click()
    page.locator("#beat-pop").get_by_role("button", name="Run check").click()
    expect(page.locator(".toast")).to_contain_text("A check of every position was asked for")
    assert Schedule.objects.get().next_run < later


def test_exits_are_paused_after_a_question_and_resumed(page: Page, site: Website) -> None:
    hold()
    page.goto(site.url)
    page.get_by_role("link", name="Pause exits…").click()
    page.get_by_role("button", name="Pause all exits").click()
    expect(page.locator("#b-paused")).to_be_visible()
    page.get_by_role("button", name="Resume exits").click()
    expect(page.locator("#b-paused")).to_be_hidden()


def test_everything_is_closed_only_with_the_number(page: Page, site: Website) -> None:
    hold("a")
    hold("b")
    page.goto(site.url)
    page.get_by_role("link", name="Close everything…").click()
    page.get_by_label("Type 2").fill("3")
    page.get_by_role("button", name="Close everything").click()
    expect(page.get_by_role("status").first).to_contain_text("Nothing was sold: type 2")
    page.get_by_label("Type 2").fill("2")
    page.get_by_role("button", name="Close everything").click()
    expect(page.get_by_role("status").first).to_contain_text("Selling 2 positions")
    assert Exit.objects.count() == 2


def test_demo_is_removed_with_one_click(page: Page, site: Website) -> None:
    hold("sample", is_demo=True)
    page.goto(site.url)
    expect(page.locator("tr.row .demo")).to_have_text("DEMO")
    page.get_by_role("button", name="Remove the demo").click()
    expect(page.get_by_text("The demo is gone.")).to_be_visible()
    assert Position.objects.count() == 0


def test_filters_and_search_live_in_the_address(page: Page, site: Website) -> None:
    hold("oslo", bid="0.441")
    hold("rome")
    page.goto(site.url)
    page.get_by_role("button", name="Attention").click()
    expect(page.locator("tr.row:visible")).to_have_count(1)
    expect(page.locator("#shown")).to_contain_text("1 of 2 shown")
    page.get_by_label("Search positions").fill("rome")
    expect(page.locator("tr.row:visible")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"\?show=att&q=rome"))
    page.reload()
    expect(page.get_by_label("Search positions")).to_have_value("rome")
    expect(page.locator("tr.row:visible")).to_have_count(0)
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("tr.row:visible")).to_have_count(2)


def test_single_keys_search_and_walk_and_can_be_turned_off(page: Page, site: Website) -> None:
    first, second = hold("first"), hold("second")
    page.goto(site.url)
    page.keyboard.press("/")
    expect(page.get_by_label("Search positions")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator(f"#p{first.pk} .m-t")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(f"#p{second.pk} .m-t")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(f"#p{first.pk} .m-t")).to_be_focused()
    page.keyboard.press("?")
    page.get_by_label("Use single keys in this browser").uncheck()
    page.get_by_role("button", name="Done").click()
    page.locator(f"#p{first.pk} .m-t").focus()
    page.keyboard.press("j")
    expect(page.locator(f"#p{first.pk} .m-t")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/positions/{first.pk}/")


def test_theme_is_switched_and_kept(page: Page, site: Website) -> None:
    page.goto(site.url)
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("localStorage.getItem('theme')") == "dark"


def test_skip_link_is_the_first_stop(page: Page, site: Website) -> None:
    page.goto(site.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to positions")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_all_of_it_works_without_javascript(new_page: NewPage, key: str, site: Website) -> None:
    position = hold("sim-close", bid="0.5", entry="0.4", shares="10")
    page = new_page(key, java_script_enabled=False)
    page.goto(site.url)
    page.locator(f"#p{position.pk} [data-menu]").click()
    expect(page).to_have_url(f"{site.url}/positions/{position.pk}/")
    page.get_by_role("button", name="Mute").click()
    expect(page.locator(".banner.ok")).to_contain_text("Muted")
    page.get_by_role("button", name="Unmute").click()
    expect(page.locator(".banner.ok")).to_contain_text("on again")
    page.get_by_role("link", name="Close now").click()
    page.get_by_role("button", name="Sell 10 Yes").click()
    expect(page.locator(".banner.ok")).to_contain_text("Selling 10 Yes")
    assert Exit.objects.count() == 1


def test_vanished_holding_is_answered_by_keyboard(page: Page, site: Website) -> None:
    position = hold("sim-gone", bid="0.5", entry="0.4", shares="10")
    page.goto(f"{site.url}/positions/{position.pk}/")
    answer = page.get_by_role("button", name="Yes, it is gone")
    expect(answer).to_have_count(0)
    Position.objects.update(absent_since=timezone.now())
    position.refresh_from_db()
    ask_once(position, timezone.now())
    expect(answer).to_be_visible()
    answer.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("it is no longer in the wallet.")).to_be_visible()
    position.refresh_from_db()
    assert (position.state, position.realised_pnl) == ("closed", Decimal(1))
