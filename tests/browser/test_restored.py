"""A restored book in a real page: loud, compared, confirmed; and open pages begin anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from monitoring.keeping.epoch import begin_epoch, feed_epoch
from positions.services import exits_are_paused
from positions.services.switches import exits_hold_restored
from tests.browser.conftest import NewPage
from tests.browser.test_live import linked
from tests.browser.test_matrix import SMALL, overflow, picture, violations
from tests.website import Website, hold

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def restore() -> None:
    now = timezone.now()
    exits_hold_restored(made_at=now - timedelta(hours=9), now=now)
    begin_epoch(now=now)


def test_open_page_is_told_and_leads_to_comparing_and_resuming(page: Page, site: Website) -> None:
    hold("a", shares="950")
    page.goto(site.url)
    linked(page)
    restore()
    banner = page.locator("#b-restored")
    expect(banner).to_contain_text("Compare 1 open position with your wallet", timeout=5000)
    expect(page.locator("#b-paused")).to_be_hidden()
    banner.get_by_role("link", name="Compare and resume…").click()
    expect(page.locator(".compare")).to_contain_text("950 shares")
    page.get_by_role("button", name="Resume exits").click()  # not ticked: the form stays
    assert exits_are_paused()
    page.get_by_label("I have compared these positions").check()
    page.get_by_role("button", name="Resume exits").click()
    expect(page.get_by_role("status").first).to_contain_text("Exits are on again")
    expect(banner).to_be_hidden()


def test_page_that_comes_back_after_a_restore_begins_with_a_snapshot(
    new_page: NewPage, key: str, site: Website
) -> None:
    hold("a")
    page = new_page(key, forgive=("WebSocket connection",))
    sockets: list[str] = []
    frames: list[str] = []

    def opened(socket: object) -> None:
        sockets.append(socket.url)  # type: ignore[attr-defined]
        socket.on("framereceived", lambda frame: frames.append(str(frame)[:30]))  # type: ignore[attr-defined]

    page.on("websocket", opened)
    page.goto(site.url)
    linked(page)
    assert not any("snapshot" in frame for frame in frames)
    assert sockets[0].endswith("&epoch=0")
    site.stop()
    restore()
    site.start()
    expect(page.locator("#b-restored")).to_be_visible(timeout=20_000)
    page.wait_for_timeout(500)
    assert any("snapshot" in frame for frame in frames)
    page.evaluate("dispatchEvent(new Event('online'))")  # connect anew
    linked(page)
    page.wait_for_timeout(500)
    assert sockets[-1].endswith(f"&epoch={feed_epoch()}")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_its_page_passes_axe_and_fits(
    new_page: NewPage, key: str, site: Website, width: int, theme: str
) -> None:
    for name in ("a", "b", "supercalifragilistic" * 4):
        hold(name)
    restore()
    page = new_page(key, width=width, theme=theme, reduced_motion="reduce")
    page.goto(f"{site.url}/exits/")
    expect(page.locator("#b-restored")).to_be_visible()
    picture(page, f"restored-{theme}-{width}")
    assert (violations(page) + page.evaluate(SMALL), overflow(page)) == ([], 0)
