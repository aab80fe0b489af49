"""Chromium on the product's own web process. Every page is watched for what it may never do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.website import COOKIE, Website, member, session, website

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Counts what the content policy refused; DevTools would tell it as a console error only.
WATCH = """
window.refused = [];
document.addEventListener('securitypolicyviolation', (e) => {
  refused.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`);
});
"""


@dataclass
class Faults:
    """What a page did wrong; texts of `expected` are passed over (a link that is cut on purpose)."""

    errors: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def found(self) -> list[str]:
        return [error for error in self.errors if not any(text in error for text in self.expected)]


@pytest.fixture(scope="package", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright's sync API keeps an event loop in this thread, which Django takes for async code."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Website]:
    """The product's web process on the test database."""
    with django_db_blocker.unblock(), website() as running:
        yield running


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Ended with this folder's tests: its event loop would stand in the way of the async ones."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def key(transactional_db: None) -> str:
    """Session key of alice, who may act."""
    return session(member())


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser, site: Website) -> Iterator[NewPage]:
    """Makes pages: `new_page(key, width=390, theme="dark")`. At the end none of them may have had
    an error, a warning in the console or a violation of the content policy.
    """
    contexts: list[BrowserContext] = []
    pages: list[tuple[Page, Faults]] = []

    def make(
        key: str = "",
        *,
        width: int = 1440,
        theme: str = "light",
        forgive: tuple[str, ...] = (),
        **options: Any,
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        context.add_init_script(f"try {{ localStorage.setItem('theme', '{theme}') }} catch {{}}")
        context.add_init_script(WATCH)
        if key:
            context.add_cookies([{"name": COOKIE, "value": key, "url": site.url}])
        page = context.new_page()
        faults = Faults(expected=forgive)
        page.on("pageerror", lambda error: faults.errors.append(str(error)))
        page.on("console", lambda message: _note(faults, message.type, message.text))
        pages.append((page, faults))
        return page

    yield make
    refused = [
        page.evaluate("window.refused || []") for page, _ in pages if page.url.startswith("http")
    ]
    wrong = [faults.found() for _, faults in pages]
    for context in contexts:
        context.close()
    assert (refused, wrong) == ([[]] * len(refused), [[]] * len(wrong))


def _note(faults: Faults, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        faults.errors.append(text)


@pytest.fixture
def page(new_page: NewPage, key: str) -> Page:
    """A page of alice's, 1440 wide, light."""
    return new_page(key)
