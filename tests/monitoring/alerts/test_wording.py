from __future__ import annotations

from typing import Any

import pytest

from monitoring.alerts.wording import Alert, details, first_line
from tests.monitoring.alerts.book import FACTS, STOPPED

PKR = {"currency": "PKR", "payout": "100", "question": "Will Pakistan win?"}


def line(kind: str, rule: str = "", /, **data: Any) -> str:
    return first_line(Alert(kind, "", rule, FACTS | data))


def test_first_line_of_a_stop_is_the_contract_s_example() -> None:
    alert = Alert("exit_done", "44.1¢ is at or below …", "stop_loss", STOPPED)
    assert first_line(alert) == "PAPER · STOP · Fed cuts in Dec · Yes 44.1¢ ≤ 45.0¢ · −$97.96"


@pytest.mark.parametrize(
    ("rule", "numbers", "expected"),
    [
        (
            "take_profit",
            ("0.62", "0.6", "0.62", "124"),
            "TAKE PROFIT · {} 62.0¢ ≥ 60.0¢ · +$124.00",
        ),
        (
            "trailing_stop",
            ("0.61", "0.617", "0.6", "11"),
            "TRAILING STOP · {} 61.0¢ ≤ 61.7¢ · +$11.00",
        ),
        ("fair_value", ("0.7", "0.7", "0.7", "1"), "FAIR VALUE · {} 70.0¢ ≥ 70.0¢ · +$1.00"),
        ("momentum_exit", ("0.58", "0.59", "0.575", "3"), "MOMENTUM · {} 57.5¢ · +$3.00"),
        ("time_exit", ("0.5", None, "0.498", "-2"), "TIME · {} 49.8¢ · −$2.00"),
        ("manual", (None, None, "0.5", "0"), "MANUAL · {} 50.0¢ · $0.00"),
        ("ai_exit", (None, None, "0.5", "-1"), "AI EXIT · {} 50.0¢ · −$1.00"),
    ],
)
def test_first_line_names_every_rule_with_what_it_met(
    rule: str, numbers: tuple[str | None, ...], expected: str
) -> None:
    names = ("trigger_price", "level", "price", "pnl")
    data = {"mode": "paper", **dict(zip(names, numbers, strict=True))}
    assert line("exit_done", rule, **data) == "PAPER · " + expected.format("Fed cuts in Dec · Yes")


@pytest.mark.parametrize(
    ("kind", "rule", "data", "expected"),
    [
        ("unpriced", "", {"problem": "no bids"}, "PRICE ERROR · {} · no bids"),
        ("priced", "", {"bid": "0.5"}, "PRICE BACK · {} 50.0¢"),
        ("stop_blocked", "stop_loss", {"bid": "0.4", "level": "0.45"}, "STOP BLOCKED · {} 40.0¢ ≤ 45.0¢"),
        ("unarmed", "stop_loss", {"bid": "0.4", "level": "0.45"}, "NOT ARMED · STOP · {} 40.0¢ ≤ 45.0¢"),
        ("exit_failed", "stop_loss", {"problem": "refused"}, "EXIT FAILED · STOP · {} · refused"),
        ("exit_partial", "stop_loss", {"sold": "5", "left": "7.5"}, "PARTLY SOLD · STOP · {} · 7.5 shares left"),
        ("exit_partial", "time_exit", {"sold": "0", "left": "9"}, "NOT SOLD · TIME · {} · 9 shares left"),
        ("exit_paused", "stop_loss", {"bid": "0.4", "level": "0.45"}, "EXIT PAUSED · STOP · {} 40.0¢ ≤ 45.0¢"),
        ("ask", "soft_stop", {"bid": "0.46", "level": "0.47"}, "ASK · SOFT STOP · {} 46.0¢ ≤ 47.0¢"),
        ("ask", "adverse_move", {"bid": "0.46", "level": "0.47"}, "ASK · ADVERSE MOVE · {} 46.0¢ ≤ 47.0¢"),
        ("dust", "stop_loss", {"shares": "0.4"}, "DUST · {} · 0.4 shares left"),
        ("settled", "settled", {"price": "1", "pnl": "48"}, "SETTLED · {} 100.0¢ · +$48.00"),
        ("settled", "settled", {"price": "0", "pnl": "-52"}, "SETTLED · {} 0.0¢ · −$52.00"),
        ("wallet_vanished", "", {"shares": "9"}, "CLOSED ELSEWHERE? · {}"),
        ("wallet_closed", "", {"price": "0.5"}, "CLOSED ELSEWHERE · {} 50.0¢"),
        ("error", "", {}, "ERROR · {}"),
        ("something_new", "", {}, "SOMETHING NEW · {}"),
    ],
)  # fmt: skip
def test_first_line_of_what_is_no_exit(
    kind: str, rule: str, data: dict[str, str], expected: str
) -> None:
    assert line(kind, rule, **data) == "PAPER · " + expected.format("Fed cuts in Dec · Yes")


SAID = {"verdict": "sell", "confidence": "0.86", "quote": "CPI surprise", "sources": 2}


@pytest.mark.parametrize(
    ("kind", "rule", "data", "expected"),
    [
        ("ai_alert", "ai_alert", {"bid": "0.44", "quote": "CPI up", "sources": 1}, "NEWS ALERT · {} 44.0¢ · “CPI up” (1 source)"),
        ("ai_alert", "ai_alert", {}, "NEWS ALERT · {}"),
        ("ai_decision", "soft_stop", SAID | {"bid": "0.441", "state": "open"}, "AI SUGGESTS SELL 0.86 · {} 44.1¢ · “CPI surprise” (2 sources)"),
        ("ai_decision", "soft_stop", SAID | {"verdict": "reduce", "state": "open"}, "AI SUGGESTS REDUCE 0.86 · {} · “CPI surprise” (2 sources)"),
        ("ai_decision", "soft_stop", {"verdict": "ask", "state": "open", "confidence": ""}, "YOU DECIDE · {}"),
        ("ai_decision", "soft_stop", {"verdict": "hold", "state": "held", "confidence": "0.71"}, "AI: HOLD 0.71 · {}"),
        ("ai_decision", "soft_stop", SAID | {"state": "acted"}, "AI: SELL 0.86 · {} · “CPI surprise” (2 sources)"),
        ("ai_expired", "soft_stop", {}, "NOT ANSWERED · {} · nobody answered: held"),
        ("exit_done", "ai_exit", SAID | {"price": "0.5", "pnl": "-1"}, "AI EXIT · {} 50.0¢ · −$1.00 · SELL 0.86 · “CPI surprise” (2 sources)"),
        ("exit_done", "stop_loss", SAID | {"price": "0.5", "pnl": "-1"}, "STOP · {} 50.0¢ · −$1.00"),
    ],
)  # fmt: skip
def test_first_line_of_what_the_ai_stage_tells(
    kind: str, rule: str, data: dict[str, object], expected: str
) -> None:
    alert = Alert(kind, "nobody answered: held", rule, FACTS | data)
    assert first_line(alert) == "PAPER · " + expected.format("Fed cuts in Dec · Yes")


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        ("Read https://evil.example/now", "Read evil.example/now"),
        ("HTTP://evil.example javascript://x", "evil.example x"),
        ("two\nlines\tand” more “quotes", "two lines and' more 'quotes"),
        ("x" * 100, "x" * 79 + "…"),
    ],
)
def test_words_of_strangers_are_one_short_line_without_an_address(quote: str, shown: str) -> None:
    found = line("ai_alert", "ai_alert", quote=quote, sources=1)
    assert found.endswith(f" · “{shown}” (1 source)")


@pytest.mark.parametrize("sources", ["2", None, -1, 0, 2.5, True])
def test_count_of_sources_that_is_none_is_left_out(sources: object) -> None:
    alert = Alert("ai_alert", "", "ai_alert", FACTS | {"quote": "x", "sources": sources})
    assert first_line(alert).endswith(" · “x”")


def test_first_line_of_a_demo_position_starts_with_demo() -> None:
    assert line("priced", bid="0.5", demo=True).startswith("DEMO · PAPER · PRICE BACK · ")


def test_first_line_writes_prices_in_the_market_s_currency() -> None:
    data = PKR | {"trigger_price": "50.4", "level": "51", "price": "50", "pnl": "-1000"}
    assert line("exit_done", "stop_loss", **data) == (
        "PAPER · STOP · Will Pakistan win? · Yes Rs 50.40 ≤ Rs 51.00 · −Rs 1,000.00"
    )


def test_first_line_never_claims_a_comparison_that_does_not_hold() -> None:
    data = {"trigger_price": "0.46", "level": "0.45", "price": "0.46", "pnl": "-1"}
    assert "≤" not in line("exit_done", "stop_loss", **data)


@pytest.mark.parametrize("kind", ["exit_done", "exit_partial", "unpriced", "settled", "dust"])
def test_first_line_without_data_falls_back_to_the_entry_s_sentence(kind: str) -> None:
    alert = Alert(kind, "what\n happened", "stop_loss", {})
    assert first_line(alert).endswith(" · what happened")


@pytest.mark.parametrize("value", [None, "", "NaN", "Infinity", "abc", [], {"a": 1}, True])
def test_first_line_survives_any_value_under_a_number_s_key(value: object) -> None:
    keys = ("trigger_price", "level", "price", "pnl", "payout", "bid", "left", "sold")
    data = dict.fromkeys(keys, value)
    assert line("exit_done", "stop_loss", **data).startswith("PAPER · STOP · Fed cuts in Dec · Yes")


def test_first_line_of_a_house_wide_entry_is_its_sentence() -> None:
    alert = Alert("exits_paused", "ALL EXITS PAUSED: no stop will sell")
    assert first_line(alert) == "PAPER · EXITS PAUSED · ALL EXITS PAUSED: no stop will sell"


def test_first_line_is_one_line_and_keeps_its_end_however_long_the_question() -> None:
    found = first_line(Alert("exit_done", "t", "stop_loss", STOPPED | {"question": "word\n" * 99}))
    assert (
        len(found) <= 500,
        "\n" in found,
        found.endswith("… · Yes 44.1¢ ≤ 45.0¢ · −$97.96"),
    ) == (
        True,
        False,
        True,
    )


def test_details_hold_the_sale_and_what_is_still_held() -> None:
    alert = Alert("exit_done", "the reason", "momentum_exit", STOPPED | {"held": "620"})
    assert details(alert).splitlines() == [
        "the reason",
        "Sold 1,240 shares at 44.1¢ on average.",
        "620 shares are still held.",
    ]


def test_details_hold_a_question_that_was_cut() -> None:
    question = "Will it " + "really " * 60 + "happen?"
    alert = Alert("priced", "usable price again", "", FACTS | {"question": question})
    assert details(alert).splitlines() == ["usable price again", question]


def test_details_hold_until_when_a_question_waits_and_what_silence_does() -> None:
    data = FACTS | {"deadline": "2026-11-22T22:26:00Z", "unanswered": "sold"}
    assert details(Alert("ai_decision", "why", "soft_stop", data)).splitlines() == [
        "why",
        "Answer by 2026-11-22 22:26 UTC; without an answer: sold.",
    ]
    for odd in ({"deadline": "soon"}, {"deadline": None}, {"unanswered": ""}):
        assert details(Alert("ai_decision", "why", "soft_stop", data | odd)) == "why"
