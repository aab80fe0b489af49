"""Anthropic's API by its own SDK, whose retries, environment and on-disk logins stay unused.

`messages.create` and our own checks instead of `messages.parse`, which loses usage and request id
when an answer does not fit. Each call has a loop and a client of its own, so that its deadline is a
real one: cancelling closes the socket, however slowly the server drips. Reasons and figures:
docs/decisions/ai-providers.md.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings

from monitoring.advisor import prices
from monitoring.advisor.port import Failure, Purpose, Reply, Request, Usage
from monitoring.advisor.providers import replies
from monitoring.advisor.providers.reading import sendable, short
from monitoring.advisor.providers.tries import TRIES, pause
from pmsite.ai_models import Model

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

logger = logging.getLogger(__name__)
T = TypeVar("T")

API = "https://api.anthropic.com"
CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 1.0
MAX_BYTES = 4 * 2**20  # of one answer; 4,096 tokens with their thinking are some 50 kB
# What a model's profile may add to a request. No tools, ever: not even by a slip in the settings.
PARAMETERS = frozenset({"thinking", "output_config", "service_tier", "inference_geo"})
# The SDK would add these headers, another key among them, to each of our requests.
FOREIGN_HEADERS = "ANTHROPIC_CUSTOM_HEADERS"


@dataclass(slots=True)
class Seen:
    """What is known of a try so far: kept even when its time runs out."""

    status: int | None = None
    request_id: str = ""


class Anthropic:
    """A provider (see `monitoring.advisor.port`). `models`: by purpose; `known`: of a model."""

    name = "anthropic"
    fallback = False
    demo = False

    def __init__(
        self,
        *,
        key: str,
        base_url: str = "",
        models: Mapping[Purpose, str],
        known: Callable[[str], Model | None],
        rng: random.Random | None = None,
    ) -> None:
        self._key = key.strip()
        self._base_url = base_url or API
        self._models = models
        self._known = known
        self._rng = rng or random.Random()
        self.sdk = f"anthropic {version('anthropic')}"

    @classmethod
    def of_settings(cls) -> Anthropic:
        """The one that the settings describe; nothing else is read."""
        screen, decide = settings.AI_SCREEN_MODEL, settings.AI_DECIDE_MODEL
        return cls(
            key=settings.ANTHROPIC_API_KEY,
            base_url=settings.ANTHROPIC_BASE_URL,
            models={"screen": screen, "eval": screen, "decide": decide, "note": decide},
            known=prices.known,
        )

    def model(self, purpose: Purpose) -> str:
        """The model for a purpose."""
        return self._models[purpose]

    def parameters(self, purpose: Purpose) -> dict[str, Any]:
        """What a request holds besides model, texts and schema; nothing for a model not listed."""
        return dict(_profile(self._known(self.model(purpose)), purpose))

    def complete(self, request: Request) -> Reply:
        """Asks, at most twice within `request.seconds`; see the port."""
        parameters = self.parameters(request.purpose)
        refused = self._refused(parameters)
        if refused is not None:
            return replace(refused, usage=Usage(), parameters=parameters)
        try:
            reply = run(lambda: self._ask(request, parameters))
        except Exception as error:
            logger.exception("the Anthropic client broke down")
            reply = Reply(
                Failure.BAD_REQUEST, detail=f"the client broke down: {type(error).__name__}"
            )
        return replace(reply, parameters=parameters, detail=short(reply.detail, self._key))

    def _refused(self, parameters: Mapping[str, Any]) -> Reply | None:
        """Why nothing is sent at all."""
        if not self._key:
            return Reply(Failure.NO_KEY, detail="ANTHROPIC_API_KEY is not set")
        if not sendable(self._key):
            return Reply(Failure.AUTH, detail="ANTHROPIC_API_KEY holds what no key holds")
        odd = sorted(set(parameters) - PARAMETERS)
        if odd:
            return Reply(Failure.BAD_REQUEST, detail=f"AI_MODELS: not sent: {', '.join(odd)}")
        return None

    async def _ask(self, request: Request, parameters: Mapping[str, Any]) -> Reply:
        now = asyncio.get_running_loop().time
        end = now() + request.seconds
        client = self.client()
        try:
            body = _body(request, self.model(request.purpose), parameters)
            for attempt in range(1, TRIES + 1):
                reply = replace(await _in_time(client, body, request, end), attempts=attempt)
                wait = pause(reply, attempt=attempt, left=end - now(), rng=self._rng)
                if wait is None:
                    return reply
                await asyncio.sleep(wait)
            raise AssertionError("unreachable: there is no pause after the last try")
        finally:
            await closed(client)

    def client(self) -> AsyncAnthropic:
        """A client for one loop. The key is passed, so no other login is looked for; a redirect
        would carry the texts to somebody else.
        """
        import anthropic

        os.environ.pop(FOREIGN_HEADERS, None)
        return anthropic.AsyncAnthropic(
            api_key=self._key,
            base_url=self._base_url,
            max_retries=0,
            open_telemetry=False,
            http_client=anthropic.DefaultAsyncHttpxClient(follow_redirects=False),
        )


def preload() -> None:
    """Imports what a call needs, its schemas too, without calling anybody: for a process that forks
    those who call, which then share it (figures: docs/decisions/ai-providers.md).
    """
    import monitoring.advisor.schemas  # noqa: F401

    # Its resources are imported at their first use.
    _ = Anthropic.of_settings().client().messages.with_streaming_response.create


def _profile(model: Model | None, purpose: Purpose) -> Mapping[str, Any]:
    if model is None:
        return {}
    return model.screen if purpose in {"screen", "eval"} else model.decide


def _body(request: Request, model: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    import anthropic

    form = {"type": "json_schema", "schema": anthropic.transform_schema(request.schema)}
    return {
        **parameters,
        "model": model,
        "max_tokens": request.max_tokens,
        "system": request.system,
        "messages": [{"role": "user", "content": request.user}],
        "output_config": {**parameters.get("output_config", {}), "format": form},
    }


async def _in_time(
    client: AsyncAnthropic, body: Mapping[str, Any], request: Request, end: float
) -> Reply:
    """One try, cut off at `end` of the loop's clock."""
    seen = Seen()
    try:
        async with asyncio.timeout_at(end):
            return await _once(client, body, request, seen)
    except TimeoutError:
        detail = f"no whole answer within {request.seconds:g} s"
        return Reply(
            Failure.TIMEOUT, detail=detail, http_status=seen.status, request_id=seen.request_id
        )


async def _once(
    client: AsyncAnthropic, body: Mapping[str, Any], request: Request, seen: Seen
) -> Reply:
    import anthropic

    timeout = anthropic.Timeout(request.seconds, connect=CONNECT_SECONDS)
    call = client.messages.with_streaming_response.create
    try:
        async with call(**body, timeout=timeout) as response:
            # Before the body, and before anything can be wrong with it.
            seen.status = response.status_code
            seen.request_id = replies.request_id(response.headers)
            raw = await _read(response.iter_bytes())
    except anthropic.APIStatusError as error:
        return replies.refused(error)
    except anthropic.APIConnectionError as error:
        return replies.not_reached(error)
    except (TypeError, ValueError) as error:  # a parameter that the SDK does not know
        return Reply(Failure.BAD_REQUEST, detail=str(error), usage=Usage())
    if isinstance(raw, Reply):
        return replace(raw, http_status=seen.status, request_id=seen.request_id)
    known = Reply(None, http_status=seen.status, request_id=seen.request_id)
    return replies.judged(raw, request.schema, known)


async def _read(pieces: Any) -> bytes | Reply:
    """The body, or why there is none."""
    parts, size = [], 0
    try:
        async for piece in pieces:
            parts.append(piece)
            size += len(piece)
            if size > MAX_BYTES:
                return Reply(Failure.INVALID_OUTPUT, detail=f"answer larger than {MAX_BYTES} bytes")
    except Exception as error:  # noqa: BLE001  the HTTP library's own, and it has many
        return Reply(Failure.CONNECTION, detail=f"broke off ({type(error).__name__})")
    return b"".join(parts)


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Runs a coroutine on a loop of its own, and does not wait for what it left behind: a name
    server that hangs sits in a thread, which asyncio.run would wait for.
    """
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work())
    finally:
        loop.close()


async def closed(client: AsyncAnthropic) -> None:
    """Closes a client, but does not wait for the other side to agree."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()
    except Exception:
        logger.debug("the connection was not closed in order", exc_info=True)
