"""Each answer of a local Anthropic ends in the right state, with its usage where it carried any."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from monitoring.advisor.port import Failure, Reply, Usage
from monitoring.advisor.schemas import Decision, ScreenResult
from tests.fakes.anthropic import KEY, AnthropicServer
from tests.fakes.samples import UNKNOWN
from tests.monitoring.advisor.providers.asking import DECIDE, SCREEN, asks_anthropic

COUNTED = Usage(1900, 250, 30, 8, 4, 90)
FREE = None  # an error status: no usage, and nothing charged
SELL = {
    "reasoning": "CPI is out.",
    "evidence_ids": ["h1"],
    "against": "One source.",
    "thesis_status": "broken",
    "decision": "SELL",
    "confidence": 0.86,
}


def ask(api: AnthropicServer, *plan: str | dict[str, Any], seconds: float = 5.0) -> Reply:
    api.plan(*plan)
    return asks_anthropic(api.url).complete(replace(DECIDE, seconds=seconds))


def test_good_answer_is_data_with_everything_the_audit_wants(api: AnthropicServer) -> None:
    reply = ask(api, {"kind": "ok", "data": SELL})
    assert reply == Reply(
        None,
        data=Decision.model_validate(SELL),
        usage=COUNTED,
        model="claude-sonnet-5-5",
        text=json.dumps(SELL),
        request_id="req_fake1",
        stop_reason="end_turn",
        http_status=200,
        attempts=1,
        parameters={"output_config": {"effort": "medium"}},
    )


def test_confidence_is_the_decimal_that_was_sent(api: AnthropicServer) -> None:
    data = ask(api, {"kind": "ok", "data": SELL}).data
    assert isinstance(data, Decision)
    assert data.confidence == Decimal("0.86")


@pytest.mark.parametrize(
    ("kind", "failure", "stop"),
    [
        ("refusal", Failure.REFUSED, "refusal"),
        ("refusal_text", Failure.REFUSED, "refusal"),
        ("truncated", Failure.TRUNCATED, "max_tokens"),
        ("thinking_only", Failure.TRUNCATED, "max_tokens"),
        ("context_window", Failure.TRUNCATED, "model_context_window_exceeded"),
        ("fenced", Failure.INVALID_OUTPUT, "end_turn"),
        ("prose", Failure.INVALID_OUTPUT, "end_turn"),
        ("invalid_json", Failure.INVALID_OUTPUT, "end_turn"),
        ("wrong_enum", Failure.INVALID_OUTPUT, "end_turn"),
        ("extra_field", Failure.INVALID_OUTPUT, "end_turn"),
        ("missing_field", Failure.INVALID_OUTPUT, "end_turn"),
        ("surrogate", Failure.INVALID_OUTPUT, "end_turn"),
        ("two_texts", Failure.INVALID_OUTPUT, "end_turn"),
        ("no_text", Failure.INVALID_OUTPUT, "end_turn"),
        ("tool_use", Failure.INVALID_OUTPUT, "tool_use"),
        ("pause_turn", Failure.INVALID_OUTPUT, "pause_turn"),
    ],
)
def test_useless_answer_keeps_usage_and_number(
    api: AnthropicServer, kind: str, failure: Failure, stop: str
) -> None:
    reply = ask(api, kind)
    found = (reply.failure, reply.data, reply.usage, reply.stop_reason, reply.request_id)
    assert found == (failure, None, COUNTED, stop, "req_fake1")
    assert len(api.bodies()) == 1  # never asked again with the bad answer


@pytest.mark.parametrize(
    ("kind", "failure", "tries"),
    [
        ("400", Failure.BAD_REQUEST, 1),
        ("401", Failure.AUTH, 1),
        ("403", Failure.AUTH, 1),
        ("404", Failure.BAD_REQUEST, 1),
        ("413", Failure.BAD_REQUEST, 1),
        ("402", Failure.SPEND_LIMIT, 1),
        ("spend_limit_402", Failure.SPEND_LIMIT, 1),
        ("spend_limit_429", Failure.SPEND_LIMIT, 1),
        ("contract_limit_429", Failure.SPEND_LIMIT, 1),
        ("no_credit_400", Failure.SPEND_LIMIT, 1),
        ("504", Failure.TIMEOUT, 1),
        ("429", Failure.RATE_LIMITED, 2),
        ("ramp_429", Failure.RATE_LIMITED, 2),
        ("500", Failure.SERVER_ERROR, 2),
        ("502", Failure.SERVER_ERROR, 2),
        ("503", Failure.OVERLOADED, 2),
        ("529", Failure.OVERLOADED, 2),
    ],
)
def test_error_status_is_named_and_only_retried_where_it_helps(
    api: AnthropicServer, kind: str, failure: Failure, tries: int
) -> None:
    step = {"kind": kind, "retry_after": 0}
    reply = ask(api, step, step)
    status = int(kind.rpartition("_")[2])
    found = (reply.failure, reply.http_status, reply.usage, reply.attempts, len(api.bodies()))
    assert found == (failure, status, FREE, tries, tries)


@pytest.mark.parametrize("kind", ["429", "500", "529"])
def test_second_try_may_succeed(api: AnthropicServer, kind: str) -> None:
    reply = ask(api, {"kind": kind, "retry_after": 0})
    assert (reply.failure, reply.attempts, reply.usage) == (None, 2, COUNTED)


def test_try_without_a_wish_comes_half_a_second_later(api: AnthropicServer) -> None:
    begun = time.monotonic()
    assert ask(api, "529").attempts == 2
    assert 0.25 <= time.monotonic() - begun < 1.5


def test_short_wish_is_waited_for(api: AnthropicServer) -> None:
    begun = time.monotonic()
    reply = ask(api, {"kind": "429", "retry_after": 0.7})
    assert (reply.failure, reply.attempts) == (None, 2)
    assert time.monotonic() - begun >= 0.7


def test_long_wish_is_handed_back_at_once(api: AnthropicServer) -> None:
    begun = time.monotonic()
    reply = ask(api, {"kind": "429", "retry_after": 90})
    found = (reply.failure, reply.retry_after, reply.attempts, len(api.bodies()))
    assert found == (Failure.RATE_LIMITED, 90.0, 1, 1)
    assert time.monotonic() - begun < 2


def test_hanging_server_does_not_outlast_the_deadline(api: AnthropicServer) -> None:
    begun = time.monotonic()
    reply = ask(api, "hang", seconds=0.4)
    found = (reply.failure, reply.usage, reply.http_status, reply.attempts)
    assert found == (Failure.TIMEOUT, None, None, 1)
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize(
    ("kind", "status", "number"), [("drip", 200, "req_fake1"), ("drip_head", None, "")]
)
def test_dripping_server_does_not_outlast_the_deadline(
    api: AnthropicServer, kind: str, status: int | None, number: str
) -> None:
    # Each byte comes in time, so that only a deadline of the whole ends it.
    begun = time.monotonic()
    reply = ask(api, {"kind": kind, "seconds": 0.05}, seconds=0.5)
    found = (reply.failure, reply.usage, reply.http_status, reply.request_id)
    assert found == (Failure.TIMEOUT, None, status, number)
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_broken_connection_is_not_asked_again(api: AnthropicServer, kind: str) -> None:
    # It may have been answered, and paid for: what is reserved covers one call.
    reply = ask(api, kind)
    found = (reply.failure, reply.usage, reply.attempts, len(api.requests("/v1/messages")))
    assert found == (Failure.CONNECTION, None, 1, 1)


def test_nobody_there_costs_nothing() -> None:
    reply = asks_anthropic("http://127.0.0.1:1").complete(DECIDE)
    assert (reply.failure, reply.usage, reply.attempts) == (Failure.CONNECTION, Usage(), 2)


@pytest.mark.parametrize("kind", ["html", "empty", "list", "huge"])
def test_200_that_is_no_message_is_invalid_output(api: AnthropicServer, kind: str) -> None:
    reply = ask(api, kind)
    found = (reply.failure, reply.usage, reply.http_status, reply.attempts)
    assert found == (Failure.INVALID_OUTPUT, None, 200, 1)
    assert reply.detail != ""


def test_redirect_is_not_followed(api: AnthropicServer) -> None:
    reply = ask(api, "redirect")
    assert (reply.failure, reply.http_status) == (Failure.BAD_REQUEST, 302)


@pytest.mark.parametrize("kind", ["no_usage", "odd_usage"])
def test_usage_that_is_not_told_is_unknown(api: AnthropicServer, kind: str) -> None:
    reply = ask(api, kind)
    assert (reply.failure, reply.usage) == (None, None)


def test_unknown_ids_are_for_those_to_judge_who_gave_them_out(api: AnthropicServer) -> None:
    data = ask(api, "unknown_ids").data
    assert isinstance(data, Decision)
    assert data.evidence_ids == [UNKNOWN]


def test_request_holds_model_texts_schema_and_nothing_else(api: AnthropicServer) -> None:
    provider = asks_anthropic(api.url)
    assert [provider.complete(SCREEN).failure, provider.complete(DECIDE).failure] == [None, None]
    screen, decide = api.bodies()
    assert {key: screen[key] for key in screen if key != "output_config"} == {
        "model": "claude-haiku-5-5",
        "max_tokens": 1500,
        "system": "You screen news.",
        "messages": [{"role": "user", "content": '{"id": "h1"}'}],
        "thinking": {"type": "disabled"},
    }
    assert screen["output_config"]["effort"] == "low"
    assert screen["output_config"]["format"]["type"] == "json_schema"
    assert set(decide) == {"model", "max_tokens", "system", "messages", "output_config"}
    assert list(decide["output_config"]["format"]["schema"]["properties"]) == list(
        Decision.model_fields
    )


def test_unlisted_model_gets_no_extra_parameters(api: AnthropicServer) -> None:
    reply = asks_anthropic(api.url, model="claude-next").complete(DECIDE)
    assert (reply.failure, reply.parameters, reply.model) == (None, {}, "claude-next")
    assert set(api.bodies()[0]["output_config"]) == {"format"}


@pytest.mark.parametrize("key", ["", "  \n"])
def test_blank_key_asks_nobody(api: AnthropicServer, key: str) -> None:
    reply = asks_anthropic(api.url, key=key).complete(DECIDE)
    assert (reply.failure, reply.usage, list(api.calls)) == (Failure.NO_KEY, Usage(), [])


def test_broken_key_asks_nobody_and_is_not_shown(api: AnthropicServer) -> None:
    reply = asks_anthropic(api.url, key="sk-ant\nsecret").complete(DECIDE)
    assert (reply.failure, list(api.calls)) == (Failure.AUTH, [])
    assert "secret" not in repr(reply)


def test_key_with_its_newline_is_stripped(api: AnthropicServer) -> None:
    assert asks_anthropic(api.url, key=f" {KEY}\n").complete(SCREEN).failure is None


def test_environment_is_not_read(
    api: AnthropicServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name, value in {
        "ANTHROPIC_API_KEY": "sk-ant-of-somebody-else",
        "ANTHROPIC_AUTH_TOKEN": "token-of-somebody-else",
        "ANTHROPIC_PROFILE": "work",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
        "ANTHROPIC_CUSTOM_HEADERS": "authorization: Bearer stolen\nx-extra: 1",
        "HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    assert asks_anthropic(api.url).complete(SCREEN).failure is None
    headers = {name.lower(): value for name, value in api.calls[0].request.headers.items()}
    assert (headers["authorization"], "x-extra" in headers) == (f"Bearer {KEY}", False)
    assert asks_anthropic(api.url, key="").complete(SCREEN).failure is Failure.NO_KEY


def test_key_stands_in_no_reply_and_no_log(
    api: AnthropicServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.knob("401", times=1)
    replies = [ask(api), ask(api, "html"), ask(api, "drop"), ask(api, "wrong_enum")]
    assert KEY not in repr(replies) + caplog.text


def test_screen_names_headlines(api: AnthropicServer) -> None:
    alert = {
        "headline_ids": ["h1", "h1"],
        "summary": " Rates\nup ",
        "direction": "against",
        "urgency": "high",
    }
    api.say({"suspected_injection_ids": ["h2"], "alerts": [alert]})
    data = asks_anthropic(api.url).complete(SCREEN).data
    assert isinstance(data, ScreenResult)
    assert data.model_dump() == {
        "suspected_injection_ids": ["h2"],
        "alerts": [alert | {"headline_ids": ["h1"], "summary": "Rates up"}],
    }


def test_client_and_its_version_are_named(api: AnthropicServer) -> None:
    import anthropic

    assert asks_anthropic(api.url).sdk == f"anthropic {anthropic.__version__}"
