"""All other services, through Apprise's plugins: one adapter, one message, one recipient.

A plugin says only yes or no. What else is known is read from what it logs: the status, never its
words, for they can hold the token. No `Retry-After` reaches us this way: a 429 is waited for with
the common back-off. What a plugin may be is decided in `services`; it is made from its own class,
so nothing else of Apprise is loaded, and it brings neither attachments nor files of its own.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import import_module
from typing import Any, Self

from apprise import AppriseAsset, NotifyFormat, NotifyType
from django.utils.translation import gettext as _

from monitoring.alerts.transports.base import Answer, Message
from monitoring.alerts.transports.services import NAMES, SERVICES, Service, neutral, scheme_of
from monitoring.alerts.transports.sizes import fitted
from positions.venues.base import PermanentError, TransientError
from positions.venues.guard import Guard, allows, is_public, resolve
from positions.venues.http import CONNECT_SECONDS, READ_SECONDS

WHOLE_CALL = 25.0  # seconds; a plugin may make several requests, and the sender's lease ends at 45
STATUS = re.compile(r"\berror=(\d{3})\b")
TYPES = {"critical": NotifyType.FAILURE, "high": NotifyType.WARNING}
READABLE = re.compile(r"[a-z]+://[!-~]+")
# Nothing is kept on disk, no redirect is followed (it could lead anywhere), no key is made.
ASSET = AppriseAsset(
    storage_mode="memory",
    http_redirects=False,
    pgp_autogen=False,
    pem_autogen=False,
    async_mode=False,
    app_id="Position Manager",
    app_desc="Position Manager",
)


class UnfitError(Exception):
    """This address is not called; the text says why and holds no part of its secrets."""


@dataclass(frozen=True, slots=True)
class Through:
    """The transport. `allowed`: hosts (lower case) that may be private and need not be encrypted."""

    allowed: Collection[str] = ()
    lookup: Callable[[str], Collection[str]] = resolve
    public: Callable[[str], bool] = is_public
    seconds: float = WHOLE_CALL

    def send(self, url: str, message: Message, *, role_id: str = "") -> Answer:
        """Sends once and never raises; returns within `seconds`. A role means nothing here."""
        try:
            service, plugin = made(url)
            self.check(service, plugin)
        except UnfitError as error:
            return Answer(None, str(error), refused=True)
        except TransientError as error:  # its name cannot be resolved now
            return Answer(None, str(error)[:300])
        try:
            title, body = texts(message, service, plugin)
        except Exception as error:  # noqa: BLE001  another's code: what it raises is not known
            return Answer(None, _failed(error))
        call = _Call(plugin, title, body, TYPES.get(message.urgency, NotifyType.INFO))
        return call.answer(self.seconds)

    def refusal(self, url: str) -> str:
        """Why this address is not called, "" when it may be; a name that cannot be resolved may."""
        try:
            self.check(*made(url))
        except UnfitError as error:
            return str(error)
        except TransientError:
            return ""
        return ""

    def check(self, service: Service, plugin: Any) -> None:
        """Raises UnfitError for a server that must not be called, TransientError when its name
        cannot be resolved. The plugin will resolve it again: see docs/decisions/apprise.md.
        """
        host, port = server(service, plugin)
        if not host:
            return
        if not _encrypts(plugin) and not allows(host, port, self.allowed):
            raise UnfitError(
                _("only an encrypted connection is made (%(name)ss://)") % _named(plugin)
            )
        try:
            Guard(self.allowed, self.lookup, self.public).addresses(host, port, "https")
        except PermanentError as error:
            raise UnfitError(str(error)[:300]) from None


def made(url: str) -> tuple[Service, Any]:
    """The service and its plugin, ready to send. Raises UnfitError."""
    scheme = scheme_of(url)
    if scheme == "discord":
        raise UnfitError(_("choose the kind Discord, with the webhook's https address"))
    service = SERVICES.get(scheme)
    if service is None:
        raise UnfitError(
            _("this is no address of %(names)s; the guide lists the forms") % {"names": NAMES}
        )
    plugin = None
    if READABLE.fullmatch(url):
        with Ear():
            plugin = _plugin(service, url)
    if plugin is None:
        raise UnfitError(_("a %(scheme)s:// address is not written like this") % {"scheme": scheme})
    if len(plugin) > 1:
        # Of two, one may fail: the other would be told again with every try.
        raise UnfitError(_("one recipient only: give each a channel of its own"))
    return service, plugin


def _plugin(service: Service, url: str) -> Any | None:
    """The plugin, None when it does not understand the address. Raises UnfitError."""
    try:
        kind = _class(service)
        parsed = kind.parse_url(url)
        if not parsed:
            return None
        _check_parameters(service, parsed)
        # A home server may name another address in a file of its own: it is to be written out.
        parsed["discovery"] = False
        plugin = kind(**{**parsed, "asset": ASSET})
    except UnfitError:
        raise
    except Exception:  # noqa: BLE001  TypeError mostly; its text may hold the token
        return None
    plugin.notify_format = NotifyFormat.TEXT
    plugin.socket_connect_timeout, plugin.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
    return plugin


def _class(service: Service) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of its own, on import
        return getattr(import_module(f"apprise.plugins.{service.module}"), service.plugin)


def _check_parameters(service: Service, parsed: dict[str, Any]) -> None:
    """As Apprise has read them: whatever stands in the address, these are what it will obey."""
    if set(parsed["qsd"]) <= service.params and not any(parsed[f"qsd{sign}"] for sign in "+-:"):
        return
    names = ", ".join(sorted(service.params)) or _("none")
    raise UnfitError(
        _("a parameter behind the ? is not allowed; these are: %(names)s") % {"names": names}
    )


def server(service: Service, plugin: Any) -> tuple[str, int | None]:
    """The host and port that the address names; "" for a service with servers of its own."""
    in_cloud = getattr(plugin, "mode", None) in {"cloud", "t2bot"}
    if not service.hosted or in_cloud:
        return "", None
    host = getattr(plugin, "smtp_host", None) or plugin.host or ""
    return host.lower(), plugin.port or None


def _encrypts(plugin: Any) -> bool:
    """E-mail has a mode besides its scheme: `mailtos://…?mode=insecure` would tell the password."""
    return bool(plugin.secure) and getattr(plugin, "secure_mode", "") != "insecure"


def texts(message: Message, service: Service, plugin: Any) -> tuple[str, str]:
    """Title and body within the service's limits; link and number stay whole."""
    clean = neutral if service.rich else str
    tail = "\n".join(
        part for part in (message.link, _("notification %(id)d") % {"id": message.id}) if part
    )
    limit = min(plugin.body_maxlen, service.limit or plugin.body_maxlen)
    title, body = clean(message.title), clean(message.body)
    if plugin.title_maxlen <= 0:
        title, body = "", f"{title}\n{body}"
    room = max(0, limit - len(tail) - 1)
    return fitted(title, plugin.title_maxlen), f"{fitted(body.strip(), room)}\n{tail}".strip()


class Ear(logging.Handler):
    """Hears what Apprise logs in this thread, and lets none of it through to the log: its lines name
    hosts, topics and recipients, and its debug lines whole addresses.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.thread = threading.get_ident()
        self.status: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        found = STATUS.search(record.getMessage()) if record.thread == self.thread else None
        if found:
            self.status = int(found[1])

    def __enter__(self) -> Self:
        logger = logging.getLogger("apprise")
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.addHandler(self)
        return self

    def __exit__(self, *exc: object) -> None:
        logging.getLogger("apprise").removeHandler(self)


@dataclass(slots=True)
class _Call:
    """One send in a thread of its own, for a plugin's requests are bounded, but not their number."""

    plugin: Any
    title: str
    body: str
    type: NotifyType
    result: Answer = field(default_factory=lambda: Answer(None, _("no answer in time")))

    def answer(self, seconds: float) -> Answer:
        thread = threading.Thread(target=self._run, name="apprise", daemon=True)
        thread.start()
        thread.join(seconds)
        return self.result

    def _run(self) -> None:
        with Ear() as ear:
            try:
                taken = self.plugin.notify(
                    body=self.body,
                    title=self.title,
                    notify_type=self.type,
                    body_format=NotifyFormat.TEXT,
                )
            except Exception as error:  # noqa: BLE001  another's code: what it raises is not known
                self.result = Answer(None, _failed(error))
                return
        if taken:
            self.result = Answer(200)
        else:
            self.result = Answer(ear.status, _worded(ear.status))


def _worded(status: int | None) -> str:
    if status is None:
        return _("no connection, or the service refused without a reason")
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _failed(error: BaseException) -> str:
    return _("the call failed (%(name)s)") % {"name": type(error).__name__}


def _named(plugin: Any) -> dict[str, str]:
    return {"name": str(plugin.schema).removesuffix("s")}
