"""What all fakes share: an HTTP server that logs every call, can be driven and can fail.

`POST /_control {"do": "knob", "kind": "429", ...}` calls the method of that name; `GET /_calls`
shows every request, `GET /_log` what matters most to this fake. A subclass answers in `handle` and names its controls.
"""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, Self

from tests.fakes.faults import Fault, Faults
from tests.fakes.wire import Call, Connections, Reply, Request, json_reply


class FakeServer:
    """A server on 127.0.0.1, started by `with` or `start()`; `port` 0 takes a free one."""

    controls: ClassVar[tuple[str, ...]] = ("knob", "clear")
    keep: ClassVar[int] = 5000

    def __init__(
        self, *, port: int = 0, clock: Callable[[], float] = time.time, seed: int = 1
    ) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.faults = Faults(random.Random(seed))
        self.calls: deque[Call] = deque(maxlen=self.keep)
        self.crashes: list[str] = []
        self._numbers = itertools.count(1)
        self._stopping = threading.Event()
        self._http = Connections(("127.0.0.1", port), self._serve)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ready_line(self) -> str:
        """What `python -m` prints once it answers."""
        return self.url

    def start(self) -> Self:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends hanging answers, closes every connection and joins every thread."""
        self._stopping.set()
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.close_all()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def handle(self, request: Request) -> Reply:
        """The fake's own answer; called under `lock`."""
        raise NotImplementedError

    def error_reply(self, status: int) -> Reply:
        """The body that this service sends with an error status."""
        return json_reply({"error": f"status {status}"}, status)

    def log_view(self) -> Any:
        """What GET /_log shows."""
        return [call.view() for call in list(self.calls)]

    def knob(self, kind: str, **details: Any) -> None:
        """Makes the coming answers fail; see `Fault` for kinds and details."""
        self.faults.add(Fault(kind, **details))

    def clear(self, kind: str | None = None) -> None:
        """Takes back all knobs, or those of one kind."""
        self.faults.clear(kind)

    def requests(self, part: str = "") -> list[Call]:
        """The calls whose path holds `part`, in order of arrival."""
        return [call for call in list(self.calls) if part in call.path]

    def pause(self, seconds: float) -> None:
        """Waits, but not beyond the server's own end."""
        self._stopping.wait(seconds)

    def _serve(self, request: Request) -> Reply:
        if request.path == "/_log":
            return json_reply(self.log_view(), default=str)
        if request.path == "/_calls":
            return json_reply([call.view() for call in list(self.calls)], default=str)
        if request.path == "/_control":
            return self._control(request)
        call = Call(next(self._numbers), self.clock(), request)
        self.calls.append(call)
        reply = self._faulty(request, call)
        call.status = reply.status
        return reply

    def _faulty(self, request: Request, call: Call) -> Reply:
        fault = self.faults.take(request)
        if fault is None:
            return self._answer(request, call)
        call.fault = fault.kind
        late = fault.kind == "hang" and fault.after
        if fault.seconds and not late:
            self.pause(fault.seconds)
        if fault.kind == "drop":
            return Reply(0, cut=True)
        status = fault.status
        if status is not None and not fault.after:
            return fault.spoil(self.error_reply(status))
        reply = self._answer(request, call)
        if late:
            self.pause(fault.seconds)
        return fault.spoil(reply if status is None else self.error_reply(status))

    def _answer(self, request: Request, call: Call) -> Reply:
        try:
            with self.lock:
                reply = self.handle(request)
        except Exception as error:
            self.crashes.append(repr(error))
            raise
        call.note = reply.note
        return reply

    def _control(self, request: Request) -> Reply:
        try:
            command = json.loads(request.body)
            name = command.pop("do")
            if name not in self.controls:
                return json_reply({"error": f"no control {name!r}", "controls": self.controls}, 400)
            result = getattr(self, name)(**command)
        except (ValueError, TypeError, KeyError, AttributeError, LookupError) as error:
            return json_reply({"error": f"{type(error).__name__}: {error}"}, 400)
        return json_reply({"ok": True, "result": result}, default=_plain)


def _plain(value: Any) -> Any:
    """Dataclasses as objects, everything else as text."""
    return vars(value) if hasattr(value, "__dict__") else str(value)
