"""Which addresses a user-given URL may reach: the outside world by https, else named hosts only.

A page that an admin types must not become a way into the network behind us (SSRF). The name is
resolved and every address checked before the call; the call resolves again.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection, Iterable
from urllib.parse import urlsplit

from positions.venues.base import PermanentError, TransientError

Resolve = Callable[[str], Iterable[str]]


def resolve(host: str) -> list[str]:
    """All addresses of a host name. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def check_url(url: str, *, allowed: Collection[str], lookup: Resolve = resolve) -> None:
    """Raises PermanentError for an address that must not be called, TransientError when its name
    cannot be resolved. Hosts in `allowed` (lower case) may be private and may speak http.
    """
    host = _host(url)
    if host in allowed:
        return
    if urlsplit(url).scheme != "https":
        raise PermanentError(f"{host}: only https is called (WEBHOOK_ALLOWED_HOSTS lifts this)")
    try:
        addresses = list(lookup(host))
    except OSError:
        raise TransientError(f"{host}: the name cannot be resolved") from None
    if not addresses or not all(map(is_public, addresses)):
        raise PermanentError(
            f"{host}: a private or local address is not called (WEBHOOK_ALLOWED_HOSTS lifts this)"
        )


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
        named = parts.username is not None or parts.port == 0
    except ValueError:
        raise PermanentError("the address is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host or named:
        raise PermanentError("the address must be http(s)://host/… without a user name")
    return host


def is_public(address: str) -> bool:
    """Whether an IP address lies in the open internet; mapped and translated IPv4 included."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or _translated(ip)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _translated(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside a NAT64 one (64:ff9b::/96, RFC 6052)."""
    if ip in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None
