"""Which of Apprise's services a channel may use: a short list, each looked at; nothing else is built.

Apprise knows some 150 schemes. Among them are ones that run programs or write to this machine
(syslog, dbus, …), and parameters that read its files (`template=`, `attach=`, `pgpkey=`) or switch
certificate checks off (`verify=`). So schemes and parameters are allowed by name. See
docs/decisions/apprise.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

TARGET = frozenset({"to", "from", "name"})
MAIL = TARGET | {"smtp", "user", "pass", "mode", "cc", "bcc", "reply"}


@dataclass(frozen=True, slots=True)
class Service:
    """A plugin of Apprise. `hosted`: the address names the server, which the guard must let through.
    `rich`: it reads markup or mentions in plain text too. `limit`: characters of the body, where
    that is less than Apprise believes (0: as it says).
    """

    module: str
    plugin: str
    params: frozenset[str] = TARGET
    hosted: bool = False
    rich: bool = False
    limit: int = 0


_MAIL = Service("email.base", "NotifyEmail", MAIL, hosted=True)
_JSON = Service("custom_json", "NotifyJSON", frozenset(), hosted=True)
_GOTIFY = Service("gotify", "NotifyGotify", frozenset({"priority"}), hosted=True)
_MATRIX = Service(
    "matrix.base",
    "NotifyMatrix",
    frozenset({"to", "token", "mode", "version"}),
    hosted=True,
    rich=True,
)
_MATTERMOST = Service(
    "mattermost", "NotifyMattermost", frozenset({"to", "channel"}), hosted=True, rich=True
)
# Above 4096 bytes ntfy makes a file of a message, and a character takes up to four.
_NTFY = Service(
    "ntfy",
    "NotifyNtfy",
    frozenset({"to", "priority", "tags", "token", "auth", "mode"}),
    hosted=True,
    limit=1000,
)
_SIGNAL = Service("signal_api", "NotifySignalAPI", TARGET, hosted=True, limit=2000)
SERVICES: Mapping[str, Service] = {
    "gchat": Service("google_chat", "NotifyGoogleChat", frozenset({"thread"}), rich=True),
    "gotify": _GOTIFY,
    "gotifys": _GOTIFY,
    "json": _JSON,
    "jsons": _JSON,
    "mailto": _MAIL,
    "mailtos": _MAIL,
    "matrix": _MATRIX,
    "matrixs": _MATRIX,
    "mmost": _MATTERMOST,
    "mmosts": _MATTERMOST,
    "ntfy": _NTFY,
    "ntfys": _NTFY,
    "pbul": Service("pushbullet", "NotifyPushBullet"),
    "pover": Service("pushover", "NotifyPushover", frozenset({"to", "priority", "sound"})),
    "prowl": Service("prowl", "NotifyProwl", frozenset({"priority"})),
    "signal": _SIGNAL,
    "signals": _SIGNAL,
    "slack": Service("slack", "NotifySlack", frozenset({"to"}), rich=True, limit=3000),
    "tgram": Service("telegram", "NotifyTelegram", frozenset({"to", "topic", "silent"}), rich=True),
    "twilio": Service("twilio", "NotifyTwilio"),
    "wxteams": Service("webexteams", "NotifyWebexTeams", limit=5000),
}
NAMES = "Slack, Telegram, e-mail, ntfy, Pushover, Matrix, Mattermost, Gotify, Google Chat, …"

# As they look, without what a service would read in them.
LOOKALIKES = str.maketrans(
    {
        "<": "‹",
        ">": "›",
        "&": "＆",
        "*": "∗",
        "_": "＿",
        "~": "∼",
        "`": "ˋ",
        "[": "［",
        "]": "］",
        "|": "¦",
        "\\": "＼",
        "@": "@\u200b",  # a mention ends before it has begun
    }
)
LINE_START = re.compile(r"(?m)^(\s*)([#>+-])(?=\s)")


def scheme_of(url: str) -> str:
    """`slack` of `slack://…`; "" when there is none."""
    return url.partition("://")[0].lower() if "://" in url else ""


def neutral(text: str) -> str:
    """`text` looking the same, with nothing that Markdown, HTML or a mention could be made of."""
    return LINE_START.sub("\\1\u200b\\2", text.translate(LOOKALIKES))
