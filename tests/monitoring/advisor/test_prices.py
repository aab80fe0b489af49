"""What a call costs, to the micro-dollar."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, Decimal

import pytest

from monitoring.advisor import prices
from monitoring.advisor.port import Request, Usage
from tests.monitoring.advisor.gating import HAIKU, SONNET, Word, request


@pytest.mark.parametrize(
    ("model", "usage", "micro"),
    [
        (SONNET, Usage(input=2800, output=1200), 5600 + 12000),
        (HAIKU, Usage(input=1900, output=250), 190 + 125),
        (HAIKU, Usage(input=1, output=0), 1),  # a tenth of one, rounded up
        (HAIKU, Usage(input=11, output=1), 2),  # 1.1 + 0.5
        (SONNET, Usage(cache_read=10, cache_write_5m=10, cache_write_1h=10), 1 + 25 + 40),
        (HAIKU, Usage(input=100_000), 10_000),
        (HAIKU, Usage(input=100_001), 50_001),  # the dear band counts for every token
        (HAIKU, Usage(input=1, cache_read=100_000), 5_001),  # 0.5 + 5000
        (SONNET, Usage(output=100, thinking=90), 1000),  # thinking is part of the output
        (SONNET, Usage(), 0),
    ],
)
def test_usage_costs_its_price_rounded_up_once(model: str, usage: Usage, micro: int) -> None:
    assert prices.cost(model, "", usage) == micro


@pytest.mark.parametrize(
    ("asked", "answered", "micro"),
    [
        (SONNET, "", 2000),
        (SONNET, SONNET, 2000),
        (SONNET, "claude-haiku-5-5", 100),  # who answered counts
        (HAIKU, "claude-haiku-4-5-20251001", 1000),
        ("gemini-3.8-flash", "models/gemini-3.8-flash", 750),
        (SONNET, "claude-opus-9", None),
        ("llama", "", None),
        ("llama", "claude-sonnet-5-5", 2000),
    ],
)
def test_price_is_that_of_the_model_that_answered(
    asked: str, answered: str, micro: int | None
) -> None:
    assert prices.cost(asked, answered, Usage(input=1000)) == micro


@pytest.mark.parametrize(
    ("day", "micro"), [(date(2026, 12, 31), 750 + 3750), (date(2027, 1, 1), 1500 + 7500)]
)
def test_announced_change_of_a_price_counts_from_its_day_on(day: date, micro: int) -> None:
    gemini, asked = "gemini-3.8-flash", request(max_tokens=1000)
    assert prices.cost(gemini, "", Usage(input=1000, output=1000), day) == micro
    tokens = len(prices.sent(asked)) + prices.ADDED_TOKENS
    most = Decimal(micro) / 6 * tokens / 1000 + Decimal(micro) / 6 * 5
    assert prices.bound(gemini, asked, day) == most.to_integral_value(ROUND_CEILING)


@pytest.mark.parametrize("usage", [Usage(input=-1), Usage(output=10**9), Usage(thinking=-5)])
def test_absurd_usage_has_no_price(usage: Usage) -> None:
    assert prices.cost(SONNET, "", usage) is None


def test_bound_counts_every_byte_as_a_token_and_the_whole_answer() -> None:
    asked = request(user="ü" * 10, max_tokens=500)
    tokens = len(asked.system) + 20 + len(prices.schema_text(asked)) + prices.ADDED_TOKENS
    assert prices.bound(SONNET, asked) == tokens * 2 + 500 * 10


def test_bound_of_a_long_prompt_is_in_the_dear_band() -> None:
    long = request("screen", user="x" * 100_000, max_tokens=1000)
    tokens = len(long.system) + 100_000 + len(prices.schema_text(long)) + prices.ADDED_TOKENS
    assert prices.bound(HAIKU, long) == -(-tokens // 2) + 2500


def test_bound_of_an_unknown_model_is_above_that_of_any_known_one() -> None:
    asked = request()
    known = [prices.bound(name, asked) for name in ("claude-sonnet-5-5", "claude-haiku-4-5")]
    assert prices.bound("llama", asked) > max(known)


@pytest.mark.parametrize("model", ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-haiku-4-5"])
def test_no_usage_that_fits_a_request_costs_more_than_its_bound(model: str) -> None:
    for size in (10, 3_000, 99_000, 101_000):
        asked = Request("decide", "s" * 5, "u" * size, Word, 4096, 30.0)
        most = len(prices.sent(asked)) + prices.ADDED_TOKENS
        for usage in (
            Usage(input=most, output=4096),
            Usage(cache_read=most, output=4096),
            Usage(input=most // 2, cache_read=most // 2, output=4096, thinking=4000),
        ):
            found = prices.cost(model, "", usage)
            assert found is not None
            assert found <= prices.bound(model, asked)
