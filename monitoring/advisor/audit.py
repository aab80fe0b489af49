"""The columns of a call's row, made fit to be kept: no secret, no byte that a database refuses."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.conf import settings

from monitoring.advisor.port import Provider, Reply, Request
from monitoring.advisor.prices import schema_text
from monitoring.models import AICall
from pmsite.ai_models import AS_OF
from pmsite.logs import MASK, redacted

if TYPE_CHECKING:
    from datetime import date, datetime

    from monitoring.advisor.gate import About

RAW_BYTES = 4096
MOST_TOKENS = 2**31 - 1  # of a column
SHORTEST_SECRET = 8  # a shorter one would mask ordinary words


@dataclass(frozen=True, slots=True)
class Texts:
    """Makes strangers' text storable, without our own secrets."""

    secrets: tuple[str, ...]

    @classmethod
    def ours(cls) -> Texts:
        """With the secrets of this installation."""
        known = (
            settings.ANTHROPIC_API_KEY,
            settings.AI_FALLBACK_KEY,
            *settings.ENV.secret_values(),
        )
        fit = {secret for secret in known if len(secret) >= SHORTEST_SECRET}
        return cls(tuple(sorted(fit, key=len, reverse=True)))

    def plain(self, text: str, most: int | None = None) -> str:
        """Without secrets, NUL (PostgreSQL takes none) and halves of characters; cut at `most`."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        text = text.encode("utf-8", "replace").decode()
        return text if most is None else text[:most]

    def json(self, value: Any) -> Any:
        """The same for JSON, whatever stands in it."""
        if isinstance(value, str):
            return self.plain(value)
        if isinstance(value, dict):
            return {self.plain(str(key)): self.json(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.json(one) for one in value]
        return value if isinstance(value, (int, bool, type(None))) else self.plain(str(value))


def asked(
    request: Request, provider: Provider, about: About, *, day: date, now: datetime
) -> AICall:
    """The row of a call that is about to go out, not yet written and without its money."""
    texts = Texts.ours()
    return AICall(
        purpose=request.purpose,
        position_id=about.position_id,
        question_id=about.question_id,
        day=day,
        provider=texts.plain(provider.name, 40),
        model=texts.plain(provider.model(request.purpose), 100),
        sdk=texts.plain(provider.sdk, 40),
        prompt_version=texts.plain(about.prompt_version, 20),
        prompt_sha256=about.prompt_sha256,
        schema_sha256=sha256(schema_text(request).encode()).hexdigest(),
        system_text=texts.plain(request.system),
        user_text=texts.plain(request.user),
        evidence=texts.json(list(about.evidence)),
        parameters={"critical": about.critical, "seconds": str(request.seconds)},
        max_tokens=request.max_tokens,
        started_at=now,
    )


def answered(
    call: AICall, reply: Reply, *, finished_at: datetime, seconds: float
) -> dict[str, Any]:
    """The columns that an answer fills, money aside."""
    texts = Texts.ours()
    data = reply.data.model_dump(mode="json") if reply.data is not None else None
    return {
        "finished_at": finished_at,
        "latency_ms": min(max(0, round(seconds * 1000)), MOST_TOKENS),
        "answered_by": texts.plain(reply.model, 100),
        "parameters": call.parameters | texts.json(reply.parameters),
        "attempts": min(max(0, reply.attempts), 1000),
        "http_status": reply.http_status,
        "request_id": texts.plain(reply.request_id, 100),
        "stop_reason": texts.plain(reply.stop_reason, 40),
        "refusal": texts.plain(reply.refusal, 40),
        "failure": reply.failure or "",
        "detail": detail(reply.detail),
        "raw_text": _at_most(texts.plain(reply.text), RAW_BYTES),
        "parsed": texts.json(data),
        "prices_of": AS_OF,
        **_tokens(reply),
    }


def detail(text: str) -> str:
    """A provider's own words on its trouble; they may quote a header."""
    texts = Texts.ours()
    return texts.plain(redacted(text, texts.secrets), 300)


def _tokens(reply: Reply) -> dict[str, int]:
    if reply.usage is None:
        return {}
    counted = asdict(reply.usage)
    return {f"{name}_tokens": min(max(0, n), MOST_TOKENS) for name, n in counted.items()}


def _at_most(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")
