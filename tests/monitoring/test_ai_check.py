from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from monitoring.diagnosis import ai
from monitoring.diagnosis.base import warn
from monitoring.models import AIProvider
from pmsite.ai_models import AS_OF
from tests.fakes.anthropic import KEY, AnthropicServer
from tests.fakes.openai_compatible import KEY as FALLBACK_KEY
from tests.fakes.openai_compatible import MODEL, OpenAIServer
from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request, json_reply

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SCREEN = "AI model claude-haiku-5-5 (screen)"
DECIDE = "AI model claude-sonnet-5-5 (decide)"


@pytest.fixture
def api(settings: Settings) -> Iterator[AnthropicServer]:
    """A local Anthropic, with the settings that lead there."""
    with AnthropicServer() as server:
        settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = f"{KEY}\n", server.url
        yield server
        assert server.requests("/v1/messages") == []  # not a token was spent
        assert server.crashes == []


@pytest.fixture
def endpoint(settings: Settings) -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        settings.AI_FALLBACK_URL, settings.AI_FALLBACK_KEY = server.url, FALLBACK_KEY
        settings.AI_FALLBACK_MODEL = MODEL
        yield server
        assert server.bodies() == []


def statuses() -> dict[str, str]:
    return {check.name: check.status for check in ai.everything(now=NOON)}


def text_of(name: str) -> str:
    return next(check.text for check in ai.everything(now=NOON) if check.name == name)


def run_command(*args: str) -> tuple[int, str]:
    """Exit code and stdout."""
    out = io.StringIO()
    try:
        call_command("ai_check", *args, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_without_a_key_it_says_who_screens_and_exits_0() -> None:
    code, out = run_command()
    assert (code, out.splitlines()[0]) == (0, "warn  AI key: none: Rules (no AI)")
    assert statuses() == {"AI key": "warn"}


def test_all_is_well(api: AnthropicServer, endpoint: OpenAIServer) -> None:
    names = ["AI key", SCREEN, DECIDE, "AI fallback", "AI prices", "AI budget"]
    assert statuses() == dict.fromkeys(names, "ok")
    asked = ["/v1/models/claude-haiku-5-5", "/v1/models/claude-sonnet-5-5"]
    assert [call.path for call in api.calls] == asked


def test_json_is_one_document(api: AnthropicServer) -> None:
    code, out = run_command("--json")
    document = json.loads(out)
    assert (code, document["ok"], len(document["checks"])) == (0, True, 5)
    assert sorted(document["checks"][0]) == ["name", "remedy", "status", "text"]


def test_wrong_key_fails_and_is_not_shown(api: AnthropicServer, settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = "sk-ant-wrong"
    code, out = run_command()
    assert (code, f"fail  {SCREEN}: auth: 401" in out, "sk-ant" in out) == (1, True, False)


def test_key_in_quotes_or_two_lines_fails_before_anybody_is_asked(
    api: AnthropicServer, endpoint: OpenAIServer, settings: Settings
) -> None:
    settings.ANTHROPIC_API_KEY, settings.AI_FALLBACK_KEY = "sk ant", "sk\nant"
    found = statuses()
    assert (found["AI key"], found["AI fallback"], SCREEN in found) == ("fail", "fail", False)
    assert [list(api.calls), list(endpoint.calls)] == [[], []]


def test_model_that_does_not_exist_fails(api: AnthropicServer, settings: Settings) -> None:
    settings.AI_DECIDE_MODEL = "claude-sonet"
    found = statuses()
    name = "AI model claude-sonet (decide)"
    assert (found[name], found["AI prices"]) == ("fail", "warn")


@pytest.mark.parametrize(
    ("stage", "ends", "status"),
    [
        ("active", None, "ok"),
        ("active", "2027-06-01T00:00:00Z", "ok"),
        ("active", "2026-12-24T00:00:00Z", "warn"),
        ("deprecated", "2027-06-01T00:00:00Z", "warn"),
        ("retired", "2026-11-01T00:00:00Z", "fail"),
    ],
)
def test_age_of_a_model_is_told(
    api: AnthropicServer, stage: str, ends: str | None, status: str
) -> None:
    api.retire("claude-haiku-5-5", stage, ends)
    assert (statuses()[SCREEN], (ends or "")[:10] in text_of(SCREEN)) == (status, True)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (("structured_outputs",), "structured_outputs"),
        (("effort", "low"), "effort low"),
        (("thinking", "types", "disabled"), "thinking disabled"),
    ],
)
def test_parameter_that_a_model_refuses_fails(
    api: AnthropicServer, path: tuple[str, ...], what: str
) -> None:
    node: Any = api.models["claude-haiku-5-5"]["capabilities"]
    for key in path:
        node = node[key]
    node["supported"] = False
    assert statuses()[SCREEN] == "fail"
    assert text_of(SCREEN) == f"refuses what we send: {what}"


def test_decide_model_may_screen_too(api: AnthropicServer, settings: Settings) -> None:
    # Its profile sends what it takes: thinking between tools, for it refuses to switch it off.
    settings.AI_SCREEN_MODEL = "claude-sonnet-5-5"
    assert statuses()["AI model claude-sonnet-5-5 (screen)"] == "ok"


def test_model_without_capabilities_is_taken(api: AnthropicServer) -> None:
    api.models["claude-haiku-5-5"]["capabilities"] = None
    assert statuses()[SCREEN] == "ok"


@pytest.mark.parametrize("kind", ["500", "html", "drop", "wrong_json"])
def test_answer_that_describes_no_model_fails(api: AnthropicServer, kind: str) -> None:
    api.knob(kind)
    assert statuses()[SCREEN] == "fail"


def test_fallback_alone(endpoint: OpenAIServer) -> None:
    expected = {"AI key": "warn", "AI fallback": "ok", "AI prices": "ok", "AI budget": "ok"}
    assert statuses() == expected


@pytest.mark.parametrize(
    ("kind", "status"), [("401", "fail"), ("500", "fail"), ("drop", "fail"), ("404", "warn")]
)
def test_fallback_that_does_not_answer(endpoint: OpenAIServer, kind: str, status: str) -> None:
    endpoint.knob(kind)
    assert statuses()["AI fallback"] == status


def test_fallback_that_does_not_list_its_model_is_a_warning(endpoint: OpenAIServer) -> None:
    endpoint.models = ["models/other"]
    assert statuses()["AI fallback"] == "warn"
    endpoint.models = [f"models/{MODEL}"]  # as Gemini names them
    assert statuses()["AI fallback"] == "ok"


def test_half_a_fallback_is_a_warning(settings: Settings) -> None:
    settings.AI_FALLBACK_MODEL = MODEL
    assert text_of("AI fallback") == "not used: AI_FALLBACK_URL is not set"


def test_no_budget_is_a_warning(api: AnthropicServer, settings: Settings) -> None:
    settings.AI_DAILY_USD = Decimal(0)
    assert statuses()["AI budget"] == "warn"


def test_key_over_plain_http_to_another_machine_is_a_warning(settings: Settings) -> None:
    settings.ANTHROPIC_API_KEY = KEY
    settings.ANTHROPIC_BASE_URL = "http://proxy.example"
    assert [check.status for check in ai.key()] == ["ok", "warn"]


def test_old_prices_are_a_warning() -> None:
    later = date(AS_OF.year + 1, AS_OF.month, AS_OF.day)
    assert [check.status for check in (*ai.prices(AS_OF), *ai.prices(later))] == ["ok", "warn"]


def test_every_check_that_is_not_ok_has_a_remedy(api: AnthropicServer, settings: Settings) -> None:
    settings.AI_FALLBACK_URL, settings.AI_DAILY_USD = "http://far.example", Decimal(0)
    api.retire("claude-haiku-5-5")
    checks = ai.everything(now=NOON)
    assert [check for check in checks if (check.status == "ok") == bool(check.remedy)] == []


def test_doctor_asks_those_who_would_be_asked(api: AnthropicServer, endpoint: OpenAIServer) -> None:
    found = [(check.name, check.status) for check in ai.key_and_models(NOON)]
    assert found == [(name, "ok") for name in ("AI key", SCREEN, DECIDE, "AI fallback")]


@pytest.mark.parametrize(
    ("fields", "text", "remedy"),
    [
        (
            {"failure": "spend_limit", "out_of_credit_since": NOON},
            "its account is out of credit (not our daily cap); not asked until 12:15 UTC",
            "Add credit in the provider's console; a restart asks again at once.",
        ),
        (
            {"failure": "auth"},
            "it refuses the key; not asked until 12:15 UTC",
            "Set the right key and restart; the next call shows whether it is taken.",
        ),
        (
            {"failure": "overloaded", "failures": 5},
            "it is overloaded; not asked until 12:15 UTC",
            "Nothing to do: it is tried again by itself.",
        ),
    ],
)
def test_what_the_last_calls_met_with_is_said_although_the_models_answer(
    api: AnthropicServer, fields: dict[str, Any], text: str, remedy: str
) -> None:
    until = NOON + timedelta(minutes=15)
    AIProvider.objects.create(name="anthropic", open_until=until, **fields)
    expected = warn("AI calls to Anthropic", text, remedy)
    assert (ai.everything(now=NOON)[-1], [*ai.key_and_models(NOON)][-1]) == (expected, expected)


class Echo(FakeServer):
    """Refuses each request in words that hold its key and a code for terminals."""

    def handle(self, request: Request) -> Reply:
        message = f"\x1b[31mno such key: {request.headers['Authorization']}"
        return json_reply({"error": {"type": "authentication_error", "message": message}}, 401)


def test_words_of_a_server_show_no_key_and_steer_no_terminal(settings: Settings) -> None:
    keys = ("a-key-of-no-known-shape", "another-key-of-no-known-shape")
    with Echo() as server:
        settings.ANTHROPIC_API_KEY, settings.AI_FALLBACK_KEY = keys
        settings.ANTHROPIC_BASE_URL = settings.AI_FALLBACK_URL = server.url
        settings.AI_FALLBACK_MODEL = "m"
        code, told = run_command()
    assert (code, told.count("no such key"), told.count("\x1b")) == (1, 3, 0)
    assert [key for key in keys if key in told] == []
