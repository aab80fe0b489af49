"""Sessions whose connections go to the very address that was checked.

A check before the call would resolve the name twice, and a name server that answers differently the
second time (DNS rebinding) would lead the call anywhere. So the connection itself asks the guard and
connects to the address that it gave; TLS still asks for the name's certificate, by SNI. Every
redirect is a connection of its own and is checked the same way.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from positions.venues.guard import Guard
from positions.venues.overdue import watched

AGENT = "position-manager"
MOST_ADDRESSES = 3  # of one name; each may cost a whole time-out


def session(guard: Guard | None = None) -> requests.Session:
    """A session that calls what `guard` lets through, anything without one (the operator's own
    addresses). A proxy of the environment (HTTPS_PROXY, NO_PROXY) is used; it then resolves names.

    The guard's refusals come out as they are: PermanentError, TransientError.
    """
    made = requests.Session()
    made.headers["User-Agent"] = AGENT
    made.auth = lambda request: request  # never credentials from a .netrc
    for scheme in ("http://", "https://"):
        made.mount(scheme, WatchedAdapter() if guard is None else PinnedAdapter(guard))
    return made


class Watched(HTTPConnection):
    """Its socket is known to the exchange's watchdog, before a handshake and when used again."""

    def _new_conn(self) -> socket.socket:
        made = self._connected()
        watched(made)
        return made

    def _connected(self) -> socket.socket:
        return super()._new_conn()

    def getresponse(self) -> Any:
        """As ever."""
        if self.sock is not None:
            watched(self.sock)
        return super().getresponse()


class WatchedAdapter(HTTPAdapter):
    """An adapter that calls whatever it is asked to."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(None)


class PinnedAdapter(HTTPAdapter):
    """An adapter without a way around the guard."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._guard)

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """One hop. What stands in the address is judged here too: a proxy's connection is not ours."""
        self._guard.check(request.url or "")
        return super().send(request, *args, **kwargs)


def _pools(guard: Guard | None) -> Mapping[str, type[HTTPConnectionPool]]:
    class Plain(Watched):
        def _connected(self) -> socket.socket:
            return _connect(self, guard, "http") if guard else super()._connected()

    class Secure(Watched, HTTPSConnection):
        def _connected(self) -> socket.socket:
            return _connect(self, guard, "https") if guard else super()._connected()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _connect(wanted: HTTPConnection, guard: Guard, scheme: str) -> socket.socket:
    """A socket to the first of the checked addresses that answers; as urllib3's own, but for them."""
    failed: Exception | None = None
    for address in guard.addresses(wanted.host, wanted.port, scheme)[:MOST_ADDRESSES]:
        try:
            return create_connection(
                (address, wanted.port or 0),
                wanted.timeout,
                source_address=wanted.source_address,
                socket_options=wanted.socket_options,
            )
        except TimeoutError:
            failed = ConnectTimeoutError(wanted, f"{wanted.host} did not answer in time")
        except OSError as error:
            failed = NewConnectionError(wanted, f"no connection: {error}")
    raise failed or NewConnectionError(wanted, "the name has no address")
