from __future__ import annotations

import stat
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import pytest

from pmsite.env import NEWS_QUERY_URL, BadEnvironmentError, Env, read


def env(tmp_path: Path, **environ: str) -> Env:
    return read({"DATA_DIR": str(tmp_path), **environ})


def problem(tmp_path: Path, **environ: str) -> str:
    with pytest.raises(BadEnvironmentError) as caught:
        env(tmp_path, **environ)
    return str(caught.value)


def test_defaults_are_the_contracts(tmp_path: Path) -> None:
    values = asdict(env(tmp_path))
    del values["secret_key"]
    assert values == {
        "debug": False,
        "allowed_hosts": ("localhost", "127.0.0.1", "[::1]"),
        "csrf_trusted_origins": ("http://127.0.0.1:8000",),
        "host": "127.0.0.1",
        "port": 8000,
        "trusted_proxies": (),
        "site_url": "http://127.0.0.1:8000",
        "data_dir": tmp_path,
        "database_url": f"sqlite:///{tmp_path}/db.sqlite3",
        "default_database": True,
        "redis_url": "",
        "monitor_interval": 30,
        "execution_mode": "paper",
        "polymarket_gamma_url": "https://gamma-api.polymarket.com",
        "polymarket_clob_url": "https://clob.polymarket.com",
        "polymarket_data_url": "https://data-api.polymarket.com",
        "polymarket_ws_url": "wss://ws-subscriptions-clob.polymarket.com",
        "paper_exchange_url": "",
        "discord_webhook_url": "",
        "webhook_allowed_hosts": (),
        "heartbeat_url": "",
        "anthropic_api_key": "",
        "anthropic_base_url": "",
        "ai_screen_model": "claude-haiku-5-5",
        "ai_decide_model": "claude-sonnet-5-5",
        "ai_fallback_url": "",
        "ai_fallback_key": "",
        "ai_fallback_model": "",
        "ai_daily_usd": Decimal("1.00"),
        "ai_fail_action": "ask",
        "ai_fallback_may_sell": False,
        "ai_screen_minutes": 15,
        "news_query_url": NEWS_QUERY_URL,
        "worker": False,
    }


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DEBUG", "maybe", "'maybe' is neither True nor False"),
        ("PORT", "80.5", "'80.5' is not a whole number from 1 to 65535"),
        ("PORT", "0", "'0' is not a whole number from 1 to 65535"),
        ("PORT", "٨٠٠٠", "'٨٠٠٠' is not a whole number from 1 to 65535"),
        ("MONITOR_INTERVAL", "4", "'4' is not a whole number from 5 to 3600"),
        ("MONITOR_INTERVAL", "3601", "'3601' is not a whole number from 5 to 3600"),
        ("MONITOR_INTERVAL", "-30", "'-30' is not a whole number from 5 to 3600"),
        ("MONITOR_INTERVAL", "1_0", "'1_0' is not a whole number from 5 to 3600"),
        ("MONITOR_INTERVAL", "10000000005", "'10000000005' is not a whole number from 5 to 3600"),
        ("EXECUTION_MODE", "live", "live is not built yet; use paper"),
        ("EXECUTION_MODE", "dry", "'dry' is none of paper, live"),
        ("HOST", "http://0.0.0.0", "'http://0.0.0.0' is not a host name or address"),
        ("SITE_URL", "example.org", "'example.org' is not a http or https URL"),
        (
            "SITE_URL",
            "https://example.org/pm",
            "'https://example.org/pm' must be scheme://host[:port] only",
        ),
        (
            "WEBHOOK_ALLOWED_HOSTS",
            "a, http://b",
            "'http://b' must be a host without scheme or path",
        ),
        (
            "TRUSTED_PROXIES",
            "nginx",
            "'nginx' is neither an address nor a network such as 10.0.0.0/8",
        ),
        ("ALLOWED_HOSTS", "http://a", "'http://a' must be a host without scheme or path"),
        ("CSRF_TRUSTED_ORIGINS", "a.org", "'a.org' is not scheme://host"),
        ("REDIS_URL", "localhost:6379", "the value is not a redis or rediss URL"),
        ("DATABASE_URL", "mysql://a/b", "must start with sqlite:/// or postgres://"),
        ("DISCORD_WEBHOOK_URL", "hooks/1/secret", "the value is not a http or https URL"),
        ("POLYMARKET_WS_URL", "https://a", "'https://a' is not a ws or wss URL"),
        ("POLYMARKET_CLOB_URL", "http://a:b", "'http://a:b' is not a http or https URL"),
        ("AI_DAILY_USD", "-1", "'-1' is not an amount of zero or more"),
        ("AI_DAILY_USD", "lots", "'lots' is not an amount of zero or more"),
        ("AI_FAIL_ACTION", "buy", "'buy' is none of ask, hold, sell"),
    ],
)
def test_unparsable_value_names_the_variable(
    tmp_path: Path, name: str, value: str, told: str
) -> None:
    assert problem(tmp_path, **{name: value}) == f"{name}: {told}"


def test_empty_value_counts_as_unset(tmp_path: Path) -> None:
    assert env(tmp_path, MONITOR_INTERVAL="", DISCORD_WEBHOOK_URL=" ").monitor_interval == 30


def test_secret_from_a_file_is_stripped(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("http://127.0.0.1:1/api/webhooks/1/abc\n")
    found = env(tmp_path, DISCORD_WEBHOOK_URL_FILE=str(tmp_path / "hook"))
    assert found.discord_webhook_url == "http://127.0.0.1:1/api/webhooks/1/abc"


def test_secret_file_that_is_missing_names_its_variable(tmp_path: Path) -> None:
    told = problem(tmp_path, ANTHROPIC_API_KEY_FILE=f"{tmp_path}/none")
    expected = f"ANTHROPIC_API_KEY_FILE: cannot read {tmp_path}/none: No such file or directory"
    assert told == expected


def test_secret_file_that_is_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    told = problem(tmp_path, SECRET_KEY_FILE=f"{tmp_path}/empty")
    assert told == f"SECRET_KEY_FILE: {tmp_path}/empty is empty"


def test_secret_given_twice_is_refused(tmp_path: Path) -> None:
    told = problem(tmp_path, SECRET_KEY="a", SECRET_KEY_FILE="b")
    assert told == "SECRET_KEY: set SECRET_KEY or SECRET_KEY_FILE, not both"


def test_first_run_makes_a_key_and_the_next_one_keeps_it(tmp_path: Path) -> None:
    first = env(tmp_path).secret_key
    file = tmp_path / "secret_key"
    assert (len(first) > 50, stat.S_IMODE(file.stat().st_mode)) == (True, 0o600)
    assert env(tmp_path).secret_key == first
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_postgresql_asks_for_a_key_and_makes_none(tmp_path: Path) -> None:
    told = problem(tmp_path, DATABASE_URL="postgres://u:p@db/name")
    assert told == "SECRET_KEY: must be set when DATABASE_URL is PostgreSQL"
    assert list(tmp_path.iterdir()) == []


def test_hosts_include_where_it_listens_and_what_links_say(tmp_path: Path) -> None:
    found = env(tmp_path, HOST="::", ALLOWED_HOSTS="a.org, b.org", SITE_URL="https://pm.org:8443/")
    assert found.allowed_hosts == ("a.org", "b.org", "[::]", "pm.org")
    assert (found.site_url, found.https) == ("https://pm.org:8443", True)


def test_default_site_url_brackets_an_ipv6_host(tmp_path: Path) -> None:
    found = env(tmp_path, HOST="::1", PORT="81")
    assert found.site_url == "http://[::1]:81"
    assert found.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")


def test_trusted_origins_include_the_sites_own(tmp_path: Path) -> None:
    found = env(tmp_path, CSRF_TRUSTED_ORIGINS="https://a.org/", SITE_URL="https://pm.org")
    assert found.csrf_trusted_origins == ("https://a.org", "https://pm.org")


def test_repr_holds_no_secret(tmp_path: Path) -> None:
    found = env(
        tmp_path,
        SECRET_KEY="hidden-1",
        DATABASE_URL="postgres://u:hidden-2@db/name",
        DISCORD_WEBHOOK_URL="https://d.org/api/webhooks/1/hidden-3",
        ANTHROPIC_API_KEY="hidden-4",
        AI_FALLBACK_KEY="hidden-5",
        HEARTBEAT_URL="https://hc.org/hidden-6",
        REDIS_URL="redis://:hidden-7@r:6379",
    )
    assert "hidden" not in repr(found)
    assert len([value for value in found.secret_values() if "hidden" in value]) == 7


def test_proxy_of_this_machine_is_trusted_with_https_only(tmp_path: Path) -> None:
    https = {"SITE_URL": "https://pm.example.org"}
    assert env(tmp_path, **https).trusted_proxies == ("127.0.0.1", "::1")
    named = {"TRUSTED_PROXIES": "10.0.0.5, 10.1.0.0/16"}
    assert env(tmp_path, **named).trusted_proxies == ("10.0.0.5", "10.1.0.0/16")


def test_webhook_hosts_keep_the_port_that_is_named(tmp_path: Path) -> None:
    named = "Alerts.lan, 127.0.0.1:8799, ::1, [::2]:80, [::3]"
    told = read({"DATA_DIR": str(tmp_path), "WEBHOOK_ALLOWED_HOSTS": named})
    hosts = ("alerts.lan", "127.0.0.1:8799", "::1", "[::2]:80", "::3")
    assert told.webhook_allowed_hosts == hosts
