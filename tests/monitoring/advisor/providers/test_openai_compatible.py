from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from monitoring.advisor.port import Failure, Reply, Usage
from monitoring.advisor.schemas import Decision
from tests.fakes.openai_compatible import KEY, MODEL, OpenAIServer
from tests.fakes.samples import sample
from tests.monitoring.advisor.providers.asking import DECIDE, SCREEN, asks_endpoint

# 500 of the 2,000 were cached; 100 of thinking stand in the total only.
COUNTED = Usage(input=1500, output=400, cache_read=500, thinking=100)


def ask(endpoint: OpenAIServer, *plan: str | dict[str, Any], seconds: float = 5.0) -> Reply:
    endpoint.plan(*plan)
    return asks_endpoint(endpoint.url).complete(replace(DECIDE, seconds=seconds))


def test_good_answer_is_checked_data(endpoint: OpenAIServer) -> None:
    reply = ask(endpoint)
    assert isinstance(reply.data, Decision)
    found = replace(reply, data=None, text="")
    assert found == Reply(
        None,
        usage=COUNTED,
        model=MODEL,
        request_id="req_o1",
        stop_reason="stop",
        http_status=200,
        attempts=1,
    )


@pytest.mark.parametrize(
    ("kind", "failure", "stop"),
    [
        ("length", Failure.TRUNCATED, "length"),
        ("truncated", Failure.TRUNCATED, "length"),
        ("content_filter", Failure.REFUSED, "content_filter"),
        ("refusal", Failure.REFUSED, "stop"),
        ("tool_calls", Failure.INVALID_OUTPUT, "tool_calls"),
        ("fenced", Failure.INVALID_OUTPUT, "stop"),
        ("invalid_json", Failure.INVALID_OUTPUT, "stop"),
        ("wrong_enum", Failure.INVALID_OUTPUT, "stop"),
        ("two_choices", Failure.INVALID_OUTPUT, ""),
    ],
)
def test_useless_answer_keeps_usage(
    endpoint: OpenAIServer, kind: str, failure: Failure, stop: str
) -> None:
    reply = ask(endpoint, kind)
    found = (reply.failure, reply.data, reply.usage, reply.stop_reason, len(endpoint.bodies()))
    assert found == (failure, None, COUNTED, stop, 1)


@pytest.mark.parametrize(
    ("kind", "failure", "tries"),
    [
        ("400", Failure.BAD_REQUEST, 1),
        ("wrong_key_400", Failure.AUTH, 1),
        ("401", Failure.AUTH, 1),
        ("403", Failure.AUTH, 1),
        ("404", Failure.BAD_REQUEST, 1),
        ("402", Failure.SPEND_LIMIT, 1),
        ("quota_429", Failure.SPEND_LIMIT, 1),
        ("429", Failure.RATE_LIMITED, 2),
        ("gemini_429", Failure.RATE_LIMITED, 2),
        ("500", Failure.SERVER_ERROR, 2),
        ("503", Failure.OVERLOADED, 2),
    ],
)
def test_error_status_is_named(
    endpoint: OpenAIServer, kind: str, failure: Failure, tries: int
) -> None:
    step = {"kind": kind, "retry_after": 0}
    reply = ask(endpoint, step, step)
    status = int(kind.rpartition("_")[2])
    found = (reply.failure, reply.http_status, reply.usage, reply.attempts, len(endpoint.bodies()))
    assert found == (failure, status, None, tries, tries)
    assert reply.detail.startswith(f"{status}")


def test_gemini_puts_its_error_into_a_list(endpoint: OpenAIServer) -> None:
    reply = ask(endpoint, {"kind": "gemini_429", "retry_after": 60})
    assert (reply.detail, reply.retry_after, reply.attempts) == ("429: quota", 60.0, 1)


@pytest.mark.parametrize("kind", ["html", "empty"])
def test_200_that_is_no_completion_is_invalid_output(endpoint: OpenAIServer, kind: str) -> None:
    reply = ask(endpoint, kind)
    assert (reply.failure, reply.usage, reply.http_status) == (Failure.INVALID_OUTPUT, None, 200)


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_broken_connection_is_not_asked_again(endpoint: OpenAIServer, kind: str) -> None:
    reply = ask(endpoint, kind)
    found = (reply.failure, reply.usage, len(endpoint.requests("completions")))
    assert found == (Failure.CONNECTION, None, 1)


def test_nobody_there_costs_nothing() -> None:
    reply = asks_endpoint("http://127.0.0.1:1/v1").complete(replace(DECIDE, seconds=2.0))
    assert (reply.failure, reply.usage) == (Failure.CONNECTION, Usage())


@pytest.mark.parametrize("step", [{"kind": kind} for kind in ("hang", "drip", "drip_head")])
def test_slow_server_does_not_outlast_the_deadline(
    endpoint: OpenAIServer, step: dict[str, Any]
) -> None:
    begun = time.monotonic()
    reply = ask(endpoint, step, seconds=0.4)
    assert (reply.failure, reply.usage, reply.attempts) == (Failure.TIMEOUT, None, 1)
    assert time.monotonic() - begun < 1.5


def test_request_holds_texts_and_a_plain_strict_schema(endpoint: OpenAIServer) -> None:
    assert asks_endpoint(endpoint.url).complete(SCREEN).failure is None
    body = endpoint.bodies()[0]
    form = body.pop("response_format")["json_schema"]
    assert body == {
        "model": MODEL,
        "max_tokens": 1500,
        "messages": [
            {"role": "system", "content": "You screen news."},
            {"role": "user", "content": '{"id": "h1"}'},
        ],
    }
    assert (form["name"], form["strict"]) == ("ScreenResult", True)
    alert = form["schema"]["properties"]["alerts"]["items"]
    assert (alert["additionalProperties"], len(alert["required"])) == (False, 4)
    assert "$" not in str(form)  # neither references nor definitions


def test_openai_itself_is_told_the_newer_name() -> None:
    provider = asks_endpoint("https://api.openai.com/v1")
    assert provider._body(DECIDE, {})["max_completion_tokens"] == 4096


def test_model_on_this_machine_needs_no_key() -> None:
    with OpenAIServer(key="") as server:
        reply = asks_endpoint(server.url, key="", model="llama").complete(DECIDE)
        headers = {name.lower() for name in server.calls[0].request.headers}
    assert (reply.failure, "authorization" in headers) == (None, False)


def test_key_stands_in_no_reply(endpoint: OpenAIServer) -> None:
    replies = [ask(endpoint, kind) for kind in ("401", "html", "drop", "500")]
    assert KEY not in repr(replies)


def test_sample_of_a_schema_fits_it() -> None:
    made = sample(Decision.model_json_schema(), '{"id": "h7"}')
    assert Decision.model_validate(made).evidence_ids == ["h7"]


@pytest.mark.parametrize("key", ["schlüssel", "two words", "two\nlines"])
def test_broken_key_asks_nobody(endpoint: OpenAIServer, key: str) -> None:
    reply = asks_endpoint(endpoint.url, key=key).complete(DECIDE)
    assert (reply.failure, reply.usage, list(endpoint.calls)) == (Failure.AUTH, Usage(), [])


def test_address_that_is_none_is_our_own_fault() -> None:
    reply = asks_endpoint("http://[oops").complete(DECIDE)
    assert (reply.failure, reply.usage) == (Failure.BAD_REQUEST, None)
