from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from positions.venues.base import PermanentError
from positions.venues.polymarket import PolymarketSource
from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.positions.venues.polymarket_kit import ONE


@pytest.mark.parametrize(
    "reference",
    [
        "fed-dec",
        "{condition}",
        "https://polymarket.com/event/fed/fed-dec",
        "https://polymarket.com/event/fed",
        "fed",
    ],
)
def test_market_is_found_by_every_name(
    source: PolymarketSource, market: FakeMarket, reference: str
) -> None:
    found = source.find(reference.format(condition=market.condition_id))
    assert [(info.outcome, info.token) for info in found] == list(
        zip(market.outcomes, market.tokens, strict=True)
    )


@pytest.mark.parametrize(
    "form", [str, lambda token: f"https://polymarket.com/event/fed?tid={token}"]
)
def test_token_names_one_outcome(source: PolymarketSource, market: FakeMarket, form: Any) -> None:
    (info,) = source.find(form(market.tokens[1]))
    assert (info.outcome, info.outcome_index) == ("No", 1)


def test_token_of_the_other_outcome_is_told(source: PolymarketSource, market: FakeMarket) -> None:
    with pytest.raises(PermanentError, match="this is the token of No, not of 'Yes'"):
        source.find(market.tokens[1], "Yes")


def test_hex_token_is_understood(server: PolymarketServer, source: PolymarketSource) -> None:
    token = str(int("0x" + "9f" * 32, 16))
    server.add_market("Hex?", tokens=(token, "1" * 77))
    (info,) = source.find("0x" + "9f" * 32)
    assert info.token == token


def test_found_market_is_described_in_full(
    server: PolymarketServer, source: PolymarketSource
) -> None:
    server.add_market(
        "Nuggets win?",
        slug="nba",
        event_slug="nba-finals",
        tick="0.001",
        min_size="15",
        fee_rate="0.03",
        fee_exponent=2,
        end="2026-12-01T00:00:00Z",
        game_start="2026-11-30 23:30:00+00",
        description="Yes if the Nuggets\x00 win.",
        neg_risk=True,
    )
    (info,) = source.find("nba", "YES")
    assert (info.venue, info.question, info.slug) == ("polymarket", "Nuggets win?", "nba")
    assert info.url == "https://polymarket.com/event/nba-finals/nba"
    assert (info.payout, info.currency, info.state) == (ONE, "USDC", "open")
    assert (info.tick, info.min_size) == (Decimal("0.001"), Decimal(15))
    assert (info.fee_rate, info.fee_exponent) == (Decimal("0.03"), 2)
    assert [t.isoformat() for t in (info.ends_at, info.game_at) if t] == [
        "2026-12-01T00:00:00+00:00",
        "2026-11-30T23:30:00+00:00",
    ]
    assert (info.data["index"], info.data["neg_risk"]) == (0, True)
    assert info.criteria == "Yes if the Nuggets win."


def test_clob_is_the_authority_on_terms_and_gamma_the_fallback(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket
) -> None:
    server.edit_market(market.slug, raw={"id": "1", "question": "Q?", "slug": "fed-dec",
                       "conditionId": market.condition_id, "outcomes": '["Yes", "No"]',
                       "clobTokenIds": list(market.tokens), "orderPriceMinTickSize": 0.1})  # fmt: skip
    assert source.find("fed-dec")[0].tick == Decimal("0.01")
    server.knob("404", route="clob/clob-markets/*")
    assert source.find("fed-dec")[0].tick == Decimal("0.1")


def test_resolved_market_is_found_as_resolved(
    server: PolymarketServer, source: PolymarketSource, market: FakeMarket
) -> None:
    server.resolve(market.slug, (1_000_000, 0))
    assert {info.state for info in source.find("fed-dec")} == {"resolved"}


@pytest.mark.parametrize(
    ("reference", "outcome", "text"),
    [
        ("fed-dec", "Maybe", "fed-dec: no outcome 'Maybe'; it has Yes, No"),
        ("nothing", "", "nothing: Polymarket knows no such market"),
        ("7" * 77, "", "7" * 77 + ": Polymarket knows no such market"),
        ("0x" + "12" * 32, "", "0x" + "12" * 32 + ": Polymarket knows no such market"),
        ("cup", "", "cup: an event of 2 markets, name one: market-2, market-3"),
        ("two words", "", "'two words' is no Polymarket slug, address, condition id or token id"),
    ],
)
def test_what_cannot_be_found_is_named(
    server: PolymarketServer,
    source: PolymarketSource,
    market: FakeMarket,
    reference: str,
    outcome: str,
    text: str,
) -> None:
    for name in ("A", "B"):
        server.add_market(f"{name} wins?", event_slug="cup")
    with pytest.raises(PermanentError) as caught:
        source.find(reference, outcome)
    assert str(caught.value) == text
