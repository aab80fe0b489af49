"""The AI pages under a person's hands: legible, by keyboard, live, and without JavaScript."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from monitoring.models import Question
from monitoring.questions.asking import raise_question
from positions.models import Exit
from tests.browser import shelf
from tests.browser.conftest import NewPage
from tests.browser.test_live import linked
from tests.browser.test_matrix import SMALL, overflow, picture, violations
from tests.deciding import decided, fill, headline, judged, question, screened
from tests.website import Website, checked, hold, member, session, tell

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Supercalifragilistic" * 12


@pytest.fixture
def asked() -> Question:
    """An open question with a SELL, on 100 shares at 44.1¢."""
    position = hold("fed", bid="0.441", entry="0.52", shares="100", policy={})
    made = question(position)
    decided(made)
    checked()
    return made


def paths(story: dict[str, Any]) -> dict[str, str]:
    """The pages, by the names of their pictures."""
    return {
        "decisions": "/decisions/",
        "decision-open": f"/decisions/{story['open'].pk}/",
        "decision-asks": f"/decisions/{story['asks'].pk}/",
        "position-ai": f"/positions/{story['open'].position_id}/",
        "index-ai": "/",
    }


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1440, "dark")])
def test_pages_pass_axe_and_fit_their_window(
    new_page: NewPage, key: str, site: Website, width: int, theme: str
) -> None:
    page = new_page(key, width=width, theme=theme, reduced_motion="reduce")
    found: dict[str, list[str]] = {}

    def look(name: str, path: str) -> None:
        page.goto(f"{site.url}{path}")
        expect(page.locator("#beat")).to_be_visible()
        found[name] = violations(page) + page.evaluate(SMALL)
        picture(page, f"{name}-{theme}-{width}")
        for narrow in (320, width):
            page.set_viewport_size({"width": narrow, "height": 900})
            if overflow(page) > 0:
                found[name].append(f"{overflow(page)} px too wide at {narrow}")

    look("decisions-empty", "/decisions/")
    rows = shelf.fill()
    story = fill(rows)
    wide = headline(rows["past stop"], LONG, publisher=LONG[:100])
    screened(rows["past stop"], wide, summary=LONG)
    decided(question(rows["rupees"], reason=LONG), reasoning=LONG, against=LONG)
    judged(question(rows["no stop"], "held", outcome="held"), 60)
    for name, path in paths(story).items():
        look(name, path)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_approval_by_keyboard_after_the_price_has_moved(
    new_page: NewPage, key: str, site: Website, asked: Question
) -> None:
    page = new_page(key, forgive=("409",))
    page.goto(f"{site.url}/decisions/{asked.pk}/")
    linked(page)
    tell(asked.position, "0.40")
    answer = page.locator("#d1-answer")
    expect(answer).to_contain_text("is 40.0¢ now", timeout=10_000)
    tick = answer.get_by_label("Sell all the same")
    tick.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(answer.get_by_role("button", name="Approve: Sell 100 Yes")).to_be_focused()
    tell(asked.position, "0.30")  # nothing changes under the hand, the server asks once more
    page.wait_for_timeout(300)
    page.keyboard.press("Enter")
    expect(page.locator("#d1-loud")).to_contain_text("Nothing was sold yet")
    answer = page.locator("#d1-answer")
    answer.get_by_label("Sell all the same").check()
    answer.get_by_role("button", name="Approve: Sell 100 Yes").click()
    expect(page.get_by_role("status").first).to_contain_text("Approved: selling 100 Yes")
    exit_ = Exit.objects.get()
    assert (exit_.rule, exit_.shares, exit_.trigger_price) == ("ai_exit", 100, Decimal("0.30"))


def test_decline_and_undo_with_real_clicks(
    new_page: NewPage, key: str, site: Website, asked: Question
) -> None:
    page = new_page(key)
    page.goto(f"{site.url}/decisions/{asked.pk}/")
    linked(page)
    counts = page.locator("nav.nav [data-asks]")
    expect(counts).to_contain_text("1")
    page.get_by_role("button", name="Decline: hold").click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("Declined: nothing is sold for this.")
    expect(page.locator("#d1-answer")).to_have_count(0)
    expect(page.locator("#d1-said")).to_contain_text("Declined by alice")
    expect(counts).to_be_hidden()
    toast.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Decline: hold")).to_be_visible()
    expect(counts).to_be_visible()


def test_pages_learn_of_questions_by_themselves(new_page: NewPage, key: str, site: Website) -> None:
    position = hold("fed", bid="0.441", policy={})
    checked()
    pages = {}
    for path in ("/", "/decisions/", f"/positions/{position.pk}/"):
        pages[path] = new_page(key)
        pages[path].goto(f"{site.url}{path}")
        linked(pages[path])
    now = timezone.now()
    made = raise_question(
        position_id=position.pk, rule="soft_stop", urgency="high", reason="soft", now=now, bid=None
    )
    expect(pages["/decisions/"].locator("#de-open")).to_contain_text("Waits for the AI")
    expect(pages[f"/positions/{position.pk}/"].locator("#pos-ai")).to_contain_text("Soft stop")
    Question.objects.filter(pk=made.pk).update(state="open", answer_until=now)
    raise_question(
        position_id=position.pk, rule="asked", urgency="medium", reason="by hand", now=now
    )
    expect(pages["/"].locator("#asks")).to_contain_text("Soft stop: Will fed happen?")
    pages["/"].get_by_role("link", name="Decide: Soft stop").click()
    expect(pages["/"]).to_have_url(f"{site.url}/decisions/{made.pk}/")


def test_everything_works_without_javascript(
    new_page: NewPage, key: str, site: Website, asked: Question
) -> None:
    page = new_page(key, java_script_enabled=False)
    page.goto(f"{site.url}/decisions/")
    page.get_by_role("link", name="Decide").click()
    page.get_by_role("button", name="Decline: hold").click()
    expect(page.get_by_role("status").first).to_contain_text("Declined")
    page.get_by_role("button", name="Take the decline back").click()
    page.get_by_role("button", name="Approve: Sell 100 Yes").click()
    expect(page.get_by_role("status").first).to_contain_text("Approved: selling 100 Yes")
    assert Exit.objects.get().rule == "ai_exit"


def test_phone_has_the_page_in_its_bar_and_viewers_have_no_buttons(
    new_page: NewPage, site: Website, asked: Question
) -> None:
    page = new_page(session(member("bob", acts=False)), width=390)
    page.goto(site.url)
    page.locator(".tabbar").get_by_role("link", name="AI").click()
    expect(page).to_have_url(f"{site.url}/decisions/")
    page.get_by_role("link", name="Look: Soft stop").click()
    expect(page.locator("#d1-answer")).to_contain_text("Your account may look, not act.")
    assert page.locator("#decision button, #decision input").count() == 0
