"""The monitor page: legible in every state, up to date by itself, honest when it is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from monitoring.advisor.news.sources import sources
from monitoring.alerts.deciding.alarms import CURSOR
from monitoring.heartbeat import STARTED, WATCHMAN, WORKER, beat
from monitoring.models import (
    AICall,
    AIProvider,
    AISpend,
    Channel,
    Cursor,
    Feed,
    MonitorRun,
    Notification,
    Source,
)
from monitoring.schedules import ensure_schedules
from monitoring.setup import first_login
from positions import journal
from positions.models import JournalEntry, Position, Thesis
from tests.browser.conftest import NewPage
from tests.browser.test_matrix import SMALL, overflow, picture, violations
from tests.monitoring.alerts.book import write_stop
from tests.website import Website, checked, hold, website

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Website]:
    """With providers, so that the page can show how they are."""
    with django_db_blocker.unblock(), website("tests.browser.with_keys:application") as running:
        yield running


@pytest.fixture
def url(site: Website) -> str:
    return f"{site.url}/monitor/"


def calm() -> None:
    """A house at work: a minute of passes, a channel, prices, every job in its turn."""
    now = timezone.now()
    for number in range(60, 0, -1):
        took = timedelta(seconds=0.3 + number % 7 / 10)
        at = now - timedelta(seconds=30 * number - 25)
        checked(started_at=at, finished_at=at + took, open=2, checked=2)
    for name in (WORKER, WATCHMAN, STARTED):
        beat(name, at=now)
    ensure_schedules(now=now)
    Schedule.objects.update(next_run=now + timedelta(seconds=20))
    for name in ("fed", "btc"):
        hold(name, bid="0.6")
    Source.objects.create(venue="sim", answered_at=now)
    channel = Channel.objects.create(name="discord")
    Cursor.objects.update_or_create(
        name=CURSOR, defaults={"entry_id": note(channel, "sent").entry_id}
    )


def note(channel: Channel, state: str) -> Notification:
    """An alert of five minutes ago."""
    at = timezone.now() - timedelta(minutes=5)
    return Notification.objects.create(
        entry=write_stop(at=at),
        channel=channel,
        state=state,
        created_at=at,
        not_before=at,
        sent_at=at if state == "sent" else None,
        title="STOP HIT",
    )


def trouble() -> None:
    """The same house with everything wrong at once."""
    calm()
    now = timezone.now()
    last = MonitorRun.objects.order_by("-pk")
    for place, (state, seconds) in enumerate(
        (("failed", 1.0), ("incomplete", 26.0), ("complete", 48.0), ("incomplete", 3.0))
    ):
        row = last[place * 2]
        row.state, row.finished_at = state, row.started_at + timedelta(seconds=seconds)
        row.problem = "" if state == "complete" else "no venue answered (sim: HTTP 503)"
        row.save()
    Source.objects.update(
        answered_at=now - timedelta(minutes=9),
        blind_since=now - timedelta(minutes=9),
        problem="HTTP 503 from a price server with a rather long explanation of its own",
    )
    for number in range(3):
        OrmQ.objects.create(key="x", payload="", lock=now - timedelta(minutes=number + 1))
    channel = Channel.objects.get()
    note(channel, "pending")
    note(channel, "failed")
    Channel.objects.create(name="phone", enabled=False, disabled_reason="404: unknown webhook")
    beat(WORKER, at=now - timedelta(minutes=4))
    unguarded()
    spent(now)
    no_news(now)


def no_news(now: datetime) -> None:
    """One feed that is blocked, and one that nobody has read yet."""
    blocked = "https://feeds.example/a-rather-long-path/of-a-publisher/world-news.rss"
    Thesis.objects.update_or_create(
        position=Position.objects.order_by("pk")[0],
        defaults={"feeds": f"{blocked}\nhttps://other.example/rss"},
    )
    Feed.objects.create(
        key=sources("", blocked, "")[0].key,
        url=blocked,
        tried_at=now,
        answered_at=now - timedelta(hours=7),
        not_before=now + timedelta(hours=4),
        failures=6,
        problem="answered with a web page instead of a feed (blocked?)",
        items=1,
    )


def spent(now: datetime) -> None:
    """An AI stage with its money gone, one provider without credit and the other slow."""
    AISpend.objects.create(
        day=now.date(), spent=740_000, reserved=60_000, refused=70_000, refusals=3
    )
    AIProvider.objects.create(
        name="anthropic",
        failures=2,
        failure="spend_limit",
        problem="429: enforced_spend_limit_reached: your account has run out of what it may spend",
        out_of_credit_since=now - timedelta(hours=2),
        open_until=now + timedelta(minutes=12),
    )
    AIProvider.objects.create(
        name="openai_compatible",
        failures=5,
        failure="timeout",
        problem="no whole answer within 20 s",
        answered_at=now - timedelta(minutes=40),
        open_until=now + timedelta(minutes=4),
    )
    for number in range(42):
        AICall.objects.create(
            state="settled",
            purpose="decide" if number % 5 else "screen",
            day=now.date(),
            provider="anthropic",
            model="claude-sonnet-5-5",
            prompt_version="1",
            prompt_sha256="0",
            started_at=now,
            reserved=1,
            cost=1,
            failure="timeout" if number < 7 else "",
        )


def unguarded() -> JournalEntry:
    text = "unguarded 02:10–04:35 UTC (2 h 25 min), Yes moved 61.0¢ → 48.0¢ (Fed cuts in December?)"
    entry = journal.entry("unguarded", text, at=timezone.now(), urgency="high")
    with transaction.atomic():
        journal.append(entry)
    return entry


STATES = {"calm": calm, "trouble": trouble, "new": first_login}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("state", STATES)
def test_page_passes_axe_in_every_state(
    new_page: NewPage, key: str, url: str, width: int, theme: str, state: str
) -> None:
    STATES[state]()
    page = new_page(key, width=width, theme=theme, reduced_motion="reduce")
    page.goto(url)
    expect(page.get_by_role("heading", name="Monitor", level=1)).to_be_visible()
    found = violations(page) + page.evaluate(SMALL)
    picture(page, f"monitor-{state}-{theme}-{width}")
    if state != "new":
        page.get_by_text("Table", exact=True).click()
        found += violations(page) + page.evaluate(SMALL)
    assert (found, overflow(page)) == ([], 0)


def test_page_follows_without_losing_focus_or_what_is_open(page: Page, url: str) -> None:
    calm()
    page.goto(url)
    page.get_by_text("Table", exact=True).click()
    table = page.get_by_role("group", name="The checks as a table")
    table.evaluate("el => { el.scrollTop = 40 }")
    more = page.get_by_role("link", name="All alerts")
    more.focus()
    checked(state="failed", problem="the venue is on fire")
    Channel.objects.create(name="phone", enabled=False, disabled_reason="404")
    unguarded()
    expect(page.get_by_text("moved 61.0¢ → 48.0¢")).to_be_visible(timeout=10_000)
    expect(table.get_by_text("the venue is on fire")).to_be_visible()
    assert table.evaluate("el => el.scrollTop") == 40
    # The card under the user's hands changes too; the focus stays on its link.
    expect(page.locator("#mo-routes").get_by_text("phone")).to_be_visible(timeout=15_000)
    expect(more).to_be_focused()


def test_ages_tick_between_two_looks(page: Page, url: str) -> None:
    calm()
    page.goto(url)
    age = page.locator("#mo-house dd").first.locator("time")
    before = age.text_content()
    expect(age).not_to_have_text(str(before), timeout=5_000)


def test_page_that_cannot_be_renewed_says_so_and_recovers(
    new_page: NewPage, key: str, url: str
) -> None:
    calm()
    page = new_page(key, forgive=("503", "Failed to load"))
    page.goto(url)
    page.route("**/parts/monitor/", lambda route: route.fulfill(status=503, body="away"))
    still = page.get_by_text("This page stands still.")
    expect(still).to_be_visible(timeout=10_000)
    page.unroute("**/parts/monitor/")
    expect(still).to_be_hidden(timeout=10_000)


def test_check_is_asked_for_from_here(page: Page, url: str) -> None:
    calm()
    page.goto(url)
    page.get_by_role("main").get_by_role("button", name="Run check", exact=True).click()
    expect(
        page.locator("#toasts").get_by_text("A check of every position was asked for")
    ).to_be_visible()
    assert Schedule.objects.get(name="monitor").next_run <= timezone.now()


def test_first_steps_are_hidden_by_whoever_has_seen_them(
    page: Page, site: Website, url: str
) -> None:
    page.goto(site.url)
    steps = page.get_by_role("region", name="Before you rely on it")
    expect(steps).to_contain_text("Outside heartbeat: none set")
    steps.get_by_role("button", name="Hide").click()
    expect(steps).to_have_count(0)
    page.reload()
    expect(steps).to_have_count(0)
    page.goto(url)
    expect(steps).to_be_visible()


def test_hidden_steps_come_back_by_undo(page: Page, site: Website) -> None:
    page.goto(site.url)
    steps = page.get_by_role("region", name="Before you rely on it")
    steps.get_by_role("button", name="Hide").click()
    page.get_by_role("button", name="Undo").click()
    expect(
        page.locator("#toasts").get_by_text("The list is on the first page again.")
    ).to_be_visible()
    page.reload()
    expect(steps).to_be_visible()


def test_page_is_never_wider_than_its_window(page: Page, url: str) -> None:
    trouble()
    page.goto(url)
    page.get_by_text("Table", exact=True).click()
    wide = {}
    for width in (320, 390, 768, 1024, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        if overflow(page) > 0:
            wide[width] = overflow(page)
    assert wide == {}


@pytest.mark.parametrize("width", [390, 1440])
def test_first_steps_fit_the_first_page(
    new_page: NewPage, key: str, site: Website, width: int
) -> None:
    hold("fed")
    checked()
    page = new_page(key, width=width, reduced_motion="reduce")
    page.goto(site.url)
    expect(page.get_by_role("button", name="Hide")).to_be_visible()
    picture(page, f"first-steps-light-{width}")
    assert (violations(page), page.evaluate(SMALL), overflow(page)) == ([], [], 0)
