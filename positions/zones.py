"""Time zones by their names, as a person chooses them."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# `posix/…` and `right/…` are copies that only some systems have (the latter counts leap seconds).
COPIES = ("posix/", "right/")
ODD = frozenset({"Factory", "localtime", "posixrules"})


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; UTC for one that this system does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not a name at all, a directory of them
        return ZoneInfo("UTC")


@cache
def zone_names() -> tuple[str, ...]:
    """The zones a person may choose from, by name."""
    names = {name for name in available_timezones() if not name.startswith(COPIES)}
    return tuple(sorted(names - ODD))
