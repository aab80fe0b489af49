"""Numbers as a person writes them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from positions.domain.wording import (
    Sentence,
    money_text,
    percent_text,
    price_text,
    shares_text,
    signed_money_text,
)


@pytest.mark.parametrize(
    ("price", "payout", "currency", "text"),
    [
        ("0.441", "1", "USDC", "44.1¢"),
        ("0.45", "1", "USDC", "45.0¢"),
        ("0.617548", "1", "USDC", "61.75¢"),
        ("0.0005", "1", "USDC", "0.05¢"),
        ("1", "1", "USDC", "100.0¢"),
        ("0.44", "1", "EUR", "€0.44"),
        ("52", "100", "PKR", "Rs 52.00"),
        ("52.12345", "100", "PKR", "Rs 52.1234"),
        ("81234.5", None, "USD", "$81,234.50"),
        ("81234.5", None, "", "81,234.50"),
        ("3", None, "XYZ", "XYZ 3.00"),
        ("-0.9", "100", "PKR", "−Rs 0.90"),
        ("-0.068", "1", "USDC", "−6.8¢"),
    ],
)
def test_price_is_in_cents_where_a_share_pays_a_dollar(
    price: str, payout: str | None, currency: str, text: str
) -> None:
    assert price_text(Decimal(price), (payout and Decimal(payout)) or None, currency) == text


@pytest.mark.parametrize(
    ("amount", "text", "signed"),
    [
        ("1240.5", "$1,240.50", "+$1,240.50"),
        ("-97.96", "−$97.96", "−$97.96"),
        ("0", "$0.00", "$0.00"),
        ("0.125", "$0.12", "+$0.12"),
        ("0.001", "$0.00", "$0.00"),
        ("-0.001", "$0.00", "$0.00"),
    ],
)
def test_money_has_its_sign_first(amount: str, text: str, signed: str) -> None:
    assert money_text(Decimal(amount), "USDC") == text
    assert signed_money_text(Decimal(amount), "USDC") == signed


@pytest.mark.parametrize(
    ("shares", "text"),
    [("1240.00", "1,240"), ("1240.50", "1,240.5"), ("100", "100"), ("1E+2", "100")],
)
def test_shares_say_no_digit_too_many(shares: str, text: str) -> None:
    assert shares_text(Decimal(shares)) == text


def test_percent_has_one_digit_and_a_real_minus() -> None:
    assert percent_text(Decimal("13.25")) == "13.2 %"
    assert percent_text(Decimal(-4)) == "−4.0 %"


def test_sentence_fills_prices_words_and_sentences() -> None:
    why = Sentence(
        "%(bid)s is low", {"bid": Decimal("0.4")}, lambda price: f"{price * 100:f} cents"
    )
    sentence = Sentence("%(what)s: %(why)s%(rest)s", {"what": "stop", "why": why, "rest": ""})
    assert str(sentence) == "stop: 40.0 cents is low"
    german = {"stop": "Stopp", "%(bid)s is low": "%(bid)s ist wenig", "": "catalogue header"}
    assert sentence.render(lambda text: german.get(text, text)) == "Stopp: 40.0 cents ist wenig"


def test_sentence_without_a_price_format_writes_plain_numbers() -> None:
    assert str(Sentence("%(n)s", {"n": Decimal("0.10")})) == "0.10"
