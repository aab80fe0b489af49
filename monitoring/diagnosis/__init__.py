"""What `doctor` looks at: each check says ok, warn or fail, and what to do about it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from monitoring.diagnosis import ai, firstrun, inside, news, outside
from monitoring.diagnosis.base import Check, fail

logger = logging.getLogger(__name__)

Look = Callable[[], Iterable[Check]]


def diagnose(*, now: datetime) -> list[Check]:
    """All checks; one that breaks down is itself a fail and stops no other."""
    checks = list(_all({_("database"): lambda: inside.database(now)}))
    # The others read the database: they are not asked when it does not answer.
    if not any(check.status == "fail" for check in checks):
        checks += _all(
            {
                _("worker"): lambda: inside.worker(now),
                _("price sources"): outside.price_sources,
                _("channels"): lambda: inside.channels(now),
                _("news"): lambda: news.news(now),
                _("login"): inside.superuser,
                _("outside heartbeat"): lambda: firstrun.outside_heartbeat(now),
                _("backup"): lambda: firstrun.backup(now),
            }
        )
    rest: dict[str, Look] = {
        _("AI key"): lambda: ai.key_and_models(now),
        _("clock"): outside.clock,
        _("links"): inside.links,
        _("disk"): inside.disk,
        _("service"): firstrun.service,
    }
    return checks + list(_all(rest))


def _all(looks: dict[str, Look]) -> Iterator[Check]:
    for name, look in looks.items():
        try:
            yield from list(look())
        except Exception as error:
            logger.exception("the check of %s broke down", name)
            text = _("could not be checked (%(error)s)") % {"error": type(error).__name__}
            yield fail(name, text, _("See the error above; check the database first."))
