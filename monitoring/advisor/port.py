"""What the AI stage needs of a provider, whoever it is. Names no vendor, no database, no Django."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel

Purpose = Literal["screen", "decide", "note", "eval"]


class Failure(StrEnum):
    """Why there is no answer. The first nine may be tried with another provider (`ELSEWHERE`); the
    next three may not: a second model that papers over our own fault would hide it.
    """

    NO_KEY = "no_key"
    AUTH = "auth"
    SPEND_LIMIT = "spend_limit"  # the provider's account is empty, not our cap
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    SERVER_ERROR = "server_error"
    REFUSED = "refused"
    BAD_REQUEST = "bad_request"
    TRUNCATED = "truncated"
    INVALID_OUTPUT = "invalid_output"
    # Not the provider's: nobody was asked.
    OVER_BUDGET = "over_budget"
    BREAKER_OPEN = "breaker_open"


ELSEWHERE = frozenset(
    {
        Failure.NO_KEY,
        Failure.AUTH,
        Failure.SPEND_LIMIT,
        Failure.RATE_LIMITED,
        Failure.OVERLOADED,
        Failure.TIMEOUT,
        Failure.CONNECTION,
        Failure.SERVER_ERROR,
        Failure.REFUSED,
        Failure.BREAKER_OPEN,
    }
)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens. Total input = input + cache_read + both cache_writes; thinking is part of output."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    thinking: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `schema` forms the answer; `max_tokens` covers thinking and text; `seconds` is the
    total deadline of the call with all its tries. There are no tools, and no field for them.
    """

    purpose: Purpose
    system: str
    user: str
    schema: type[BaseModel]
    max_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call; `failure` None means that `data` is a checked answer of the schema.

    `usage` None: the answer carried none, so nobody knows what it cost, except that an error status
    costs nothing; `Usage()` where the request surely never left. `text`: the raw answer.
    """

    failure: Failure | None
    data: BaseModel | None = None
    detail: str = ""
    usage: Usage | None = None
    model: str = ""
    text: str = ""
    request_id: str = ""
    stop_reason: str = ""
    refusal: str = ""
    http_status: int | None = None
    attempts: int = 0
    retry_after: float | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


class Provider(Protocol):
    """Somebody who can be asked. `fallback`: its answers never sell by themselves unless settings
    allow it; `sdk`: the client and its version, for the audit; `demo`: recorded, costs nothing.
    """

    name: str
    sdk: str
    fallback: bool
    demo: bool

    def model(self, purpose: Purpose) -> str:
        """The model it would ask."""

    def complete(self, request: Request) -> Reply:
        """Asks; never raises for what the provider or the network does, and returns in time.

        A try that went out and brought no answer is not repeated: nobody knows what it cost, and
        what was reserved covers one.
        """
