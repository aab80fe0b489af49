"""The HTTP side of the fakes: requests, replies, and a server that leaves nothing behind."""

from __future__ import annotations

import json
import os
import socket
import socketserver
import struct
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST, not FIN


@dataclass(frozen=True)
class Request:
    """One call as it arrived; `query` keeps repeated parameters in their order."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @cached_property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def param(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    def json(self) -> Any:
        return json.loads(self.body)

    def mentions(self, text: str) -> bool:
        return text in self.target or text.encode() in self.body


@dataclass
class Reply:
    """`cut`: the connection is reset after half of the body; `drip`: seconds between two bytes of it,
    and of the head before it with `drip_head`; `note` goes to the log only.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    drip: float = 0.0
    drip_head: bool = False
    note: Any = None


@dataclass
class Call:
    """A line of the request log; `at` in unix seconds, `status` 0 when no answer was sent."""

    number: int
    at: float
    request: Request
    status: int = 0
    fault: str = ""
    note: Any = None

    @property
    def path(self) -> str:
        return self.request.path

    @property
    def body(self) -> str:
        return self.request.body.decode("utf-8", "replace")

    def view(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at,
            "method": self.request.method,
            "path": self.path,
            "query": self.request.query,
            "body": self.body,
            "status": self.status,
            "fault": self.fault,
            "note": self.note,
        }


def json_reply(
    value: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    default: Callable[[Any], Any] | None = None,
    note: Any = None,
) -> Reply:
    body = json.dumps(value, separators=(",", ":"), default=default).encode()
    merged = {"Content-Type": "application/json", **(headers or {})}
    return Reply(status, body, merged, note=note)


class Connections(ThreadingHTTPServer):
    """Knows its open connections, so that `close_all` ends kept-alive ones and joins their threads."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], answer: Callable[[Request], Reply]) -> None:
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer asks DNS for its own name here, which can take seconds on some machines.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that hang up are part of the game."""

    def close_all(self) -> None:
        with self._guard:
            open_now = list(self._open)
        for connection in open_now:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Connections
    wbufsize = -1  # one packet for head and body
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if len(body) < length:  # the caller died on the way: there was no request
            self.close_connection = True
            return
        request = Request(self.command, self.path, dict(self.headers.items()), body)
        try:
            reply = self.server.answer(request)
        except Exception:  # noqa: BLE001  a fake's own mistake must show in the test, not hang it
            text = traceback.format_exc()
            reply = Reply(500, text.encode(), {"X-Fake-Crash": "1"})
        self._send(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815

    def _send(self, reply: Reply) -> None:
        if reply.status == 0:
            self._reset()
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        if reply.drip:
            self._drip(reply)
            return
        self.end_headers()
        self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
        if reply.cut:
            self.wfile.flush()
            self._reset()

    def _drip(self, reply: Reply) -> None:
        """Until all is sent or the caller has hung up, which the next byte finds out."""
        head = b"".join(self._headers_buffer) + b"\r\n"  # type: ignore[attr-defined]
        if not reply.drip_head:
            self.wfile.write(head)
        for byte in (head if reply.drip_head else b"") + reply.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(reply.drip)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """The log is `FakeServer.calls`."""
