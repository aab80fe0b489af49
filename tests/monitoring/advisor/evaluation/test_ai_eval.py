"""The command: by rules, by a local Anthropic, within its money."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from monitoring.models import AICall, AISpend
from tests.fakes.anthropic import KEY, AnthropicServer

pytestmark = pytest.mark.django_db
LINES = [
    {"q": "Will the Harbour Act pass?", "side": "YES", "h": "Leaders block it", "y": "against"},
    {"q": "Will the Harbour Act pass?", "side": "NO", "h": "Harbour Act passes", "y": "against"},
]
NOTHING: dict[str, list[Any]] = {"suspected_injection_ids": [], "alerts": []}


@pytest.fixture
def api(settings: Settings) -> Iterator[AnthropicServer]:
    with AnthropicServer() as running:
        running.say(NOTHING)
        settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = KEY, running.url
        settings.AI_DAILY_USD = Decimal(100)
        yield running


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)))
    return path


def ai_eval(*words: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("ai_eval", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def told(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ai_eval("--json", *words)[0])
    return found


def test_rules_cost_nothing_and_call_nobody() -> None:
    found = told("--repeat", "1")
    assert (found["provider"], found["version"], found["calls"]) == ("rules", "rules-1", 0)
    assert (found["pairs"], AICall.objects.count()) == (235, 0)


def test_person_reads_figures_and_sees_progress_elsewhere() -> None:
    out, err = ai_eval("--repeat", "1")
    assert out.startswith("rules rules-1: 235 pairs over 26 questions")
    assert "round 1/1: 1/" in err
    assert "1/1" not in out


def test_without_a_key_the_cure_is_named(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = ""
    with pytest.raises(CommandError, match=r"ANTHROPIC_API_KEY is not set: put a key into \.env"):
        ai_eval("--provider", "anthropic")


def test_model_is_asked_through_the_gate(api: AnthropicServer, small: Path) -> None:
    found = told("--provider", "anthropic", "--set", str(small), "--repeat", "2")
    calls = AICall.objects.all()
    # Two sides in two rounds, and each hostile headline once.
    assert found["calls"] == len(api.bodies()) == calls.count() == 4 + found["injections"]["n"]
    assert set(calls.values_list("purpose", "state")) == {("eval", "settled")}
    assert set(calls.values_list("model", flat=True)) == {found["model"]}
    assert AISpend.objects.get().spent == round(Decimal(found["cost_usd"]) * 1_000_000)
    assert not any("tools" in body for body in api.bodies())


def test_no_call_that_could_cost_more_than_is_left(api: AnthropicServer, small: Path) -> None:
    words = ("--provider", "anthropic", "--set", str(small), "--max-usd", "0.003")
    out, err = ai_eval("--json", *words)
    found = json.loads(out)
    assert found["stopped"] == "max_usd"
    assert 0 < found["calls"] < 10
    assert Decimal(found["cost_usd"]) <= Decimal("0.003")
    assert "Stopped early: the next call could cost more than is left of --max-usd" in err


def test_wrong_key_ends_it_after_one_call(api: AnthropicServer, small: Path) -> None:
    api.key = "another"
    found = told("--provider", "anthropic", "--set", str(small))
    assert (len(api.bodies()), found["stopped"], found["unscreened"]) == (1, "auth", 2)


def test_daily_cap_ends_it_before_the_first_call(
    api: AnthropicServer, small: Path, settings: Settings
) -> None:
    settings.AI_DAILY_USD = Decimal("0.0001")
    found = told("--provider", "anthropic", "--set", str(small))
    assert (api.bodies(), found["stopped"], found["calls"]) == ([], "over_budget", 0)


def test_refusals_are_counted(api: AnthropicServer, small: Path) -> None:
    api.plan("refusal", "truncated")
    words = ("--set", str(small), "--repeat", "1", "--max-usd", "0.008")
    found = told("--provider", "anthropic", *words)
    assert found["failures"] == {"refused": 1, "truncated": 1}
    assert found["unscreened"] == 2


@pytest.mark.parametrize("words", [("--max-usd", "much"), ("--repeat", "0"), ("--set", "none")])
def test_senseless_options_are_refused(words: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        ai_eval(*words)
