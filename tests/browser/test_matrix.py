"""Every page in both themes and on all widths: legible, reachable, within the content policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.shelf import fill
from tests.website import Website, hold

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HERE = Path(__file__).parent
AXE = (HERE / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
SHOTS = HERE / "shots"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (320, 390, 768, 1024, 1440, 1920)
PICTURED = (390, 1440)
MAIN = ("index", "position-trailing", "position-unarmed")
# Links inside a sentence or a title are exempt from the target size (WCAG 2.5.8).
SMALL = """
() => [...document.querySelectorAll('a, button, input, select, summary')]
  .filter((el) => el.checkVisibility({ visibilityProperty: true }) && !el.closest('.sr, .skip'))
  .filter((el) => !el.matches('.feed b a, p a, .skip, input[type=checkbox]'))
  .map((el) => [el, el.getBoundingClientRect()])
  .filter(([, box]) => box.width && box.height && (box.width < 24 || box.height < 24))
  .map(([el, box]) => `${el.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)
"""


def violations(page: Page) -> list[str]:
    """axe-core's complaints, each with the first element it means."""
    page.evaluate(AXE)
    run = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})"
    found = page.evaluate(run, TAGS)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def pages(site: Website) -> dict[str, str]:
    """Every page, by the name of its picture, on a book in which every state stands once."""
    rows = {name: position.pk for name, position in fill().items()}
    found = {
        "index": "/",
        "activity": "/activity/",
        "pause": "/exits/",
        "close-everything": "/close-everything/",
        "close": f"/positions/{rows['past stop']}/close/",
        "missing": "/positions/0/",
        "password": "/password/",
        "confirm": "/confirm/?again=1",
    }
    for name in ("past stop", "trailing", "unpriced", "no exit", "unarmed", "rupees", "waiting"):
        found[f"position-{name.replace(' ', '-')}"] = f"/positions/{rows[name]}/"
    return {name: f"{site.url}{path}" for name, path in found.items()}


def picture(page: Page, name: str) -> None:
    """A picture of the whole page; rows out of sight are not drawn, so the window grows first."""
    SHOTS.mkdir(exist_ok=True)
    size = page.viewport_size
    assert size is not None
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": size["width"], "height": min(height, 8000)})
    page.screenshot(path=SHOTS / f"{name}.png")
    page.set_viewport_size(size)


@pytest.mark.parametrize(
    ("width", "theme", "some"),
    [(390, "light", ()), (1440, "dark", ()), (390, "dark", MAIN), (1440, "light", MAIN)],
)
def test_every_page_passes_axe(
    new_page: NewPage, key: str, site: Website, width: int, theme: str, some: tuple[str, ...]
) -> None:
    """All pages in one theme on each width, the main ones in the other too."""
    found: dict[str, list[str]] = {}
    page = new_page(key, width=width, theme=theme, forgive=("404",), reduced_motion="reduce")
    for name, url in pages(site).items():
        if some and name not in some:
            continue
        page.goto(url)
        expect(page.locator("#beat")).to_be_visible()
        found[name] = violations(page) + page.evaluate(SMALL)
        picture(page, f"{name}-{theme}-{width}")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", PICTURED)
def test_sign_in_and_empty_book_pass_axe(
    new_page: NewPage, key: str, site: Website, width: int, theme: str
) -> None:
    stranger = new_page(width=width, theme=theme)
    stranger.goto(f"{site.url}/login/")
    picture(stranger, f"login-{theme}-{width}")
    page = new_page(key, width=width, theme=theme)
    page.goto(site.url)
    picture(page, f"empty-{theme}-{width}")
    assert [violations(stranger), violations(page)] == [[], []]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_dialogs_menus_and_banners_pass_axe(
    new_page: NewPage, key: str, site: Website, theme: str
) -> None:
    position = hold("sim-close", bid="0.5", entry="0.4", shares="10")
    page = new_page(key, theme=theme, reduced_motion="reduce")
    page.goto(site.url)
    page.locator("#beat").click()
    found = {"pill": violations(page)}
    picture(page, f"pill-{theme}")
    page.keyboard.press("Escape")
    page.locator(f"#p{position.pk} [data-menu]").click()
    found["menu"] = violations(page)
    picture(page, f"menu-{theme}")
    page.get_by_role("menuitem", name="Close now…").click()
    expect(page.get_by_role("button", name="Sell 10 Yes")).to_be_enabled()
    found["close"] = violations(page)
    picture(page, f"dialog-{theme}")
    page.get_by_role("button", name="Keep position").click()
    page.keyboard.press("?")
    found["keys"] = violations(page)
    picture(page, f"keys-{theme}")
    assert found == {"pill": [], "menu": [], "close": [], "keys": []}


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(
    new_page: NewPage, key: str, site: Website, width: int
) -> None:
    page = new_page(key, width=width, forgive=("404",))
    wide = {}
    for name, url in pages(site).items():
        page.goto(url)
        if overflow(page) > 0:
            wide[name] = overflow(page)
    assert wide == {}


def test_nothing_moves_under_reduced_motion(new_page: NewPage, key: str, site: Website) -> None:
    page = new_page(key, reduced_motion="reduce")
    pages(site)
    page.goto(site.url)
    assert page.evaluate("document.getAnimations().length") == 0


def test_numbers_are_never_announced(page: Page, site: Website) -> None:
    pages(site)
    page.goto(site.url)
    regions = page.locator("[aria-live]:not([aria-live=off])").evaluate_all(
        "all => all.map(el => [el.id, el.ariaLive])"
    )
    assert regions == [["live-polite", "polite"], ["live-assert", "assertive"]]
