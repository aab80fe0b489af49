"""The page while things happen: prices, rows, entries, the heartbeat, a link that breaks."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from monitoring.models import Source
from positions import journal, services
from positions.models import Exit, Position
from tests.browser.conftest import NewPage
from tests.website import Website, checked, hold, member, session, tell

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def linked(page: Page) -> None:
    """Waits until frames flow."""
    expect(page.locator("#age-link")).to_have_text(re.compile("last word"), timeout=10_000)


def test_price_profit_and_rail_change_without_a_reload(page: Page, site: Website) -> None:
    position = hold(bid="0.634")
    page.goto(site.url)
    page.evaluate("window.same = true")
    row = page.locator(f"#p{position.pk}")
    expect(row.locator(".pl")).to_have_text("▲+$51.30")
    linked(page)
    tell(position, "0.55")
    expect(row.locator(".px")).to_have_text("55.0¢", timeout=3000)
    expect(row.locator(".pl")).to_have_text("▼−$28.50")
    expect(row.locator(".pl")).to_have_class(re.compile("loss"))
    expect(row.locator(".now")).to_have_attribute("cx", "28.1%")
    expect(row.locator(".fill")).to_have_class("fill l")
    expect(page.locator("[data-t=pnl]")).to_have_text("−$28.50")
    assert page.evaluate("window.same") is True


def test_breached_stop_is_seen_everywhere_at_once(page: Page, site: Website) -> None:
    position = hold(bid="0.634")
    page.goto(site.url)
    linked(page)
    tell(position, "0.441")
    row = page.locator(f"#p{position.pk}")
    expect(row.locator(".badge")).to_have_text("Stop hit", timeout=3000)
    expect(row).to_have_attribute("data-urg", "crit")
    expect(page.locator("#att h2")).to_have_text("Stop hit — Will fed happen?")
    expect(page).to_have_title(re.compile(r"^\(1\) Stop hit"))
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("favicon-crit"))


def test_rows_do_not_jump_but_offer_to_be_sorted(page: Page, site: Website) -> None:
    calm, other = hold("calm"), hold("other")
    page.goto(site.url)
    linked(page)
    ids = f"#p{calm.pk}, #p{other.pk}"
    tell(other, "0.441")
    expect(page.locator("#resort")).to_be_visible(timeout=3000)
    order = page.locator(ids).evaluate_all("rows => rows.map(row => row.id)")
    assert order == [f"p{calm.pk}", f"p{other.pk}"]
    page.get_by_role("button", name="Sort again").click()
    order = page.locator(ids).evaluate_all("rows => rows.map(row => row.id)")
    assert order == [f"p{other.pk}", f"p{calm.pk}"]
    expect(page.locator("#resort")).to_be_hidden()


def test_new_position_appears_and_a_removed_one_goes(page: Page, site: Website) -> None:
    first = hold("first", is_demo=True)
    page.goto(site.url)
    linked(page)
    second = hold("second", question="<img src=x onerror=alert(1)> & co?")
    expect(page.locator(f"#p{second.pk} .m-t")).to_have_text(
        "<img src=x onerror=alert(1)> & co?", timeout=8000
    )
    Position.objects.filter(pk=first.pk).delete()
    expect(page.locator(f"#p{first.pk}")).to_have_count(0, timeout=8000)


def test_first_position_fills_the_empty_page(page: Page, site: Website) -> None:
    page.goto(site.url)
    expect(page.get_by_text("No open positions")).to_be_visible()
    linked(page)
    position = hold()
    expect(page.locator(f"#p{position.pk}")).to_be_visible(timeout=8000)
    expect(page.get_by_text("No open positions")).to_have_count(0)


def test_closed_position_says_so_in_its_place(page: Page, site: Website) -> None:
    position = hold()
    page.goto(site.url)
    linked(page)
    Position.objects.filter(pk=position.pk).update(
        state="closed",
        shares=0,
        realised_pnl=Decimal("51.3"),
        closed_at=timezone.now(),
        close_reason="take_profit",
    )
    row = page.locator(f"#p{position.pk}")
    expect(row.locator(".nx")).to_contain_text("Take profit", timeout=8000)
    expect(row).to_have_class(re.compile("is-closed"))


def test_entry_arrives_in_the_list_and_is_announced(page: Page, site: Website) -> None:
    position = hold()
    page.goto(site.url)
    linked(page)
    with transaction.atomic():
        text = "44.1¢ is at or below the 45.0¢ stop <b>x</b>"
        facts = {"question": "Fed cuts?", "outcome": "Yes", "pnl": "-97.96"}
        entry = journal.entry(
            "exit_done",
            text,
            at=timezone.now(),
            position=position,
            urgency="critical",
            rule="stop_loss",
            data=facts,
        )
        journal.append(entry)
    top = page.locator("#feed li").first
    expect(top.locator("b")).to_have_text("Stop loss: sold", timeout=3000)
    expect(top.locator("p")).to_contain_text("Fed cuts? · Yes — 44.1¢ is at or below")
    expect(top).to_have_class("bad")
    expect(page.locator("#live-assert")).to_contain_text("Stop loss: sold", timeout=7000)


def test_monitor_that_falls_silent_is_told_within_five_seconds(page: Page, site: Website) -> None:
    hold()
    checked(ago=timedelta(seconds=57))
    page.goto(site.url)
    expect(page.locator("#beat")).to_have_attribute("data-state", "ok")
    expect(page.locator("#b-beat")).to_be_hidden()
    expect(page.locator("#beat")).to_have_attribute("data-state", "late", timeout=8000)
    expect(page.locator("#b-beat")).to_contain_text("The monitor has not checked for")
    checked()
    expect(page.locator("#beat")).to_have_attribute("data-state", "ok", timeout=5000)
    expect(page.locator("#b-beat")).to_be_hidden()


def test_silence_from_the_start_is_shown(page: Page, site: Website) -> None:
    checked(ago=timedelta(minutes=6))
    page.goto(site.url)
    expect(page.locator("#beat")).to_have_text("Silent 6 min")
    expect(page.locator("#b-beat")).to_contain_text("Stops are not being watched.")


def test_ages_tick_without_being_announced(page: Page, site: Website) -> None:
    checked()
    page.goto(site.url)
    before = page.locator("#beat b").inner_text()
    expect(page.locator("#beat b")).not_to_have_text(before, timeout=4000)
    assert page.locator("[aria-live] #beat, #beat[aria-live]").count() == 0


def test_end_in_another_year_names_the_year(page: Page, site: Website) -> None:
    market = hold().market
    for year, shown in ((2099, 1), (timezone.now().year, 0)):
        market.ends_at = timezone.now().replace(year=year, month=6, day=15)
        market.save()
        page.goto(site.url)
        found = page.locator("#pos time[data-form=date]").text_content() or ""
        assert (found.count(str(year)), found.count("Jun 15")) == (shown, 1)


def test_paused_exits_are_loud_on_every_open_page(page: Page, site: Website) -> None:
    page.goto(site.url)
    linked(page)
    services.exits_pause(actor="bob", now=timezone.now())
    expect(page.locator("#b-paused")).to_be_visible(timeout=5000)
    services.exits_resume(actor="bob", now=timezone.now())
    expect(page.locator("#b-paused")).to_be_hidden(timeout=5000)


def test_blind_source_and_stuck_exits_are_told_on_every_open_page(
    page: Page, site: Website
) -> None:
    position = hold()
    page.goto(f"{site.url}/activity/")
    linked(page)
    expect(page.locator("#b-blind")).to_be_hidden()
    began = timezone.now() - timedelta(minutes=3)
    Source.objects.create(venue="sim", blind_since=began, problem="503")
    expect(page.locator("#b-blind")).to_contain_text(
        "Simulated has told no price for 3 min", timeout=5000
    )
    expect(page.locator("#live-assert")).to_contain_text("A venue tells no prices")
    Source.objects.update(blind_since=None)
    expect(page.locator("#b-blind")).to_be_hidden(timeout=5000)
    stuck = Exit.objects.create(position=position, rule="manual", shares=5, created_at=began)
    expect(page.locator("#b-leaves")).to_contain_text("Nothing is leaving: 1 exit", timeout=5000)
    stuck.delete()
    expect(page.locator("#b-leaves")).to_be_hidden(timeout=5000)


def test_position_page_follows_the_price_and_the_journal(page: Page, site: Website) -> None:
    position = hold(bid="0.634")
    page.goto(f"{site.url}/positions/{position.pk}/")
    linked(page)
    tell(position, "0.50")
    expect(page.locator("[data-d=px]")).to_have_text("50.0¢", timeout=3000)
    expect(page.locator("#hero .fill")).to_have_class("fill l")
    expect(page.locator(".d-h .badge")).to_have_text("0.7¢ to stop")
    services.position_mute(
        position_id=position.pk,
        until=timezone.now() + timedelta(hours=1),
        actor="bob",
        now=timezone.now(),
    )
    expect(page.locator("#feed li").first.locator("b")).to_have_text("Muted", timeout=3000)
    expect(page.get_by_role("button", name="Unmute")).to_be_visible(timeout=3000)


def test_open_table_of_the_chart_stays_open(page: Page, site: Website) -> None:
    position = hold(bid="0.634")
    page.goto(f"{site.url}/positions/{position.pk}/")
    linked(page)
    page.get_by_text("The same as a table").click()
    page.locator("h1").click()
    page.evaluate("document.activeElement.blur()")
    tell(position, "0.60")
    expect(page.locator("#chart td").nth(1)).to_have_text("60.0¢", timeout=20_000)


def test_lost_link_is_told_and_what_was_missed_is_made_up(
    new_page: NewPage, key: str, site: Website
) -> None:
    page = new_page(key, forgive=("WebSocket connection", "ERR_CONNECTION_REFUSED"))
    position = hold(bid="0.634")
    page.goto(site.url)
    linked(page)
    site.stop()
    expect(page.locator("#b-link")).to_be_visible(timeout=20_000)
    expect(page.locator("#b-link")).to_contain_text("Reconnecting…")
    tell(position, "0.55")
    services.exits_pause(actor="bob", now=timezone.now())
    site.start()
    page.get_by_role("button", name="Retry now").click()
    expect(page.locator(f"#p{position.pk} .px")).to_have_text("55.0¢", timeout=10_000)
    expect(page.locator("#feed li").first.locator("b")).to_have_text("Exits paused")
    expect(page.locator("#b-link")).to_be_hidden()


def test_prices_of_many_rows_come_in_one_frame_each(page: Page, site: Website) -> None:
    rows = [hold(f"m{number}") for number in range(40)]
    page.goto(site.url)
    linked(page)
    for row in rows:
        tell(row, "0.60")
    expect(page.locator(f"#p{rows[-1].pk} .px")).to_have_text("60.0¢", timeout=5000)
    assert set(page.locator("tr.row .px").all_text_contents()) == {"60.0¢"}


def test_other_users_socket_is_not_ours(new_page: NewPage, key: str, site: Website) -> None:
    """Two people at once, each with a page: both see the same book."""
    position = hold(bid="0.634")
    pages = [new_page(key), new_page(session(member("bob")))]
    for page in pages:
        page.goto(site.url)
        linked(page)
    tell(position, "0.60")
    for page in pages:
        expect(page.locator(f"#p{position.pk} .px")).to_have_text("60.0¢", timeout=3000)
