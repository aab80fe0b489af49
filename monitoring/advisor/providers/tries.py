"""What an error means, and whether to ask once more: the same of every provider. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime

from monitoring.advisor.port import Failure, Reply, Usage
from positions.venues.http import retry_after_seconds

TRIES = 2
BACKOFF = 0.5  # seconds; the upper half of it random
SHORTEST = 1.0  # a try that has less time left than this is not worth its request
AGAIN = frozenset(
    {Failure.RATE_LIMITED, Failure.OVERLOADED, Failure.SERVER_ERROR, Failure.CONNECTION}
)
BY_STATUS = {
    401: Failure.AUTH,
    402: Failure.SPEND_LIMIT,
    403: Failure.AUTH,
    408: Failure.TIMEOUT,
    409: Failure.SERVER_ERROR,
    429: Failure.RATE_LIMITED,
    503: Failure.OVERLOADED,
    504: Failure.TIMEOUT,
    529: Failure.OVERLOADED,
}
BY_TYPE = {"overloaded_error": Failure.OVERLOADED, "billing_error": Failure.SPEND_LIMIT}
# An empty account also comes as a 429 with such a code, or as a 400 with such words.
NO_CREDIT_CODES = ("spend_limit_reached", "billing_unavailable", "insufficient_quota")
NO_CREDIT_WORDS = ("credit balance is too low", "specified api usage limits")


def pause(reply: Reply, *, attempt: int, left: float, rng: random.Random) -> float | None:
    """Seconds until the next try; None when there is none: it was the last, another will not help,
    it may have been paid for, or the provider's own wish is longer than what is `left`.
    """
    if attempt >= TRIES or reply.failure not in AGAIN or not _free(reply):
        return None
    wait = BACKOFF * (0.5 + rng.random() / 2) if reply.retry_after is None else reply.retry_after
    return wait if wait + SHORTEST < left else None


def _free(reply: Reply) -> bool:
    """Whether the try surely cost nothing: it was refused by a status, or never sent. A gateway's
    504 is no such refusal: what is behind it may have answered.
    """
    refused = reply.http_status is not None and 400 <= reply.http_status != 504
    return refused or reply.usage == Usage()


def after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a `Retry-After` header, None without a readable one."""
    return retry_after_seconds(headers.get("Retry-After"), datetime.now(UTC))


def failure_of(status: int) -> Failure:
    """A failure by its status alone."""
    if status >= 500:
        return BY_STATUS.get(status, Failure.SERVER_ERROR)
    return BY_STATUS.get(status, Failure.BAD_REQUEST)


def out_of_credit(code: object, message: object) -> bool:
    """Whether an error says that the provider's own account is empty."""
    code, words = str(code or "").lower(), str(message or "").lower()
    return any(code.endswith(one) for one in NO_CREDIT_CODES) or any(
        one in words for one in NO_CREDIT_WORDS
    )
