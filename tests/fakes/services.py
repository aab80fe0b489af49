"""Stand-ins for what Apprise reaches: a server that takes every POST, and a mail server."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any, Self

from tests.fakes.server import FakeServer
from tests.fakes.wire import Request, json_reply


class HookServer(FakeServer):
    """Answers every POST with 200 (knobs make it fail) and keeps the bodies."""

    def __init__(self, *, port: int = 0, clock: Callable[[], float] = time.time) -> None:
        super().__init__(port=port, clock=clock)
        self.bodies: list[Any] = []

    def handle(self, request: Request) -> Any:
        self.bodies.append(request.json())
        return json_reply({"id": "1"})


class MailServer(socketserver.ThreadingTCPServer):
    """SMTP without encryption on 127.0.0.1; `refuse` is the answer to MAIL FROM when it is set."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[EmailMessage] = []
        self.refuse = ""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 fake")
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "DATA":
                self._take()
            elif verb == "MAIL" and self.server.refuse:
                self._say(self.server.refuse)
            else:
                self._say("250 fine")

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.mails.append(mail)
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
