from __future__ import annotations

import pytest

from positions.venues.base import PermanentError, TransientError
from positions.venues.guard import Guard, allows, is_public, plain_host, resolve

PUBLIC = ["93.184.216.34"]


def addresses(host: str, found: list[str], *, scheme: str = "https") -> list[str]:
    return Guard(lookup=lambda _: found).addresses(host, 443, scheme)


def test_public_name_gives_the_addresses_that_were_checked() -> None:
    asked: list[str] = []

    def lookup(host: str) -> list[str]:
        asked.append(host)
        return PUBLIC

    found = Guard(lookup=lookup).addresses("Example.org.", 443, "https")
    assert (found, asked) == (PUBLIC, ["example.org"])


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "::8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
    ],
)
def test_private_address_is_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(PermanentError, match="private or local"):
        addresses("example.org", [*PUBLIC, address])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)
    assert addresses("example.org", [address]) == [address]


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.org/", "https://", "https://user@example.org/", "https://[::1/", "x"],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(PermanentError):
        Guard(("example.org", "", "x")).check(url)


def test_plain_http_is_refused_for_strangers() -> None:
    with pytest.raises(PermanentError, match=r"example\.org: only https is called"):
        Guard().check("http://example.org/")
    with pytest.raises(PermanentError, match="only https"):
        addresses("example.org", PUBLIC, scheme="http")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "http://NAS.local./x", "http://[::1]/x"]
)
def test_allowed_host_may_be_private_and_plain(url: str) -> None:
    Guard(("127.0.0.1", "nas.local", "::1")).check(url)


@pytest.mark.parametrize(
    ("host", "port", "named"),
    [
        ("nas.local", 8000, True),
        ("127.0.0.1", 8000, True),
        ("127.0.0.1", 8001, False),
        ("::1", 443, True),
        ("::1", 80, False),
        ("evil.nas.local", 8000, False),
    ],
)
def test_port_counts_where_the_list_names_one(host: str, port: int, named: bool) -> None:
    assert allows(host, port, ("nas.local", "127.0.0.1:8000", "[::1]:443")) is named


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("LOCALHOST.", "localhost"),
        ("ⓛocalhost", "localhost"),
        ("127。0。0。1", "127.0.0.1"),
        ("１２７.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
    ],
)
def test_host_is_read_as_resolvers_read_it(typed: str, read: str) -> None:
    assert plain_host(typed) == read


def test_unknown_name_may_come_back() -> None:
    def fail(host: str) -> list[str]:
        raise OSError(host)

    with pytest.raises(TransientError, match="cannot be resolved"):
        Guard(lookup=fail).addresses("example.org", 443, "https")


def test_name_without_an_address_is_refused() -> None:
    with pytest.raises(PermanentError):
        addresses("example.org", [])


def test_localhost_resolves_to_loopback() -> None:
    assert set(resolve("localhost")) <= {"127.0.0.1", "::1"}
