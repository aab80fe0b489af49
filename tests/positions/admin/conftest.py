"""A trader at the admin, and positions to work on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from positions.markets import market_ensure, resolve_reference
from positions.models import Position, Quote, Strategy
from positions.services import position_open

Open = Callable[..., Position]


class Controls(HTMLParser):
    """What a browser would send of a page's biggest form: names and present values."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._area = self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, kind = given.get("name") or "", given.get("type")
        if tag == "input" and name and kind not in {"submit", "checkbox", "radio"}:
            self.values[name] = given.get("value") or ""
        elif tag == "input" and kind == "checkbox" and "checked" in given:
            self.values[name] = given.get("value") or "on"
        elif tag == "textarea":
            self._area = name
            self.values[name] = ""
        elif tag == "select":
            self._select = name
            self.values[name] = ""
        elif tag == "option" and self._select and "selected" in given:
            self.values[self._select] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.values[self._area] = self.values[self._area].removeprefix("\n")
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data


class Trader:
    """Opens admin pages and sends their forms as a browser would."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user)

    def get(self, path: str) -> str:
        answer = self.client.get(f"/admin/positions/{path}")
        assert answer.status_code == 200, answer.status_code
        return answer.content.decode()

    def form(self, path: str) -> dict[str, str]:
        """The values that the page's form would send unchanged."""
        values = Controls(self.get(path)).values
        return {name: value for name, value in values.items() if name != "q"}

    def send(self, path: str, values: dict[str, str]) -> HttpResponse:
        answer = self.client.post(f"/admin/positions/{path}", values)
        assert isinstance(answer, HttpResponse)
        return answer

    def change(self, path: str, **changes: str | None) -> HttpResponse:
        """Opens the form, changes some values (None: leaves them out) and sends it."""
        values = self.form(path) | changes
        return self.send(path, {name: value for name, value in values.items() if value is not None})

    def act(
        self, action: str, *positions: Any, path: str = "position/", **more: str
    ) -> HttpResponse:
        values = {"action": action, "_selected_action": [one.pk for one in positions], **more}
        return self.send(path, values)  # type: ignore[arg-type]

    def messages(self, path: str = "position/") -> list[str]:
        """What the next page tells."""
        answer = self.client.get(f"/admin/positions/{path}")
        return [str(message) for message in answer.context["messages"]]


@pytest.fixture
def trader(db: None) -> Trader:
    return Trader(User.objects.create_superuser("alice"))


@pytest.fixture
def open_one(shipped: None) -> Open:
    """Opens a simulated position: `open_one("rain", entry="0.50", bid="0.48")`."""

    def open_one(
        name: str,
        *,
        entry: str = "0.50",
        bid: str | None = "0.48",
        shares: str = "100",
        strategy: str = "theta_sniper",
        now: datetime | None = None,
        **more: Any,
    ) -> Position:
        at = now or timezone.now()
        market = market_ensure(resolve_reference(f"sim:{name}"))
        if bid is not None:
            price = Decimal(bid)
            Quote.objects.filter(market=market).update(
                bid=price, bid_f=float(price), ask=price + Decimal("0.01"), told_at=at, bid_at=at
            )
        return position_open(
            market=market,
            entry_price=Decimal(entry),
            shares=Decimal(shares),
            strategy=Strategy.objects.get(name=strategy) if strategy else None,
            opened_at=at - timedelta(hours=1),
            now=at,
            **more,
        )

    return open_one


def errors_of(answer: HttpResponse) -> dict[str, list[str]]:
    """The form's errors by field of a page that was not saved."""
    assert answer.status_code == 200
    form = answer.context["adminform"].form  # type: ignore[attr-defined]
    return {name: [str(text) for text in texts] for name, texts in form.errors.items()}
