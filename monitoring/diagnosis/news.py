"""Whether news is read: an address that gives none looks like a quiet day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.diagnosis.base import Check, ok, warn
from monitoring.selectors.news import NewsSource, news_sources


def news(now: datetime) -> Iterator[Check]:
    """One line for each address in trouble, one for all the others. Raises DatabaseError."""
    found = news_sources(now)
    troubles = [source for source in found if source.state in {"failing", "old"}]
    yield from (_trouble(source) for source in troubles)
    well = len(found) - len(troubles)
    if not found:
        yield ok(_("news"), _("none looked for: no open position has keywords or feeds"))
    elif well:
        text = ngettext("%(n)d address in order", "%(n)d addresses in order", well)
        yield ok(_("news"), text % {"n": well})


def _trouble(source: NewsSource) -> Check:
    name = _("news %(source)s") % {"source": source.name}
    if source.state == "old":
        return warn(
            name,
            _("not read for long"),
            _("Is the worker running? It reads news before each screen (AI_SCREEN_MINUTES)."),
        )
    return warn(name, source.problem, _own() if source.own else _typed())


def _own() -> str:
    return _(
        "If this lasts, set NEWS_QUERY_URL to another news search, or give the position's thesis RSS"
        " addresses of its own."
    )


def _typed() -> str:
    return _(
        "Open the address in a browser; correct or remove it in the position's thesis in Admin. A"
        " private one has to stand in WEBHOOK_ALLOWED_HOSTS."
    )
