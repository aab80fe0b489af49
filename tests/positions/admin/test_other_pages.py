"""Sources, wallets, tokens and what is only read; and that every page keeps the content policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone

from positions.models import ApiToken, Exit, JournalEntry, JsonSource, Market, Position, Wallet
from positions.services import position_open
from positions.tokens import digest_of
from positions.venues.registry import source_for
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.admin.conftest import Open, Trader, errors_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped")]
ADDRESS = "0x" + "ab" * 20


@pytest.fixture
def source(polymarket: PolymarketServer) -> Iterator[JsonSource]:
    """A price that a server on loopback tells; its host is named as allowed."""
    market = polymarket.add_market("Any", slug="any")
    polymarket.set_book(market.tokens[0], [("0.45", "20")], [("0.46", "10")])
    url = f"{polymarket.url}/clob/book?token_id={market.tokens[0]}"
    allowed = replace(settings.ENV, webhook_allowed_hosts=("127.0.0.1",))
    with override_settings(ENV=allowed):
        source_for.cache_clear()
        yield JsonSource.objects.create(
            name="any", url=url, price_path="bids.0.price", currency="USD", payout=Decimal(1)
        )
    source_for.cache_clear()


def test_a_json_price_is_tried_by_the_watch_s_own_adapter(
    trader: Trader, source: JsonSource
) -> None:
    trader.act("try_now", source, path="jsonsource/")
    assert trader.messages("jsonsource/")[0].startswith("url:any: bid 45.0¢, ask 45.0¢, told at")


def test_a_json_price_that_is_not_there_says_why(trader: Trader, source: JsonSource) -> None:
    JsonSource.objects.update(price_path="bids.7.price")
    trader.act("try_now", source, path="jsonsource/")
    assert "bids.7" in trader.messages("jsonsource/")[0]


def test_a_price_that_guards_keeps_its_name_and_currency(
    trader: Trader, source: JsonSource
) -> None:
    trader.change("position/add/", market_text="url:any", entry_price="0.5", shares="10")
    market = Position.objects.get().market
    assert (market.venue, market.key, market.currency) == ("url", "any", "USD")
    path = f"jsonsource/{source.pk}/"
    assert not {"name", "currency", "payout"} & set(trader.form(f"{path}change/"))
    assert trader.send(f"{path}delete/", {"post": "yes"}).status_code == 403
    trader.change(f"{path}change/", title="Any price", tick="0.01")
    assert Market.objects.get(key="any").tick == Decimal("0.01")


def test_a_path_that_cannot_be_one_is_refused(trader: Trader) -> None:
    values = {"name": "a", "url": "example.org/x", "price_path": "a..b", "scale": "0"}
    errors = errors_of(trader.change("jsonsource/add/", **values))
    assert set(errors) == {"price_path", "scale"}
    values |= {"price_path": "data.0.1", "scale": "100"}
    assert trader.change("jsonsource/add/", **values).status_code == 302
    assert JsonSource.objects.get().url == "https://example.org/x"


def test_a_wallet_is_added_and_synced(
    trader: Trader, polymarket: PolymarketServer, fed: FakeMarket
) -> None:
    rows = [{"token_id": fed.tokens[0], "current_size": "100", "avg_price": "0.4"}]
    polymarket.set_wallet(ADDRESS, rows)
    address = f" {ADDRESS.upper().replace('0X', '0x')} "
    assert trader.change("wallet/add/", address=address).status_code == 302
    trader.messages("wallet/")
    wallet = Wallet.objects.get()
    trader.act("sync_now", wallet, path="wallet/")
    unguarded = "1 open position of this wallet has no exit rules: nothing sells it."
    assert trader.messages("wallet/") == [
        f"{ADDRESS}: 1 holdings: 1 opened, 0 changed, 0 closed",
        f"{unguarded} Give it a strategy in Admin, and the wallet one for what is new.",
    ]
    assert Position.objects.get().wallet == wallet
    assert trader.send(f"wallet/{wallet.pk}/delete/", {"post": "yes"}).status_code == 403


def test_what_is_no_address_is_refused(trader: Trader) -> None:
    assert list(errors_of(trader.change("wallet/add/", address="0x12"))) == ["address"]


def test_a_token_is_shown_once_and_kept_nowhere(trader: Trader) -> None:
    answer = trader.change("apitoken/add/", name="buyer", enabled="on")
    found = re.search(r'value="(pm_[\w-]{43})"', answer.content.decode())
    assert found is not None
    row = ApiToken.objects.get()
    assert (row.digest, row.user) == (digest_of(found[1]), trader.user)
    assert "no-store" in answer["Cache-Control"]
    assert found[1] not in trader.get(f"apitoken/{row.pk}/change/")
    assert found[1] not in str(trader.client.cookies) + trader.get("apitoken/")


def test_a_new_token_opens_the_api(trader: Trader) -> None:
    answer = trader.change("apitoken/add/", name="buyer", enabled="on")
    token = re.search(r"pm_[\w-]{43}", answer.content.decode())
    assert token is not None
    body = {"reference": "1", "market": "sim:a", "entry_price": "0.5", "shares": "5"}
    sent = Client().post(
        "/api/positions",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token[0]}"},
    )
    assert sent.status_code == 201


def test_a_token_can_be_switched_off(trader: Trader) -> None:
    row = ApiToken.objects.create(name="x", user=trader.user, digest="0" * 64)
    trader.change(f"apitoken/{row.pk}/change/", enabled=None)
    row.refresh_from_db()
    assert (row.enabled, row.digest) == (False, "0" * 64)


def test_an_exit_can_be_cancelled_and_not_edited(trader: Trader, open_one: Open) -> None:
    exit_ = Exit.objects.create(
        position=open_one("a"), rule="manual", shares=100, created_at=timezone.now()
    )
    assert 'name="_save"' not in trader.get(f"exit/{exit_.pk}/change/")
    trader.act("cancel", exit_, path="exit/")
    assert Exit.objects.get().state == "cancelled"
    trader.act("cancel", exit_, path="exit/")
    assert "has ended already" in trader.messages("exit/")[0]


@pytest.mark.parametrize("model", ["journalentry", "market", "thesis", "exitpolicy"])
def test_what_the_house_wrote_is_only_read(trader: Trader, open_one: Open, model: str) -> None:
    open_one("a", thesis="x", policy={"stop_loss_pct": "9"})
    trader.get(f"{model}/")
    for path in ("add/", f"{JournalEntry.objects.all()[0].pk}/delete/"):
        answer = trader.client.post(f"/admin/positions/{model}/{path}", {"post": "yes"})
        assert answer.status_code in {403, 404, 302}
    assert (JournalEntry.objects.count(), Market.objects.count()) == (1, 1)


def test_every_page_keeps_the_content_policy(trader: Trader, open_one: Open) -> None:
    position = open_one("a", thesis="x", policy={"stop_loss_pct": "9"})
    pk = position.pk
    paths = [
        "",
        "position/",
        "position/add/",
        f"position/{pk}/change/",
        f"position/{pk}/history/",
        "strategy/",
        f"strategy/{position.strategy_id}/change/",
        "jsonsource/add/",
        "wallet/add/",
        "apitoken/add/",
        "journalentry/",
        "exit/",
        "thesis/",
        "exitpolicy/",
        "market/",
    ]
    pages = {path: trader.get(path) for path in paths}
    pages["close"] = trader.act("close", position).content.decode()
    pages["token"] = trader.change("apitoken/add/", name="b", enabled="on").content.decode()
    inline = re.compile(
        r"<[^>]+\s(style|on\w+)\s*=|<style|<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE
    )
    assert {path: found[0] for path, page in pages.items() if (found := inline.search(page))} == {}
    assert all('href="/">Dashboard</a>' in page for page in pages.values())


def test_a_stranger_sees_nothing(open_one: Open) -> None:
    position = open_one("a")
    for path in ("", "position/", f"position/{position.pk}/change/"):
        answer = Client().get(f"/admin/positions/{path}")
        assert (answer.status_code, "/login/" in answer["Location"]) == (302, True)


def test_a_position_of_any_venue_has_its_page(trader: Trader, fed: FakeMarket) -> None:
    trader.change("position/add/", market_text=fed.tokens[1], entry_price="0.5", shares="20")
    page = trader.get(f"position/{Position.objects.get().pk}/change/")
    assert 'href="https://polymarket.com/event/fed/fed-dec"' in page


def test_a_position_without_strategy_and_policy_has_its_page(trader: Trader) -> None:
    market = Market.objects.create(venue="sim", key="bare", outcome="Yes", question="Bare")
    position = position_open(
        market=market, entry_price=Decimal("0.5"), shares=Decimal(5), now=timezone.now()
    )
    page = trader.get(f"position/{position.pk}/change/")
    assert ("no stop" in trader.get("position/"), "Inherits nothing." in page) == (True, True)
