"""What the AI stage may do with a position: read here, and changed by a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from positions import journal
from positions.domain.pnl import plain
from positions.models import AdvicePolicy, Position
from positions.services.base import ServiceError, facts, take
from positions.zones import zone_names

MINUTES_A_DAY = 1440
# What each field may be, with its own words where it is not.
LIMITS: Mapping[str, tuple[int, int]] = {
    "answer_minutes": (1, MINUTES_A_DAY),
    "cooldown_minutes": (0, 7 * MINUTES_A_DAY),
    "daily_sells": (0, 100),
}
ADVICE = (
    "mode",
    "auto_from",
    "auto_to",
    "time_zone",
    "answer_minutes",
    "if_unanswered",
    "min_confidence",
    "cooldown_minutes",
    "daily_sells",
    "reduce_pct",
)


def advice_of(position_id: int) -> AdvicePolicy:
    """The position's AI policy; the defaults, not stored, where nobody has changed anything."""
    row = AdvicePolicy.objects.filter(position_id=position_id).first()
    return row or AdvicePolicy(position_id=position_id)


def advice_set(
    *, position_id: int, actor: str, now: datetime, version: int | None = None, **fields: Any
) -> AdvicePolicy:
    """Changes some of `ADVICE`; who, old and new go to the journal. Allowed while an exit runs: it
    says who decides the next time, and changes no sale.

    Raises StaleError, ServiceError, and ValidationError naming the fields that are wrong.
    """
    unknown = set(fields) - set(ADVICE)
    if unknown:
        raise TypeError(f"not of the AI policy: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        position = take(position_id, version)
        if position.state != Position.State.OPEN:
            raise ServiceError(_("This position is closed already."))
        policy = advice_of(position_id)
        old = {name: getattr(policy, name) for name in fields}
        for name, value in fields.items():
            setattr(policy, name, value)
        check_advice(policy)
        if old == {name: getattr(policy, name) for name in fields}:
            return policy
        policy.save()
        data = facts(position) | {"old": _texts(old), "new": _texts(fields)}
        text = "; ".join(
            f"{_label(name)} {_shown(policy, name, old[name])} → {_shown(policy, name, new)}"
            for name, new in fields.items()
            if old[name] != new
        )
        journal.append(
            journal.entry("advice_changed", text, at=now, position=position, actor=actor, data=data)
        )
    return policy


def check_advice(policy: AdvicePolicy) -> None:
    """Raises ValidationError naming the fields that are wrong, by the names of the row."""
    wrong: dict[str, str] = {}
    for name, (least, most) in LIMITS.items():
        value = getattr(policy, name)
        if value is None or not least <= value <= most:
            wrong[name] = _("Between %(least)s and %(most)s.") % {"least": least, "most": most}
    if policy.min_confidence is None or not 0 <= policy.min_confidence <= 1:
        wrong["min_confidence"] = _("Between 0 and 1.")
    if policy.reduce_pct is None or not 0 < policy.reduce_pct <= 100:
        wrong["reduce_pct"] = _("Above 0, at most 100.")
    if policy.time_zone not in zone_names():
        wrong["time_zone"] = _("This time zone is not known.")
    wrong |= _wrong_hours(policy)
    if wrong:
        raise ValidationError(wrong)
    policy.clean_fields(exclude=["position"])


def _wrong_hours(policy: AdvicePolicy) -> dict[str, str]:
    if policy.mode != AdvicePolicy.Mode.AUTO_HOURS:
        return {}
    ends = {"auto_from": policy.auto_from, "auto_to": policy.auto_to}
    missing = {name: _("Needed for hours.") for name, at in ends.items() if at is None}
    if not missing and policy.auto_from == policy.auto_to:
        return {"auto_to": _("Hours that begin and end at the same time are none.")}
    return missing


def _texts(values: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str | None:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return None if value is None else str(value)


def _label(name: str) -> str:
    """The field's name as the form shows it."""
    return str(getattr(AdvicePolicy._meta.get_field(name), "verbose_name", name))  # noqa: SLF001


def _shown(policy: AdvicePolicy, name: str, value: Any) -> str:
    """`value` as a person reads it: a choice by its words."""
    choices = dict(getattr(policy._meta.get_field(name), "flatchoices", ()) or ())  # noqa: SLF001
    return str(choices.get(value, _text(value) or _("none")))
