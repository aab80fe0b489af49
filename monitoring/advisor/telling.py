"""What the journal says of the AI being gone and being back. Written in the caller's transaction."""

from __future__ import annotations

from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.advisor.port import Failure
from monitoring.advisor.providers import names
from positions import journal
from positions.presenting.text import span

BUDGET = "budget"  # in the place of a provider: it is our own cap that keeps the AI away
LABELS = {"anthropic": "Anthropic", "openai_compatible": "OpenAI-compatible"}
WHY: dict[str, Promise] = {
    Failure.NO_KEY: gettext_lazy("there is no key"),
    Failure.AUTH: gettext_lazy("it refuses the key"),
    Failure.SPEND_LIMIT: gettext_lazy("its account is out of credit (not our daily cap)"),
    Failure.RATE_LIMITED: gettext_lazy("it says that we ask too often"),
    Failure.OVERLOADED: gettext_lazy("it is overloaded"),
    Failure.TIMEOUT: gettext_lazy("it does not answer in time"),
    Failure.CONNECTION: gettext_lazy("it cannot be reached"),
    Failure.SERVER_ERROR: gettext_lazy("it answers with errors"),
    Failure.BAD_REQUEST: gettext_lazy("it refuses what we send (see manage.py ai_check)"),
}


def label(provider: str) -> str:
    """Its name for a person."""
    return LABELS.get(provider, provider)


def tell_down(provider: str, failure: Failure, *, until: datetime | None, now: datetime) -> None:
    """A provider is left alone until `until`."""
    others = [label(name) for name in names() if name != provider]
    text = (
        _("%(provider)s is not asked, %(why)s; %(other)s is asked instead")
        if others
        else _("%(provider)s is not asked, %(why)s; questions come to you")
    )
    words = {"provider": label(provider), "why": WHY[failure], "other": ", ".join(others)}
    journal.append(
        journal.entry(
            "ai_down",
            text % words,
            at=now,
            urgency="high",
            data={
                "provider": provider,
                "why": str(failure),
                "until": until.isoformat() if until else None,
            },
        )
    )


def tell_back(provider: str, *, since: datetime | None, now: datetime) -> None:
    """A provider answers again; `since`: its last failure."""
    seconds = max(0.0, (now - since).total_seconds()) if since else 0.0
    text = _("%(provider)s answers again, %(span)s after its last failure")
    _back(provider, text % {"provider": label(provider), "span": span(seconds)}, now)


def tell_unused(provider: str, *, now: datetime) -> None:
    """A provider in trouble is not among those that are asked any more."""
    _back(provider, _("%(provider)s is no longer used") % {"provider": label(provider)}, now)


def tell_over_budget(*, cap: str, now: datetime) -> None:
    """The day's cap leaves no room for a call; `cap` as a person reads it."""
    text = _(
        "the daily budget of %(cap)s is used up; until midnight UTC only critical triggers"
        " may use what is held back for them"
    )
    journal.append(
        journal.entry(
            "ai_down",
            text % {"cap": cap},
            at=now,
            urgency="high",
            data={"provider": BUDGET, "why": str(Failure.OVER_BUDGET), "until": None},
        )
    )


def tell_budget_back(*, now: datetime) -> None:
    """There is room again: a new day, or a raised cap."""
    _back(BUDGET, _("the daily budget has room again"), now)


def _back(provider: str, text: str, now: datetime) -> None:
    journal.append(
        journal.entry("ai_back", text, at=now, urgency="low", data={"provider": provider})
    )
