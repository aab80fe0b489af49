"""Every environment variable of the product, read here and nowhere else.

An empty value counts as unset (compose files pass `NAME=`). Each secret may also come from a
file named by `NAME_FILE`. Messages name the variable and never show a secret's value.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pmsite.replacing import finish
from pmsite.secret_key import kept_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BASE_DIR = Path(__file__).resolve().parent.parent

SECRETS = (
    "SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "DISCORD_WEBHOOK_URL",
    "HEARTBEAT_URL",
    "ANTHROPIC_API_KEY",
    "AI_FALLBACK_KEY",
)
NEWS_QUERY_URL = "https://news.google.com/rss/search?q={query}+when:1d&hl=en-US&gl=US&ceid=US:en"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class BadEnvironmentError(Exception):
    """A variable's value cannot be used; the text is one line that starts with its name."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")


@dataclass(frozen=True, kw_only=True)
class Env:
    """The parsed environment; `repr` leaves the secrets out."""

    secret_key: str = field(repr=False)
    debug: bool
    allowed_hosts: tuple[str, ...]
    csrf_trusted_origins: tuple[str, ...]
    host: str
    port: int
    site_url: str
    trusted_proxies: tuple[str, ...]
    data_dir: Path
    database_url: str = field(repr=False)
    default_database: bool
    redis_url: str = field(repr=False)
    monitor_interval: int
    execution_mode: str
    polymarket_gamma_url: str
    polymarket_clob_url: str
    polymarket_data_url: str
    polymarket_ws_url: str
    paper_exchange_url: str
    discord_webhook_url: str = field(repr=False)
    webhook_allowed_hosts: tuple[str, ...]
    heartbeat_url: str = field(repr=False)
    anthropic_api_key: str = field(repr=False)
    anthropic_base_url: str
    ai_screen_model: str
    ai_decide_model: str
    ai_fallback_url: str
    ai_fallback_key: str = field(repr=False)
    ai_fallback_model: str
    ai_daily_usd: Decimal
    ai_fail_action: str
    ai_fallback_may_sell: bool
    ai_screen_minutes: int
    news_query_url: str
    worker: bool

    @property
    def https(self) -> bool:
        """Whether people reach the dashboard over TLS: cookies, HSTS and redirects follow it."""
        return self.site_url.startswith("https://")

    def secret_values(self) -> tuple[str, ...]:
        """What must never be printed: the secrets themselves (a log filter replaces them)."""
        values = (
            self.secret_key,
            self.discord_webhook_url,
            self.heartbeat_url,
            self.anthropic_api_key,
            self.ai_fallback_key,
            urlsplit(self.database_url).password or "",
            urlsplit(self.redis_url).password or "",
        )
        return tuple(value for value in values if value)


class Reader:
    """Typed look-ups in one mapping of strings; each raises BadEnvironmentError."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        """`NAME`, or the content of the file that `NAME_FILE` names."""
        value, path = self.text(name), self.text(f"{name}_FILE")
        if value and path:
            raise BadEnvironmentError(name, f"set {name} or {name}_FILE, not both")
        if not path:
            return value
        try:
            content = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a text file"
            raise BadEnvironmentError(f"{name}_FILE", f"cannot read {path}: {reason}") from error
        if not content:
            raise BadEnvironmentError(f"{name}_FILE", f"{path} is empty")
        return content

    def flag(self, name: str, *, default: bool) -> bool:
        words = {"1": True, "true": True, "yes": True, "on": True}
        words |= {"0": False, "false": False, "no": False, "off": False}
        value = self.text(name).lower()
        if value and value not in words:
            raise BadEnvironmentError(name, f"{value!r} is neither True nor False")
        return words.get(value, default)

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self.text(name, str(default))
        # int() would also take "1_0", "+5" and other scripts' digits.
        if not (value.isascii() and value.isdigit() and low <= int(value[:9]) <= high):
            raise BadEnvironmentError(name, f"{value!r} is not a whole number from {low} to {high}")
        return int(value)

    def money(self, name: str, default: str) -> Decimal:
        value = self.text(name, default)
        try:
            amount = Decimal(value)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not (amount.is_finite() and amount >= 0):
            raise BadEnvironmentError(name, f"{value!r} is not an amount of zero or more")
        return amount

    def choice(self, name: str, options: Sequence[str]) -> str:
        """One of `options`; the first is the default."""
        value = self.text(name, options[0]).lower()
        if value not in options:
            raise BadEnvironmentError(name, f"{value!r} is none of {', '.join(options)}")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """A comma list; blanks around and between are dropped."""
        parts = (part.strip() for part in self.text(name).split(","))
        return tuple(part for part in parts if part)

    def hosts(self, name: str) -> tuple[str, ...]:
        """A comma list of `host`, `host:port`, `::1` or `[::1]:port`, lower case. A port that is
        named counts: the host's other ports stay out.
        """
        return tuple(self._host_port(name, part) for part in self.names(name))

    @staticmethod
    def _host_port(name: str, part: str) -> str:
        plain = part.count(":") > 1 and "[" not in part
        try:
            bare = urlsplit(f"//[{part}]" if plain else f"//{part}")
            host, port = bare.hostname, bare.port
        except ValueError:
            host = port = None
        if not host or bare.path or set("@ ?#") & set(part):
            raise BadEnvironmentError(name, f"{part!r} must be a host without scheme or path")
        if port is None:
            return host
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def url(
        self, name: str, default: str = "", *, schemes: Sequence[str] = ("http", "https")
    ) -> str:
        """A URL without its trailing slash; "" when unset and no default is given."""
        secret = name in SECRETS
        value = self.secret(name) if secret else self.text(name)
        if value and not _is_url(value, schemes):
            shown = "the value" if secret else repr(value)
            raise BadEnvironmentError(name, f"{shown} is not a {' or '.join(schemes)} URL")
        return (value or default).rstrip("/")


def _is_url(value: str, schemes: Sequence[str]) -> bool:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  a bad port raises here
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and not any(map(str.isspace, value))


def read(environ: Mapping[str, str], base_dir: Path = BASE_DIR) -> Env:
    """The parsed environment.

    Raises BadEnvironmentError for the first variable that cannot be used. Makes `DATA_DIR` and, on
    the first run with SQLite, the secret key's file in it.
    """
    reader = Reader(environ)
    host, port = _host(reader), reader.number("PORT", 8000, low=1, high=65535)
    site_url = _site_url(reader, host, port)
    data_dir = _data_dir(reader, base_dir)
    _finish_restore(data_dir)
    database_url = _database_url(reader)
    return Env(
        debug=reader.flag("DEBUG", default=False),
        allowed_hosts=_allowed_hosts(reader, host, site_url),
        csrf_trusted_origins=_trusted_origins(reader, site_url),
        host=host,
        port=port,
        site_url=site_url,
        trusted_proxies=_trusted_proxies(reader, site_url),
        data_dir=data_dir,
        database_url=database_url or f"sqlite:///{quote(str(data_dir / 'db.sqlite3'))}",
        default_database=not database_url,
        redis_url=reader.url("REDIS_URL", schemes=("redis", "rediss")),
        monitor_interval=reader.number("MONITOR_INTERVAL", 30, low=5, high=3600),
        execution_mode=_execution_mode(reader),
        polymarket_gamma_url=reader.url("POLYMARKET_GAMMA_URL", "https://gamma-api.polymarket.com"),
        polymarket_clob_url=reader.url("POLYMARKET_CLOB_URL", "https://clob.polymarket.com"),
        polymarket_data_url=reader.url("POLYMARKET_DATA_URL", "https://data-api.polymarket.com"),
        polymarket_ws_url=reader.url(
            "POLYMARKET_WS_URL",
            "wss://ws-subscriptions-clob.polymarket.com",
            schemes=("ws", "wss"),
        ),
        paper_exchange_url=reader.url("PAPER_EXCHANGE_URL"),
        discord_webhook_url=reader.url("DISCORD_WEBHOOK_URL"),
        webhook_allowed_hosts=reader.hosts("WEBHOOK_ALLOWED_HOSTS"),
        heartbeat_url=reader.url("HEARTBEAT_URL"),
        anthropic_api_key=reader.secret("ANTHROPIC_API_KEY"),
        anthropic_base_url=reader.url("ANTHROPIC_BASE_URL"),
        ai_screen_model=reader.text("AI_SCREEN_MODEL", "claude-haiku-5-5"),
        ai_decide_model=reader.text("AI_DECIDE_MODEL", "claude-sonnet-5-5"),
        ai_fallback_url=reader.url("AI_FALLBACK_URL"),
        ai_fallback_key=reader.secret("AI_FALLBACK_KEY"),
        ai_fallback_model=reader.text("AI_FALLBACK_MODEL"),
        ai_daily_usd=reader.money("AI_DAILY_USD", "1.00"),
        ai_fail_action=reader.choice("AI_FAIL_ACTION", ("ask", "hold", "sell")),
        ai_fallback_may_sell=reader.flag("AI_FALLBACK_MAY_SELL", default=False),
        ai_screen_minutes=reader.number("AI_SCREEN_MINUTES", 15, low=1, high=1440),
        news_query_url=_news_query_url(reader),
        worker=reader.flag("PM_WORKER", default=False),
        # Last: a run that stops over another variable leaves no key behind.
        secret_key=_secret_key(reader, data_dir, database_url),
    )


def _news_query_url(reader: Reader) -> str:
    """The address of a news search, `{query}` where the keywords go; "off" for none."""
    name = "NEWS_QUERY_URL"
    value = reader.text(name, NEWS_QUERY_URL)
    if value.lower() == "off":
        return ""
    if "{query}" not in value or not _is_url(value.replace("{query}", "q"), ("http", "https")):
        raise BadEnvironmentError(name, f"{value!r} is not a URL with {{query}} in it, nor off")
    return value


def _host(reader: Reader) -> str:
    value = reader.text("HOST", "127.0.0.1")
    if "/" in value or any(map(str.isspace, value)):
        raise BadEnvironmentError("HOST", f"{value!r} is not a host name or address")
    return value.strip("[]")


def _site_url(reader: Reader, host: str, port: int) -> str:
    bracketed = f"[{host}]" if ":" in host else host
    value = reader.url("SITE_URL", f"http://{bracketed}:{port}")
    parts = urlsplit(value)
    if parts.path or parts.query or parts.fragment or parts.username:
        raise BadEnvironmentError("SITE_URL", f"{value!r} must be scheme://host[:port] only")
    return value


def _trusted_proxies(reader: Reader, site_url: str) -> tuple[str, ...]:
    """Whose X-Forwarded-For and -Proto count: with https the proxy on this machine, else nobody."""
    local = ("127.0.0.1", "::1") if site_url.startswith("https://") else ()
    named = reader.names("TRUSTED_PROXIES")
    for name in named:
        try:
            ipaddress.ip_network(name)
        except ValueError:
            problem = f"{name!r} is neither an address nor a network such as 10.0.0.0/8"
            raise BadEnvironmentError("TRUSTED_PROXIES", problem) from None
    return named or local


def _data_dir(reader: Reader, base_dir: Path) -> Path:
    path = (base_dir / Path(reader.text("DATA_DIR", "data")).expanduser()).resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadEnvironmentError("DATA_DIR", f"cannot make {path}: {error.strerror}") from error
    return path


def _finish_restore(data_dir: Path) -> None:
    # Before key and database are read: a restore that was cut off is carried out to its end first.
    try:
        finish(data_dir)
    except (OSError, ValueError) as error:
        problem = f"a restore under {data_dir} cannot be completed: {error}"
        raise BadEnvironmentError("DATA_DIR", problem) from error


def _database_url(reader: Reader) -> str:
    # Parsed to the end in pmsite.database; here only what the other variables depend on.
    value = reader.secret("DATABASE_URL")
    if value and urlsplit(value).scheme not in {"sqlite", "postgres", "postgresql"}:
        raise BadEnvironmentError("DATABASE_URL", "must start with sqlite:/// or postgres://")
    return value


def _secret_key(reader: Reader, data_dir: Path, database_url: str) -> str:
    key = reader.secret("SECRET_KEY")
    if key:
        return key
    if database_url.startswith("postgres"):
        # A key of this machine alone would sign sessions and tasks that no other machine accepts.
        raise BadEnvironmentError("SECRET_KEY", "must be set when DATABASE_URL is PostgreSQL")
    try:
        return kept_key(data_dir / "secret_key")
    except OSError as error:
        problem = f"cannot keep one under DATA_DIR: {error.strerror}"
        raise BadEnvironmentError("SECRET_KEY", problem) from error


def _execution_mode(reader: Reader) -> str:
    mode = reader.choice("EXECUTION_MODE", ("paper", "live"))
    if mode == "live":
        raise BadEnvironmentError("EXECUTION_MODE", "live is not built yet; use paper")
    return mode


def _allowed_hosts(reader: Reader, host: str, site_url: str) -> tuple[str, ...]:
    named = reader.names("ALLOWED_HOSTS") or LOOPBACK
    for name in named:
        if "/" in name:
            raise BadEnvironmentError(
                "ALLOWED_HOSTS", f"{name!r} must be a host without scheme or path"
            )
    own = (f"[{host}]" if ":" in host else host, urlsplit(site_url).netloc.rsplit("@")[-1])
    return tuple(dict.fromkeys((*named, own[0], _without_port(own[1]))))


def _without_port(netloc: str) -> str:
    return netloc if netloc.endswith("]") else netloc.rpartition(":")[0] or netloc


def _trusted_origins(reader: Reader, site_url: str) -> tuple[str, ...]:
    named = reader.names("CSRF_TRUSTED_ORIGINS")
    for name in named:
        if not _is_url(name, ("http", "https")):
            raise BadEnvironmentError("CSRF_TRUSTED_ORIGINS", f"{name!r} is not scheme://host")
    # Behind a proxy that ends TLS the Origin header is SITE_URL's, not the inner request's.
    return tuple(dict.fromkeys((*(name.rstrip("/") for name in named), site_url)))
