from __future__ import annotations

import pytest

from positions.venues.base import PermanentError
from positions.venues.polymarket.reference import Reference, read

TOKEN = "25070934348813416902477876984955073880416401960631253331845590271167412497744"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("fed-dec", "market", "fed-dec"),
        (" fed-dec ", "market", "fed-dec"),
        ("2026", "market", "2026"),
        (TOKEN, "token", TOKEN),
        ("0x" + "AB" * 32, "condition", "0x" + "ab" * 32),
        ("0x" + "ab" * 31, "condition", "0x" + "ab" * 31),
        ("https://polymarket.com/event/fed", "event", "fed"),
        ("https://polymarket.com/event/fed/fed-dec", "market", "fed-dec"),
        ("https://polymarket.com/event/fed/fed-dec?x=1#buy", "market", "fed-dec"),
        ("https://polymarket.com/es/event/fed/fed-dec/", "market", "fed-dec"),
        (f"https://polymarket.com/event/fed?tid={TOKEN}", "token", TOKEN),
        ("https://polymarket.com/event/fed/fed-dec?tid=1795361292032", "market", "fed-dec"),
        ("http://www.polymarket.com/market/fed-dec", "market", "fed-dec"),
        ("polymarket.com/event/fed", "event", "fed"),
        ("https://polymarket.com/sports/nba/nba-phi-lac-2026-02-02", "market",
         "nba-phi-lac-2026-02-02"),
    ],
)  # fmt: skip
def test_reference_is_understood(text: str, kind: str, value: str) -> None:
    assert read(text) == Reference(kind, value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "two words",
        "https://example.org/event/fed",
        "https://polymarket.com/",
        "https://polymarket.com.evil.example/event/fed",
        "https://polymarket.com/event/fed%2f..",
        "http://[::1/event/x",
        "-fed",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(PermanentError):
        read(text)
