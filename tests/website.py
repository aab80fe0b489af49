"""The product's web process against the test's own database, and a book to look at in it.

Rows are written in this process through the product's services; the web process is a real
uvicorn, so everything between database, feed, socket and browser is what a user gets.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from monitoring.models import MonitorRun
from positions.models import Market, Position, PricePoint, Quote
from positions.services import position_open
from tests.installation import ROOT
from tests.servers import free_port, wait_until

PASSWORD = "correct horse battery staple"
COOKIE = settings.SESSION_COOKIE_NAME


def database_url() -> str:
    """The test database as the contract's DATABASE_URL."""
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(str(config['NAME']))}"
    user, password = quote(config["USER"]), quote(config["PASSWORD"] or "")
    host = quote(config["HOST"] or "", safe="")
    return f"postgres://{user}:{password}@{host}:{config['PORT']}/{config['NAME']}"


class Website:
    """A running web process. `application` is its ASGI program."""

    def __init__(self, application: str, **environ: str) -> None:
        self.application, self.environ = application, environ
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket_url = f"ws://127.0.0.1:{self.port}/ws/live/"
        self.start()

    def start(self) -> None:
        """Starts it, again on the same port, and waits until it answers."""
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(),
            "SECRET_KEY": settings.SECRET_KEY,
            **self.environ,
        }
        command = [sys.executable, "-m", "uvicorn", self.application, "--port", str(self.port)]
        command += ["--log-level", "warning", "--ws-per-message-deflate", "false"]
        command += ["--no-proxy-headers", "--ws-max-size", "4096"]
        command += ["--lifespan", "off"]  # no watchman writes into the test's journal
        self.process = subprocess.Popen(command, cwd=ROOT, env=env)
        wait_until(self._answers, seconds=30, what="the web process")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/livez", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """Ends it as the supervisor does."""
        self.process.terminate()
        self.process.wait(10)


@contextmanager
def website(application: str = "pmsite.asgi:application", **environ: str) -> Iterator[Website]:
    """A web process for as long as the block lasts."""
    site = Website(application, **environ)
    try:
        yield site
    finally:
        site.stop()


def member(name: str = "alice", *, acts: bool = True) -> Client:
    """A signed-in user's client; one who may not act may only look."""
    users = get_user_model().objects
    user = users.create_superuser(name, password=PASSWORD) if acts else users.create_user(name)
    client = Client()
    client.force_login(user)
    return client


def session(client: Client) -> str:
    """The client's session key."""
    return str(client.cookies[COOKIE].value)


def hold(
    key: str = "fed",
    *,
    bid: str | None = "0.634",
    entry: str = "0.58",
    shares: str = "950",
    policy: dict[str, Any] | None = None,
    **values: Any,
) -> Position:
    """A position on a simulated market with a stop at 15 % and a target at 20 %, priced at `bid`."""
    facts = {
        name: values.pop(name) for name in ("question", "currency", "payout") if name in values
    }
    market = Market.objects.create(
        venue="sim",
        key=key,
        outcome=values.pop("outcome", "Yes"),
        question=facts.pop("question", f"Will {key} happen?"),
        currency=facts.pop("currency", "USDC"),
        payout=facts.pop("payout", Decimal(1)),
        tick=Decimal("0.001"),
        min_size=Decimal(5),
    )
    Quote.objects.create(market=market, payout=market.payout)
    position = position_open(
        market=market,
        entry_price=Decimal(entry),
        shares=Decimal(shares),
        now=values.pop("now", timezone.now()),
        policy=policy
        if policy is not None
        else {"stop_loss_pct": Decimal(15), "take_profit": [{"pct": Decimal(20)}]},
        **values,
    )
    if bid is not None:
        tell(position, bid)
    return position


def tell(position: Position, bid: str, *, ask: str | None = None, problem: str = "") -> None:
    """A new reading of the position's market, written as a pass writes it."""
    now = timezone.now()
    quote_ = Quote.objects.get(market=position.market)
    if quote_.bid is not None and quote_.bid_since and quote_.bid_at:
        PricePoint.objects.create(
            market=position.market, since=quote_.bid_since, until=quote_.bid_at, bid=quote_.bid
        )
    quote_.bid, quote_.bid_f = Decimal(bid), float(bid)
    quote_.ask = Decimal(ask) if ask else Decimal(bid) + Decimal("0.01")
    quote_.problem = problem
    quote_.told_at = quote_.bid_at = quote_.bid_since = now
    quote_.save()


def checked(*, ago: timedelta = timedelta(0), **values: Any) -> MonitorRun:
    """A complete pass that ended `ago`."""
    at: datetime = timezone.now() - ago
    row = {"state": "complete", "started_at": at - timedelta(seconds=1), "finished_at": at}
    return MonitorRun.objects.create(**(row | {"prices_at": at} | values))
