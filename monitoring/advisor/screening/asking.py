"""One call of a model about some headlines of one position, and what may be believed of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.advisor import gate
from monitoring.advisor.port import Provider, Purpose, Request
from monitoring.advisor.screening.checks import Checked, Finding, asks, check
from monitoring.advisor.screening.prompt import (
    MAX_TOKENS,
    PROMPT_VERSION,
    SECONDS,
    Held,
    Item,
    Prompt,
    build,
)
from monitoring.advisor.screening.suspicion import suspicious


def new_nonce() -> str:
    """Sixteen characters that nobody who writes a headline can know."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Ports:
    """`nonce` for prompts; `monotonic` seconds for the run's deadline; the gate's own clocks."""

    nonce: Callable[[], str] = field(default=new_nonce)
    monotonic: Callable[[], float] = field(default=time.monotonic)
    gate: gate.Ports = field(default_factory=gate.Ports)


@dataclass(frozen=True, slots=True)
class Screened:
    """`findings` by id, one for each item; None: not screened."""

    outcome: gate.Outcome
    findings: Mapping[str, Finding] | None


def request_of(
    held: Held, items: Sequence[Item], *, nonce: str, purpose: Purpose
) -> tuple[Request, Prompt]:
    """The call that would be made, and its prompt."""
    from monitoring.advisor.schemas import ScreenResult

    prompt = build(held, items, nonce=nonce)
    return (
        Request(purpose, prompt.system, prompt.user, ScreenResult, MAX_TOKENS, SECONDS),
        prompt,
    )


def ask(
    held: Held,
    items: Sequence[Item],
    *,
    providers: Sequence[Provider],
    ports: Ports,
    purpose: Purpose = "screen",
    position_id: int | None = None,
    evidence: Sequence[Mapping[str, object]] = (),
) -> Screened:
    """Screens the items in one call through the gate, and notes what came of it in the call's row."""
    from monitoring.advisor.schemas import ScreenResult

    request, prompt = request_of(held, items, nonce=ports.nonce(), purpose=purpose)
    about = gate.About(
        prompt_version=PROMPT_VERSION,
        prompt_sha256=prompt.sha256,
        position_id=position_id,
        evidence=evidence,
    )
    outcome = gate.ask(request, providers=providers, about=about, ports=ports.gate)
    if outcome.reply.failure is not None or not isinstance(outcome.reply.data, ScreenResult):
        why = outcome.reply.failure or "?"
        gate.note_outcome(outcome.call, _("not screened: %(why)s") % {"why": why})
        return Screened(outcome, None)
    doubtful = [item.id for item in items if suspicious(item.title)]
    checked = check(outcome.reply.data, [item.id for item in items], doubtful)
    gate.note_outcome(outcome.call, _told(checked))
    return Screened(outcome, checked.findings if checked.valid else None)


def _told(checked: Checked) -> str:
    if not checked.valid:
        return _("not screened: every headline it cites is made up")
    asking = sum(asks(one) for one in checked.findings.values())
    suspected = sum(one.suspected for one in checked.findings.values())
    parts = [
        ngettext("%(n)d headline asks", "%(n)d headlines ask", asking) % {"n": asking},
    ]
    if suspected:
        parts.append(
            ngettext("%(n)d suspected", "%(n)d suspected", suspected) % {"n": suspected},
        )
    if checked.unknown:
        parts.append(_("made up: %(ids)s") % {"ids": ", ".join(checked.unknown)})
    return ", ".join(parts)
