"""What is kept of a call: everything a reader needs later, and nothing that must not be kept."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest
from django.core import serializers
from pytest_django.fixtures import Settings

from monitoring.advisor.gate import ask
from monitoring.advisor.port import Failure, Reply, Request, Usage
from monitoring.advisor.prices import schema_text
from monitoring.models import AICall
from tests.monitoring.advisor.gating import (
    NOON,
    SONNET,
    Clock,
    Told,
    Word,
    about,
    answer,
    ports,
    request,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_dbs]


def row_of(reply: Reply | Exception, asked: Request | None = None) -> AICall:
    """The row that is left, as it stands in the database."""
    ask(asked or request(), providers=[Told([reply])], about=about(), ports=ports(Clock()))
    return AICall.objects.get()


def test_row_tells_what_was_asked_and_what_came_back() -> None:
    usage = Usage(900, 300, 7, 8, 9, 200)
    row = row_of(answer(usage=usage))
    assert (row.purpose, row.provider, row.model, row.answered_by, row.sdk) == (
        "decide",
        "anthropic",
        SONNET,
        SONNET,
        "anthropic 2.12.0",
    )
    assert (row.system_text, row.user_text) == ("Answer in one word.", "Is it over?")
    assert (row.prompt_version, row.prompt_sha256) == ("d1", "0" * 64)
    assert row.schema_sha256 == sha256(schema_text(request()).encode()).hexdigest()
    assert row.evidence == [{"id": "h1", "sha256": "1" * 64}]
    assert row.parameters == {"critical": False, "seconds": "30.0", "effort": "medium"}
    assert (row.max_tokens, row.attempts, row.http_status) == (1000, 1, 200)
    assert (row.started_at, row.finished_at, row.day) == (NOON, NOON, NOON.date())
    assert (row.request_id, row.stop_reason, row.failure) == ("req_1", "end_turn", "")
    assert (row.input_tokens, row.output_tokens, row.thinking_tokens) == (900, 300, 200)
    assert (row.cache_read_tokens, row.cache_write_5m_tokens, row.cache_write_1h_tokens) == (
        7,
        8,
        9,
    )
    assert (row.raw_text, row.parsed) == ('{"word": "no"}', {"word": "no"})
    assert row.prices_of == date(2026, 11, 22)


def test_failure_is_kept_with_its_words() -> None:
    row = row_of(Reply(Failure.REFUSED, detail="no", refusal="cyber", stop_reason="refusal"))
    assert (row.failure, row.detail, row.refusal, row.parsed) == ("refused", "no", "cyber", None)


def test_answer_is_cut_at_four_kilobytes_between_two_characters() -> None:
    row = row_of(Reply(Failure.INVALID_OUTPUT, text="x" + "ü" * 4000))
    assert row.raw_text == "x" + "ü" * 2047


def test_columns_take_any_length_and_any_character() -> None:
    nasty = "a\x00b\ud800" + "z" * 5000
    row = row_of(
        Reply(
            Failure.INVALID_OUTPUT,
            data=Word(word="\x00\ud800"),
            detail=nasty,
            model=nasty,
            text=nasty,
            request_id=nasty,
            stop_reason=nasty,
            refusal=nasty,
            usage=Usage(output=-5, input=10**12),
            attempts=10**6,
            parameters={"x\x00": ["y\x00", 1.5, None, True]},
        ),
        request(user=nasty),
    )
    assert row.detail.startswith("a�b?zz")
    assert (len(row.detail), len(row.request_id), len(row.stop_reason)) == (300, 100, 40)
    assert row.parsed == {"word": "�?"}
    assert row.parameters["x�"] == ["y�", "1.5", None, True]
    assert (row.input_tokens, row.output_tokens) == (2**31 - 1, 0)
    assert row.cost == row.reserved  # such figures are not believed


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "AI_FALLBACK_KEY"])
def test_no_column_holds_a_key_or_a_header(settings: Settings, name: str) -> None:
    key = "gsk-live/0123456789abcdef"
    setattr(settings, name, key)
    said = f"authorization: Bearer {key} is not valid"
    reply = Reply(
        Failure.AUTH,
        data=Word(word=said),
        detail=said,
        text=said,
        request_id=key,
        model=key,
        parameters={"headers": said},
    )
    row = row_of(reply, request(user=said))
    assert key not in serializers.serialize("json", [row])
    assert row.detail == "authorization: Bearer *** is not valid"


def test_exception_of_an_adapter_leaves_its_name_only() -> None:
    row = row_of(ValueError("x-api-key: 123456789"))
    assert (row.failure, row.detail) == ("bad_request", "the adapter raised ValueError")
