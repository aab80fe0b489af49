"""A stand-in for Discord's webhooks: limits, buckets, scripted answers, and a record of arrivals.

`python -m tests.fakes.discord --port 8102 [--bucket 5/2]`
"""

from __future__ import annotations

import json
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from tests.fakes import cli
from tests.fakes.faults import Fault
from tests.fakes.server import FakeServer
from tests.fakes.wire import Call, Reply, Request, json_reply

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
LIMITS = {"title": 256, "description": 4096}
CONTENT, EMBEDS, FIELDS, TOTAL = 2000, 10, 25, 6000


@dataclass(frozen=True)
class Message:
    """One POST; `delivered`: it would now stand in the channel, whatever the sender was told."""

    number: int
    at: float
    webhook: str
    payload: dict[str, Any]
    delivered: bool
    status: int


@dataclass
class Bucket:
    """`limit` posts a webhook in `per` seconds."""

    limit: int
    per: float
    opened: float = 0.0
    used: int = 0

    def take(self, now: float) -> bool:
        if now - self.opened >= self.per:
            self.opened, self.used = now, 0
        self.used += 1
        return self.used <= self.limit

    def wait(self, now: float) -> float:
        return max(0.0, self.opened + self.per - now)

    def headers(self, now: float) -> dict[str, str]:
        wait = self.wait(now)
        return {
            "X-RateLimit-Bucket": "fake",
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "X-RateLimit-Reset": f"{now + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
        }


class DiscordServer(FakeServer):
    """POST /api/webhooks/{id}/{token}, with `?wait=true` as well; GET shows the webhook.

    `early`: by how many seconds each POST came before the time its webhook had been told: after a
    429, and after an answer that left no place in the bucket.
    """

    controls: ClassVar[tuple[str, ...]] = (
        *FakeServer.controls,
        "plan",
        "set_bucket",
        "remove",
        "sent",
        "reset",
        "webhook_url",
    )

    def __init__(self, *, port: int = 0, clock: Callable[[], float] = time.time) -> None:
        super().__init__(port=port, clock=clock)
        self.messages: deque[Message] = deque(maxlen=self.keep)
        self._plan: deque[dict[str, Any]] = deque()
        self._bucket_size: tuple[int, float] | None = None
        self._buckets: dict[str, Bucket] = {}
        self._removed: dict[str, int] = {}
        self._not_before: dict[str, float] = {}  # as told, by webhook; "" is all of them
        self.early: list[float] = []
        self._number = 0

    def webhook_url(self, webhook: str = "1", token: str = "fake-token") -> str:
        """The address to give to the product."""
        return f"{self.url}/api/webhooks/{webhook}/{token}"

    def ready_line(self) -> str:
        return f"DISCORD_WEBHOOK_URL={self.webhook_url()} WEBHOOK_ALLOWED_HOSTS=127.0.0.1"

    def plan(self, *answers: str | dict[str, Any], steps: list[Any] | None = None) -> None:
        """Answers for the coming POSTs, one each, in order; afterwards it delivers again.

        A word ("204", "200", "429", "500", "404", "401", "hang", "reset", "drop", "html",
        "wrong_json", "truncated") or {"kind": word, ...}: for 429 `retry_after` (seconds),
        `where` ("both", "header", "json", "none"), `global` (true), `html` (true); for hang
        `seconds`. `steps` is the same list for callers over HTTP.
        """
        for answer in [*answers, *(steps or [])]:
            self._plan.append({"kind": answer} if isinstance(answer, str) else dict(answer))

    def set_bucket(self, limit: int | None = 5, per: float = 2.0) -> None:
        """`limit` posts a webhook in `per` seconds, 429 beyond; None takes the limit away."""
        self._bucket_size = None if limit is None else (limit, per)
        self._buckets.clear()

    def remove(self, webhook: str = "1", status: int = 404) -> None:
        """From now on this webhook answers 404 (deleted) or 401 (token changed)."""
        self._removed[webhook] = status

    def reset(self) -> None:
        """Forgets plan, knobs, messages and removals."""
        self.clear()
        self._plan.clear()
        self.messages.clear()
        self._removed.clear()
        self._buckets.clear()
        self._not_before.clear()
        self.early.clear()

    def sent(self, *, delivered: bool = True) -> list[dict[str, Any]]:
        """Messages that stand in the channel (or all that arrived), oldest first."""
        return [asdict(m) for m in list(self.messages) if m.delivered or not delivered]

    def payloads(self) -> list[dict[str, Any]]:
        """The bodies of the delivered messages, oldest first."""
        return [message.payload for message in list(self.messages) if message.delivered]

    def log_view(self) -> Any:
        return self.sent(delivered=False)

    def _faulty(self, request: Request, call: Call) -> Reply:
        """A planned answer is a fault for this one call; knobs apply when nothing is planned."""
        if request.method == "POST":
            self._hold_to_account(request, call.at)
        if request.method != "POST" or not self._plan:
            return super()._faulty(request, call)
        step = self._plan.popleft()
        call.fault = step["kind"]
        if step["kind"] in {"429", "500", "502", "503", "404", "401", "400"}:
            return self._refuse(request, call, self._refusal(step))
        seconds = float(step.get("seconds", 30 if step["kind"] == "hang" else 0))
        self.pause(seconds)
        if step["kind"] == "drop":
            return self._refuse(request, call, Reply(0, cut=True))
        kind = "ok" if step["kind"] in {"200", "204"} else step["kind"]
        return Fault(kind).spoil(self._answer(request, call))

    def _hold_to_account(self, request: Request, at: float) -> None:
        webhooks = ("", _webhook(request.path) or "")
        told = max(self._not_before.get(webhook, 0.0) for webhook in webhooks)
        if at < told:
            self.early.append(told - at)

    def _refuse(self, request: Request, call: Call, reply: Reply) -> Reply:
        self._record(request, call.at, delivered=False, status=reply.status)
        if reply.status == 429:
            self._tell(request, reply)
        return reply

    def _tell(self, request: Request, reply: Reply) -> None:
        """Keeps the time before which nothing more may come, as the answer states it."""
        body = json.loads(reply.body) if reply.body.startswith(b"{") else {}
        wait = float(body.get("retry_after") or reply.headers.get("Retry-After") or 0)
        everywhere = "X-RateLimit-Global" in reply.headers
        webhook = "" if everywhere else _webhook(request.path) or ""
        self._not_before[webhook] = self.clock() + wait

    def _refusal(self, step: dict[str, Any]) -> Reply:
        status = int(step["kind"])
        if status != 429:
            return self.error_reply(status)
        wait, everywhere = float(step.get("retry_after", 0.5)), bool(step.get("global"))
        where = step.get("where", "both")
        body: dict[str, Any] = {"message": "You are being rate limited.", "global": everywhere}
        headers = {"X-RateLimit-Scope": "global" if everywhere else "shared"}
        if everywhere:
            headers["X-RateLimit-Global"] = "true"
        if where in {"both", "json"}:
            body["retry_after"] = wait
        if where in {"both", "header"}:
            headers["Retry-After"] = str(math.ceil(wait))
        reply = json_reply(body, 429, headers)
        return Fault("html").spoil(reply) if step.get("html") else reply

    def error_reply(self, status: int) -> Reply:
        codes = {404: ("Unknown Webhook", 10015), 401: ("Invalid Webhook Token", 50027)}
        text, code = codes.get(status, (f"status {status}", 0))
        return json_reply({"message": text, "code": code}, status)

    def handle(self, request: Request) -> Reply:
        webhook = _webhook(request.path)
        if webhook is None:
            return json_reply({"message": "404: Not Found", "code": 0}, 404)
        if webhook in self._removed:
            return self.error_reply(self._removed[webhook])
        if request.method != "POST":
            return json_reply({"id": webhook, "type": 1, "name": "fake", "channel_id": "7"})
        return self._post(request, webhook)

    def _post(self, request: Request, webhook: str) -> Reply:
        now = self.clock()
        bucket = self._bucket(webhook)
        if bucket is not None and not bucket.take(now):
            self._record(request, now, delivered=False, status=429)
            reply = self._refusal({"kind": "429", "retry_after": bucket.wait(now)})
            reply.headers.update(bucket.headers(now))
            self._tell(request, reply)
            return reply
        problem = problem_of(_payload(request))
        headers = bucket.headers(now) if bucket else {}
        if bucket and bucket.used == bucket.limit:
            self._not_before[webhook] = now + bucket.wait(now)
        if problem:
            self._record(request, now, delivered=False, status=400)
            return json_reply({"message": problem, "code": 50035}, 400, headers)
        waits = request.param("wait") == "true"
        message = self._record(request, now, delivered=True, status=200 if waits else 204)
        if not waits:
            return Reply(204, b"", headers)
        return json_reply({"id": str(message.number), "channel_id": "7", "type": 0}, 200, headers)

    def _bucket(self, webhook: str) -> Bucket | None:
        if self._bucket_size is None:
            return None
        return self._buckets.setdefault(webhook, Bucket(*self._bucket_size))

    def _record(self, request: Request, at: float, *, delivered: bool, status: int) -> Message:
        with self.lock:
            self._number += 1
            message = Message(
                self._number,
                at,
                _webhook(request.path) or "",
                _payload(request),
                delivered,
                status,
            )
            self.messages.append(message)
            return message


def _webhook(path: str) -> str | None:
    match path.strip("/").split("/"):
        case ["api", "webhooks", webhook, _]:
            return webhook
        case ["api", version, "webhooks", webhook, _] if version.startswith("v"):
            return webhook
    return None


def _payload(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        return {"unreadable": request.body.decode("utf-8", "replace")}
    return body if isinstance(body, dict) else {"unreadable": body}


def problem_of(payload: dict[str, Any]) -> str:
    """Why Discord would refuse this body; empty when it would not."""
    embeds = payload.get("embeds") or []
    content = payload.get("content") or ""
    if not content and not embeds:
        return "Cannot send an empty message"
    if len(content) > CONTENT:
        return f"content: must be {CONTENT} or fewer in length"
    if len(embeds) > EMBEDS:
        return f"embeds: must be {EMBEDS} or fewer"
    problems = [problem for embed in embeds if (problem := _embed_problem(embed))]
    if not problems and sum(map(_embed_size, embeds)) > TOTAL:
        return f"embeds: must be {TOTAL} or fewer in total"
    return problems[0] if problems else ""


def _embed_problem(embed: dict[str, Any]) -> str:
    for name, limit in LIMITS.items():
        if len(embed.get(name) or "") > limit:
            return f"embeds.{name}: must be {limit} or fewer in length"
    fields = embed.get("fields") or []
    if len(fields) > FIELDS:
        return f"embeds.fields: must be {FIELDS} or fewer"
    if any(not f.get("name") or not f.get("value") for f in fields):
        return "embeds.fields: name and value are required"
    if any(len(f["name"]) > 256 or len(f["value"]) > 1024 for f in fields):
        return "embeds.fields: name 256, value 1024 at most"
    return ""


def _embed_size(embed: dict[str, Any]) -> int:
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    fields = embed.get("fields") or []
    return sum(len(text or "") for text in texts) + sum(
        len(field["name"]) + len(field["value"]) for field in fields
    )


def main() -> None:
    parser = cli.parser("A local Discord. Prints the webhook's address when it is ready.")
    parser.add_argument("--bucket", metavar="N/SECONDS", help="rate limit, e.g. 5/2")
    options = parser.parse_args()
    server = DiscordServer(port=options.port)
    if options.bucket:
        limit, _, per = options.bucket.partition("/")
        server.set_bucket(int(limit), float(per))
    cli.serve(server, options.knob)


if __name__ == "__main__":
    main()
