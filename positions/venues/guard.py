"""Which addresses a user-given URL may reach: the outside world by https, else named hosts only.

A page that an admin types must not become a way into the network behind us (SSRF). What is checked
here is what `positions.venues.pinned` connects to: a name is resolved once, and the connection goes
to the address that was found good. See docs/decisions/ssrf.md.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from positions.venues.base import PermanentError, TransientError

Resolve = Callable[[str], Iterable[str]]
PORTS = {"http": 80, "https": 443}
HINT = "(WEBHOOK_ALLOWED_HOSTS lifts this)"
# 2130706433, 0x7f.1, 017700000001, 127.1: the system's resolver reads addresses in all of them.
NUMERIC = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|\d+)")
LOCAL_NAMES = re.compile(r"(?:.*\.)?localhost")
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64, RFC 6052


def resolve(host: str) -> list[str]:
    """All addresses of a host name, each once. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_public(address: str) -> bool:
    """Whether an IP address lies in the open internet; of IPv4 inside IPv6 (mapped, 6to4, NAT64) the
    inner address counts. Teredo and IPv4-compatible addresses are never public.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or _carried(ip)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:  # fec0::/10, which Python counts as global
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in TRANSLATED:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def allows(host: str, port: int | None, allowed: Collection[str]) -> bool:
    """Whether `allowed` (lower case: `host`, `host:port`, `[::1]:port`) names this host and port."""
    return host in allowed or f"{f'[{host}]' if ':' in host else host}:{port}" in allowed


def plain_host(host: str) -> str:
    """As resolvers read it: lower case, without the root's dot, circled letters and dots unfolded."""
    folded = unicodedata.normalize("NFKC", host).replace("。", ".").lower()
    return folded.strip("[]").removesuffix(".")


@dataclass(frozen=True)
class Guard:
    """Hosts in `allowed` may be private and may speak http; `public` judges what `lookup` finds."""

    allowed: Collection[str] = ()
    lookup: Resolve = resolve
    public: Callable[[str], bool] = is_public

    def check(self, url: str) -> None:
        """Raises PermanentError for a URL that is refused as it stands, without resolving its name:
        this much also holds where a proxy resolves it.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
            strange = parts.username is not None or port == 0
        except ValueError:
            raise PermanentError("the address is not a URL") from None
        if parts.scheme not in PORTS or not parts.hostname or strange:
            raise PermanentError("the address must be http(s)://host/… without a user name")
        self._literal(plain_host(parts.hostname), port or PORTS[parts.scheme], parts.scheme)

    def addresses(self, host: str, port: int | None, scheme: str) -> list[str]:
        """Where a connection to this host may go, all of it checked.

        Raises PermanentError when it may not, TransientError when the name cannot be resolved now.
        """
        host = plain_host(host)
        literal = self._literal(host, port, scheme)
        if literal:
            return [literal]
        try:
            found = list(self.lookup(host))
        except (OSError, UnicodeError):
            raise TransientError(f"{host}: the name cannot be resolved") from None
        if not allows(host, port, self.allowed) and not (found and all(map(self.public, found))):
            raise _private(host)
        return found

    def _literal(self, host: str, port: int | None, scheme: str) -> str:
        """The address that stands in the URL itself, "" for a name."""
        try:
            literal = str(ipaddress.ip_address(host))
        except ValueError:
            literal = ""
        if allows(host, port, self.allowed):
            return literal
        if scheme != "https":
            raise PermanentError(f"{host}: only https is called {HINT}")
        odd = not literal and (NUMERIC.fullmatch(host) or LOCAL_NAMES.fullmatch(host))
        if odd or (literal and not self.public(literal)):
            raise _private(host)
        return literal


def _private(host: str) -> PermanentError:
    return PermanentError(f"{host}: a private or local address is not called {HINT}")
