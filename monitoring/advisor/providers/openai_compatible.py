"""Any endpoint that speaks OpenAI's chat completions, as the fallback: Gemini's, Ollama, OpenRouter.

Over the client that everything outgoing uses. Request and answer:
platform.openai.com/docs/api-reference/chat; strict schemas: .../docs/guides/structured-outputs.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from monitoring.advisor import prices
from monitoring.advisor.port import Failure, Purpose, Reply, Request, Usage
from monitoring.advisor.providers import completions
from monitoring.advisor.providers.reading import sendable, short
from monitoring.advisor.providers.tries import TRIES, pause
from pmsite.ai_models import Model
from positions.venues.base import PermanentError, ProtocolError, TransientError, VenueError
from positions.venues.http import Answer, HttpClient, NotSentError

logger = logging.getLogger(__name__)

ERRORS = range(400, 600)
MAX_BYTES = 4 * 2**20
LEEWAY = 0.2  # seconds in which the work itself says that it is late, and of what
# OpenAI's own models refuse the older name, which all others know.
MODERN_HOST = "api.openai.com"
PARAMETERS = frozenset({"reasoning_effort", "temperature", "seed", "service_tier"})


class OpenAICompatible:
    """A provider (see `monitoring.advisor.port`); one model for every purpose. The key may be blank:
    a model on this machine needs none.
    """

    name = "openai_compatible"
    fallback = True
    demo = False

    def __init__(
        self,
        *,
        url: str,
        model: str,
        key: str = "",
        known: Callable[[str], Model | None],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._model = model
        self._key = key.strip()
        self._known = known(model)
        self._clock = clock
        self._sleep = sleep
        self._rng = rng or random.Random()
        self._http = HttpClient(clock=clock, tries=1, max_bytes=MAX_BYTES)
        self.sdk = f"requests {requests.__version__}"

    @classmethod
    def of_settings(cls) -> OpenAICompatible:
        """The one that the settings describe."""
        return cls(
            url=settings.AI_FALLBACK_URL,
            model=settings.AI_FALLBACK_MODEL,
            key=settings.AI_FALLBACK_KEY,
            known=prices.known,
        )

    def model(self, purpose: Purpose) -> str:
        """The one model."""
        return self._model

    def parameters(self, purpose: Purpose) -> dict[str, Any]:
        """What a request holds besides model, texts and schema."""
        if self._known is None:
            return {}
        screen = purpose in {"screen", "eval"}
        return dict(self._known.screen if screen else self._known.decide)

    def complete(self, request: Request) -> Reply:
        """Asks, at most twice within `request.seconds`; see the port."""
        parameters = self.parameters(request.purpose)
        refused = self._refused(parameters)
        if refused is not None:
            return replace(refused, usage=Usage(), parameters=parameters)
        reply = within(request.seconds, lambda: self._ask(request, self._body(request, parameters)))
        return replace(reply, parameters=parameters, detail=short(reply.detail, self._key))

    def _refused(self, parameters: Mapping[str, Any]) -> Reply | None:
        """Why nothing is sent at all."""
        if not sendable(self._key):
            return Reply(Failure.AUTH, detail="AI_FALLBACK_KEY holds what no key holds")
        odd = sorted(set(parameters) - PARAMETERS)
        if odd:
            return Reply(Failure.BAD_REQUEST, detail=f"AI_MODELS: not sent: {', '.join(odd)}")
        return None

    def _body(self, request: Request, parameters: Mapping[str, Any]) -> dict[str, Any]:
        modern = urlsplit(self.url).hostname == MODERN_HOST
        return {
            **parameters,
            "model": self._model,
            "max_completion_tokens" if modern else "max_tokens": request.max_tokens,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            "response_format": completions.response_format(request.schema),
        }

    def _ask(self, request: Request, body: Mapping[str, Any]) -> Reply:
        end = self._clock() + request.seconds
        for attempt in range(1, TRIES + 1):
            reply = replace(self._once(request, body, end), attempts=attempt)
            left = end - self._clock()
            wait = pause(reply, attempt=attempt, left=left, rng=self._rng)
            if wait is None:
                return reply
            self._sleep(wait)
        raise AssertionError("unreachable: there is no pause after the last try")

    def _once(self, request: Request, body: Mapping[str, Any], end: float) -> Reply:
        try:
            answer = self.call("POST", "/chat/completions", body, end)
        except VenueError as error:
            return unanswered(error, late=self._clock() >= end)
        return completions.judged(answer, request.schema)

    def call(self, method: str, path: str, body: Any, end: float) -> Answer:
        """One request, error statuses included. Raises VenueError's children."""
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return self._http.send(
            method,
            self.url + path,
            body=body,
            deadline=end,
            as_json=False,
            headers=headers,
            answers=ERRORS,
            quiet=max(0.0, end - self._clock()),
        )


def within(seconds: float, work: Callable[[], Reply]) -> Reply:
    """What `work` returns, or that it took too long. The client below ends its own exchange in time,
    but not a name server that hangs; that one is left behind in its thread.
    """
    found: list[Reply] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:
            logger.exception("the client of the fallback broke down")
            detail = f"the client broke down: {type(error).__name__}"
            found.append(Reply(Failure.BAD_REQUEST, detail=detail))

    thread = Thread(target=run, name="ai-fallback", daemon=True)
    thread.start()
    thread.join(seconds + LEEWAY)
    if found:
        return found[0]
    return Reply(Failure.TIMEOUT, detail=f"no whole answer within {seconds:g} s", attempts=1)


def unanswered(error: VenueError, *, late: bool) -> Reply:
    """No status came, `late` by then or not. What never left costs nothing; of the rest nobody knows."""
    text = str(error)
    if isinstance(error, NotSentError):
        return Reply(Failure.CONNECTION, detail=text, usage=Usage())
    if isinstance(error, TransientError):
        return Reply(Failure.TIMEOUT if late else Failure.CONNECTION, detail=text)
    if isinstance(error, ProtocolError):
        return Reply(Failure.INVALID_OUTPUT, detail=text)
    assert isinstance(error, PermanentError), "an endpoint is read, it fills no orders"
    return Reply(Failure.BAD_REQUEST, detail=text)
