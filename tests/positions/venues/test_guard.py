from __future__ import annotations

import pytest

from positions.venues.base import PermanentError, TransientError
from positions.venues.guard import check_url, is_public, resolve

PUBLIC = ["93.184.216.34"]


def test_public_https_address_passes() -> None:
    asked: list[str] = []

    def lookup(host: str) -> list[str]:
        asked.append(host)
        return PUBLIC

    check_url("https://Example.org/x?y=1", allowed=(), lookup=lookup)
    assert asked == ["example.org"]


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
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_private_address_is_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(PermanentError, match="private or local"):
        check_url("https://example.org/", allowed=(), lookup=lambda _: [*PUBLIC, address])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_plain_http_is_refused() -> None:
    with pytest.raises(PermanentError, match="only https"):
        check_url("http://example.org/", allowed=(), lookup=lambda _: PUBLIC)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/x", "http://NAS.local/x", "http://[::1]/x"])
def test_allowed_host_may_be_private_and_plain(url: str) -> None:
    check_url(url, allowed=("127.0.0.1", "nas.local", "::1"), lookup=lambda _: [])


@pytest.mark.parametrize(
    "url", ["", "ftp://example.org/", "https://", "https://user@example.org/", "https://[::1/"]
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(PermanentError):
        check_url(url, allowed=("example.org", ""), lookup=lambda _: PUBLIC)


def test_unknown_name_may_come_back() -> None:
    def fail(host: str) -> list[str]:
        raise OSError(host)

    with pytest.raises(TransientError, match="cannot be resolved"):
        check_url("https://example.org/", allowed=(), lookup=fail)


def test_localhost_resolves_to_loopback() -> None:
    assert set(resolve("localhost")) <= {"127.0.0.1", "::1"}
