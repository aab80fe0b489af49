"""Checks of the AI stage that spend no tokens: key, models, what they take, prices, cap, fallback."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from monitoring.diagnosis.base import Check, fail, ok, warn
from pmsite.ai_models import AS_OF, PRICES_OLD

RETIRES_SOON = timedelta(days=60)
LOOPBACK = ("127.", "localhost", "::1")


def everything(*, now: datetime) -> list[Check]:
    """All checks, of what is configured; without a key only that there is none."""
    checks = [*key(), *models(now.date()), *fallback()]
    if has_key() or has_fallback():
        checks += [*prices(now.date()), *cap(), *trouble(now)]
    return checks


def key_and_models(now: datetime) -> Iterator[Check]:
    """The doctor's part of it: whether whom we would ask answers. No key at all is well."""
    if has_key() or has_fallback():
        yield from (*key(), *models(now.date()), *fallback(), *trouble(now))
    else:
        yield ok(_("AI key"), _("none: Rules (no AI), you decide"))


def has_key() -> bool:
    """Whether Anthropic can be asked at all."""
    return bool(settings.ANTHROPIC_API_KEY.strip())


def has_fallback() -> bool:
    """Whether a second provider is configured."""
    return bool(settings.AI_FALLBACK_URL and settings.AI_FALLBACK_MODEL)


def key() -> Iterator[Check]:
    """Whether there is a key, and whether it travels safely. Whether it is right, models tell."""
    name = _("AI key")
    if not has_key():
        yield warn(
            name,
            _("none: the fallback alone") if has_fallback() else _("none: Rules (no AI)"),
            _(
                "Nothing has to be done: news is screened by rules and you decide. For the AI stage"
                " set ANTHROPIC_API_KEY or ANTHROPIC_API_KEY_FILE."
            ),
        )
        return
    address = settings.ANTHROPIC_BASE_URL
    if not _whole(settings.ANTHROPIC_API_KEY):
        yield _broken(name, "ANTHROPIC_API_KEY")
        return
    yield ok(name, _("set, for %(url)s") % {"url": address} if address else _("set"))
    yield from _in_the_clear("ANTHROPIC_BASE_URL", address)


def _whole(value: str) -> bool:
    from monitoring.advisor.providers.reading import sendable

    return sendable(value.strip())


def _broken(name: str, variable: str) -> Check:
    text = _("%(variable)s holds characters that no key holds") % {"variable": variable}
    return fail(name, text, _("Copy the key anew: one line, without quotes and blanks."))


def _in_the_clear(variable: str, address: str) -> Iterator[Check]:
    parts = urlsplit(address)
    if parts.scheme == "http" and not (parts.hostname or "").startswith(LOOPBACK):
        yield warn(
            variable,
            _("http: the key and your theses travel unencrypted"),
            _("Use an address that begins with https."),
        )


def models(today: date) -> Iterator[Check]:
    """Both models, as Anthropic describes them to this key."""
    if not has_key() or not _whole(settings.ANTHROPIC_API_KEY):
        return
    from monitoring.advisor.port import Purpose
    from monitoring.advisor.providers.anthropic import Anthropic

    provider = Anthropic.of_settings()
    purposes: tuple[Purpose, ...] = ("screen", "decide")
    for purpose in purposes:
        yield _model(provider, purpose, today)


def _model(provider: Any, purpose: Any, today: date) -> Check:
    from monitoring.advisor.port import Reply
    from monitoring.advisor.providers.describing import described

    model = provider.model(purpose)
    name = _("AI model %(model)s (%(purpose)s)") % {"model": model, "purpose": purpose}
    found = described(provider, model)
    if isinstance(found, Reply):
        return _unknown(name, found)
    refused = _not_taken(found.get("capabilities"), provider.parameters(purpose))
    if refused:
        text = _("refuses what we send: %(what)s") % {"what": ", ".join(refused)}
        remedy = _("Use another model, or correct its parameters in pmsite/ai_models.py.")
        return fail(name, text, remedy)
    return _age(name, found, today)


def _unknown(name: str, reply: Any) -> Check:
    """The failures of a look at a model, each with what to do."""
    from monitoring.advisor.port import Failure

    remedies = {
        Failure.AUTH: _("Make a new key in the provider's console and set it; restart afterwards."),
        Failure.SPEND_LIMIT: _("Add credit in the provider's console."),
        Failure.BAD_REQUEST: _("Correct the model's name: AI_SCREEN_MODEL, AI_DECIDE_MODEL."),
        Failure.INVALID_OUTPUT: _("Something else answers there: check ANTHROPIC_BASE_URL."),
    }
    remedy = remedies.get(reply.failure, _("Check the network and the provider's status page."))
    return fail(name, _said(reply), remedy)


def _said(reply: Any) -> str:
    """A failure in a stranger's words, which may quote our key or speak to the terminal."""
    from monitoring.advisor.audit import detail
    from monitoring.advisor.text import clean

    return f"{reply.failure}: {clean(detail(reply.detail))}"


def _age(name: str, found: Mapping[str, Any], today: date) -> Check:
    """Its stage of life; `retires_at` is an RFC 3339 time or null."""
    stage, ends = found["lifecycle"], str(found.get("retires_at") or "")[:10]
    remedy = _("Set a newer model: AI_SCREEN_MODEL, AI_DECIDE_MODEL.")
    until = _("%(stage)s, retires on %(day)s") % {"stage": stage, "day": ends} if ends else stage
    if stage == "retired":
        return fail(name, until, remedy)
    if stage != "active" or (ends and ends <= (today + RETIRES_SOON).isoformat()):
        return warn(name, until, remedy)
    return ok(name, _("%(stage)s, takes what we send") % {"stage": until})


def _not_taken(capabilities: Any, parameters: Mapping[str, Any]) -> list[str]:
    """What a model says it refuses. What it says nothing of is not held against it."""
    from monitoring.advisor.providers.reading import inner

    wanted = (
        ("structured_outputs",),
        ("effort", inner(parameters, "output_config", "effort")),
        ("thinking", "types", inner(parameters, "thinking", "type")),
    )
    return [
        " ".join(step for step in path if step != "types")
        for path in wanted
        if None not in path and inner(capabilities, *path, "supported") is False
    ]


def fallback() -> Iterator[Check]:
    """The second provider, by its list of models where it has one."""
    address, model = settings.AI_FALLBACK_URL, settings.AI_FALLBACK_MODEL
    name = _("AI fallback")
    if bool(address) != bool(model):
        missing = "AI_FALLBACK_MODEL" if address else "AI_FALLBACK_URL"
        text = _("not used: %(name)s is not set") % {"name": missing}
        yield warn(name, text, _("Set both, or neither."))
    if not has_fallback():
        return
    if not _whole(settings.AI_FALLBACK_KEY):
        yield _broken(name, "AI_FALLBACK_KEY")
        return
    yield _endpoint(name, model)
    yield from _in_the_clear("AI_FALLBACK_URL", address)


def _endpoint(name: str, model: str) -> Check:
    from monitoring.advisor.port import Reply
    from monitoring.advisor.providers.describing import SECONDS, listed
    from monitoring.advisor.providers.openai_compatible import OpenAICompatible

    found = listed(OpenAICompatible.of_settings(), time.monotonic() + SECONDS)
    if isinstance(found, Reply):
        remedy = _("Check AI_FALLBACK_URL, AI_FALLBACK_KEY and the endpoint itself.")
        return fail(name, _said(found), remedy)
    if found is None:
        text = _("answers, but has no list of models: %(model)s is not checked") % {"model": model}
        return warn(name, text, _("Nothing to do; manage.py ai_eval shows whether it works."))
    if model.removeprefix("models/") not in found:
        text = _("does not list %(model)s") % {"model": model}
        return warn(name, text, _("Check AI_FALLBACK_MODEL."))
    return ok(name, _("answers, knows %(model)s") % {"model": model})


def prices(today: date) -> Iterator[Check]:
    """Whether it is known what the models cost."""
    from monitoring.advisor.prices import known

    name = _("AI prices")
    used = [settings.AI_SCREEN_MODEL, settings.AI_DECIDE_MODEL] if has_key() else []
    used += [settings.AI_FALLBACK_MODEL] if has_fallback() else []
    unknown = [model for model in dict.fromkeys(used) if known(model) is None]
    update = _("Add what it costs to pmsite/ai_models.py.")
    if unknown:
        text = _("not known of %(models)s: each call counts with what was reserved for it")
        yield warn(name, text % {"models": ", ".join(unknown)}, update)
    elif today - AS_OF > PRICES_OLD:
        yield warn(name, _("those of %(day)s, which may have changed") % {"day": AS_OF}, update)
    else:
        yield ok(name, _("known, as of %(day)s") % {"day": AS_OF})


def trouble(now: datetime) -> Iterator[Check]:
    """What the last calls met with: a look at a model is answered although the account is empty."""
    from monitoring.selectors.spending import standings

    remedies = {
        "no_credit": _("Add credit in the provider's console; a restart asks again at once."),
        "bad_key": _("Set the right key and restart; the next call shows whether it is taken."),
    }
    try:
        asked = standings(now)
    except DatabaseError:  # a key can be checked before the first start, too
        return
    for found in asked:
        if found.state not in {*remedies, "resting"}:
            continue
        text = str(found.why)
        if found.until:
            text = _("%(why)s; not asked until %(time)s UTC") % {
                "why": text,
                "time": f"{found.until.astimezone(UTC):%H:%M}",
            }
        remedy = remedies.get(found.state, _("Nothing to do: it is tried again by itself."))
        yield warn(_("AI calls to %(name)s") % {"name": found.label}, text, remedy)


def cap() -> Iterator[Check]:
    """What may be spent a day."""
    name, most = _("AI budget"), settings.AI_DAILY_USD
    if most <= 0:
        text = _("AI_DAILY_USD is 0: nothing is asked")
        yield warn(name, text, _("Set AI_DAILY_USD above 0, or take the key away."))
        return
    share = f"{settings.AI_CRITICAL_SHARE * 100:.0f}"
    text = _("$%(most)s a day, %(share)s %% of it for critical triggers only")
    yield ok(name, text % {"most": format(most, "f"), "share": share})
