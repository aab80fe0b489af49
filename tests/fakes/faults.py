"""The failure knobs that every fake has: what fails, where, how often."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.fakes.wire import Reply, Request

SHAPES = ("hang", "reset", "drop", "truncated", "html", "wrong_json", "redirect", "ok")


@dataclass
class Fault:
    """One knob.

    `kind`: an HTTP status ("429", "500", "404", …) or one of SHAPES. `hang` waits `seconds`, then
    answers; `reset` does the work and breaks the connection half-way through the answer; `drop`
    breaks it before anything is done; `truncated` sends half of the JSON as if it were whole.
    `route`: a glob over the path without its leading slash ("clob/books", "gamma/*"); `token`: only
    calls that mention this text; `times`: how often (None: until cleared); `chance`: of each call.
    `after`: an error status or a `hang` only after the work was done. `retry_after`: seconds, or
    the header's literal text.
    """

    kind: str
    route: str = "*"
    token: str = ""
    method: str = ""
    times: int | None = None
    seconds: float = 0
    retry_after: float | str | None = None
    location: str = "http://127.0.0.1:1/elsewhere"
    chance: float = 1.0
    after: bool = False

    def __post_init__(self) -> None:
        if self.kind not in SHAPES and not self.kind.isdecimal():
            raise ValueError(f"unknown knob {self.kind!r}")
        if self.kind == "hang" and not self.seconds:
            self.seconds = 30

    @property
    def status(self) -> int | None:
        return int(self.kind) if self.kind.isdecimal() else None

    def fits(self, request: Request) -> bool:
        return (
            fnmatchcase(request.path.lstrip("/"), self.route)
            and self.method in {"", request.method}
            and (not self.token or request.mentions(self.token))
        )

    def spoil(self, reply: Reply) -> Reply:
        """The answer as this fault leaves it."""
        if self.retry_after is not None:
            reply.headers["Retry-After"] = f"{self.retry_after}"
        match self.kind:
            case "reset":
                reply.cut = True
            case "truncated":
                reply.body = reply.body[: max(1, len(reply.body) // 2)]
            case "html":
                reply.body = b"<html><title>Just a moment...</title></html>"
                reply.headers["Content-Type"] = "text/html"
            case "wrong_json":
                reply.body = b'{"unexpected":true}'
            case "redirect":
                reply.status, reply.body = 302, b""
                reply.headers["Location"] = self.location
        return reply


class Faults:
    """The knobs in force, first set first used."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._faults: list[Fault] = []
        self._guard = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._guard:
            self._faults.append(fault)

    def clear(self, kind: str | None = None) -> None:
        with self._guard:
            self._faults = [f for f in self._faults if kind is not None and f.kind != kind]

    def take(self, request: Request) -> Fault | None:
        """The fault that hits this call; a counted one is used up by it."""
        with self._guard:
            for fault in self._faults:
                if fault.fits(request) and self._rng.random() < fault.chance:
                    self._use(fault)
                    return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self._faults.remove(fault)
