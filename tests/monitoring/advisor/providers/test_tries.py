from __future__ import annotations

import random

import pytest

from monitoring.advisor.port import ELSEWHERE, Failure, Reply, Usage
from monitoring.advisor.providers.reading import count, json_object, short, word
from monitoring.advisor.providers.tries import AGAIN, failure_of, out_of_credit, pause

BUSY = Reply(Failure.OVERLOADED, http_status=529)


class Least(random.Random):
    def random(self) -> float:
        return 0.0


def wait(reply: Reply, *, attempt: int = 1, left: float = 30.0) -> float | None:
    return pause(reply, attempt=attempt, left=left, rng=Least())


def test_refusal_is_tried_again_after_a_quarter_to_half_a_second() -> None:
    found = {pause(BUSY, attempt=1, left=30, rng=random.Random(seed)) for seed in range(50)}
    assert all(one is not None and 0.25 <= one < 0.5 for one in found)
    assert len(found) == 50  # all who were refused at once do not come back at once


def test_second_try_is_the_last() -> None:
    assert wait(BUSY, attempt=2) is None


@pytest.mark.parametrize(
    ("left", "expected"), [(30.0, 3.0), (4.1, 3.0), (4.0, None), (2.0, None), (0.0, None)]
)
def test_wish_counts_while_a_second_is_left_after_it(left: float, expected: float | None) -> None:
    reply = Reply(Failure.RATE_LIMITED, http_status=429, retry_after=3.0)
    assert wait(reply, left=left) == expected


@pytest.mark.parametrize(
    ("reply", "again"),
    [
        (Reply(Failure.CONNECTION, usage=Usage()), True),  # it never left
        (Reply(Failure.CONNECTION), False),  # it may have been answered
        (Reply(Failure.SERVER_ERROR, http_status=500), True),
        (Reply(Failure.SERVER_ERROR, http_status=504), False),
        (Reply(Failure.TIMEOUT), False),
        (Reply(Failure.AUTH, http_status=401), False),
        (Reply(Failure.SPEND_LIMIT, http_status=429), False),
        (Reply(Failure.INVALID_OUTPUT, http_status=200), False),
        (Reply(None, http_status=200), False),
    ],
)
def test_only_what_cost_nothing_and_may_pass_is_tried_again(reply: Reply, again: bool) -> None:
    assert (wait(reply) is not None) == again


def test_what_is_tried_again_may_be_tried_elsewhere_too() -> None:
    assert set() == AGAIN - ELSEWHERE


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (302, Failure.BAD_REQUEST),
        (400, Failure.BAD_REQUEST),
        (401, Failure.AUTH),
        (402, Failure.SPEND_LIMIT),
        (418, Failure.BAD_REQUEST),
        (429, Failure.RATE_LIMITED),
        (500, Failure.SERVER_ERROR),
        (503, Failure.OVERLOADED),
        (529, Failure.OVERLOADED),
        (599, Failure.SERVER_ERROR),
    ],
)
def test_failure_by_status(status: int, failure: Failure) -> None:
    assert failure_of(status) is failure


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("enforced_spend_limit_reached", "", True),
        ("linked_organization_billing_unavailable", None, True),
        (None, "Your credit balance is too low to access the Anthropic API.", True),
        ("ramp_limit_exceeded", "too fast", False),
        (None, None, False),
        (429, "quota", False),
    ],
)
def test_empty_account_is_known_by_code_or_words(
    code: object, message: object, expected: bool
) -> None:
    assert out_of_credit(code, message) is expected


def test_detail_is_one_short_line_without_secrets() -> None:
    assert short("key sk-1\n is\x00 wrong", "sk-1", "") == "key [hidden] is wrong"
    assert len(short("x" * 999)) == 300


@pytest.mark.parametrize("value", [True, -1, 1.5, "7", 2**31, [], {}])
def test_absurd_number_of_tokens_is_none(value: object) -> None:
    with pytest.raises(ValueError, match="not a number of tokens"):
        count(value)


def test_readers_take_what_they_can() -> None:
    assert (count(None), count(7), word("end_turn"), word(7)) == (0, 7, "end_turn", "")
    assert json_object(b'{"a": 1}') == {"a": 1}
    assert [json_object(body) for body in (b"[1]", b"<html>", b"\xff", b"[" * 99999)] == [None] * 4
