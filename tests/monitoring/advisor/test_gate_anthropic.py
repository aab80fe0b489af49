"""The gate before a local Anthropic: whatever it answers, the right state, the right cost, its usage
where it carried any, and no call that nobody had reserved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core import serializers

from monitoring.advisor.gate import Outcome, ask
from monitoring.advisor.port import Provider
from monitoring.advisor.prices import bound
from monitoring.models import AICall, AIProvider
from tests.fakes.anthropic import KEY, AnthropicServer
from tests.fakes.openai_compatible import OpenAIServer
from tests.monitoring.advisor.gating import SONNET, TODAY, Clock, about, figures, ports, states
from tests.monitoring.advisor.providers.asking import DECIDE, asks_anthropic, asks_endpoint
from tests.servers import free_port

pytestmark = pytest.mark.django_db
# What the server counts, at Sonnet's prices: 1900 in, 250 out, 30 read, 8 and 4 written.
USED = 1900 * 2 + 250 * 10 + 3 + 20 + 16
RESERVED = bound(SONNET, DECIDE)
QUICK = {"kind": "429", "retry_after": 0}


@pytest.fixture
def api() -> Iterator[AnthropicServer]:
    with AnthropicServer() as running:
        yield running


def put(api: AnthropicServer, *plan: str | dict[str, Any], seconds: float = 5.0) -> Outcome:
    """One question, with these answers on the server's side."""
    api.plan(*plan)
    asked = replace(DECIDE, seconds=seconds)
    provider = asks_anthropic(api.url)
    return ask(asked, providers=[provider], about=about(), ports=ports(Clock()))


def words(value: object) -> str:
    """A test's name."""
    if not isinstance(value, list):
        return str(value)
    return "+".join(one if isinstance(one, str) else str(one["kind"]) for one in value)


@pytest.mark.parametrize(
    ("plan", "failure", "cost", "arrived"),
    [
        (["ok"], "", USED, 1),
        ([QUICK], "", USED, 2),  # short Retry-After: asked again
        ([QUICK, QUICK], "rate_limited", 0, 2),
        ([{"kind": "429", "retry_after": 90}], "rate_limited", 0, 1),  # long: handed back
        ([{"kind": "529", "retry_after": 0}] * 2, "overloaded", 0, 2),
        ([{"kind": "500", "retry_after": 0}] * 2, "server_error", 0, 2),
        ([{"kind": "500", "retry_after": 0}, "reset"], "connection", RESERVED, 2),
        (["reset"], "connection", RESERVED, 1),
        (["drop"], "connection", RESERVED, 1),
        (["refusal"], "refused", USED, 1),
        (["refusal_text"], "refused", USED, 1),
        (["truncated"], "truncated", USED, 1),
        (["thinking_only"], "truncated", USED, 1),
        (["fenced"], "invalid_output", USED, 1),
        (["invalid_json"], "invalid_output", USED, 1),
        (["wrong_enum"], "invalid_output", USED, 1),
        (["two_texts"], "invalid_output", USED, 1),
        (["unknown_ids"], "", USED, 1),  # for whoever knows the ids
        (["html"], "invalid_output", RESERVED, 1),
        (["empty"], "invalid_output", RESERVED, 1),
        (["no_usage"], "", RESERVED, 1),
        (["odd_usage"], "", RESERVED, 1),
        (["spend_limit_429"], "spend_limit", 0, 1),
        (["spend_limit_402"], "spend_limit", 0, 1),
        (["400"], "bad_request", 0, 1),
        (["401"], "auth", 0, 1),
        (["504"], "timeout", RESERVED, 1),
    ],
    ids=words,
)
def test_answer_ends_in_its_state_and_at_its_cost(
    api: AnthropicServer, plan: list[Any], failure: str, cost: int, arrived: int
) -> None:
    put(api, *plan)
    row = AICall.objects.get()
    assert (row.state, row.failure, row.cost, row.reserved) == ("settled", failure, cost, RESERVED)
    assert (figures(), len(api.bodies())) == ((0, cost), arrived)
    assert (row.input_tokens, row.output_tokens) == ((1900, 250) if cost == USED else (0, 0))
    assert KEY not in serializers.serialize("json", [row, *AIProvider.objects.all()])
    assert all("tools" not in body for body in api.bodies())


def test_hang_ends_at_its_deadline_and_has_spent_what_was_reserved(api: AnthropicServer) -> None:
    found = put(api, {"kind": "hang", "seconds": 3}, seconds=0.3)
    assert (found.reply.failure, figures()) == ("timeout", (0, RESERVED))


def test_server_that_is_not_there_costs_nothing() -> None:
    nobody = asks_anthropic(f"http://127.0.0.1:{free_port()}")
    found = ask(DECIDE, providers=[nobody], about=about(), ports=ports(Clock()))
    assert (found.reply.failure, figures(), states()) == ("connection", (0, 0), ["settled"])


def test_account_without_credit_is_not_asked_again_and_is_no_cap_of_ours(
    api: AnthropicServer,
) -> None:
    assert [put(api, "spend_limit_429").reply.failure, put(api).reply.failure] == [
        "spend_limit",
        "breaker_open",
    ]
    row = AIProvider.objects.get()
    assert (row.failure, row.out_of_credit_since is not None) == ("spend_limit", True)
    assert len(api.bodies()) == 1


def test_fallback_answers_where_the_first_cannot_and_is_paid_at_its_own_price(
    api: AnthropicServer,
) -> None:
    api.plan("spend_limit_402")
    with OpenAIServer() as endpoint:
        providers: list[Provider] = [
            asks_anthropic(api.url),
            asks_endpoint(endpoint.url, model="no-such-price"),
        ]
        found = ask(DECIDE, providers=providers, about=about(), ports=ports(Clock()))
    assert (found.reply.failure, found.provider, found.fallback) == (
        None,
        "openai_compatible",
        True,
    )
    rows = AICall.objects.order_by("pk").values_list("provider", "failure", "cost")
    assert list(rows) == [
        ("anthropic", "spend_limit", 0),
        ("openai_compatible", "", bound("no-such-price", DECIDE)),
    ]
    assert figures(TODAY) == (0, bound("no-such-price", DECIDE))
