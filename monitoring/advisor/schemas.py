"""What the models must answer with. Every field is required and none has a default: a field that is
not required is a field that a model leaves out. Fields are written in their order, so the grounds
stand before the verdict. Nothing here is an amount, a price or a market.

The API promises the shape only; lengths and ranges are checked here. A text for a person that is a
little too long is cut, because a good decision must not be lost over it; one that is far too long,
like everything else that is out of bounds, fails the whole answer.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from positions.text import storable

REASONING, AGAINST, SUMMARY = 600, 300, 300  # characters
FAR_TOO_LONG = 4  # times the limit: not a long sentence but another answer
IDS, ID_LENGTH = 40, 40

Direction = Literal["against", "for", "unclear"]
Urgency = Literal["low", "medium", "high", "critical"]
ThesisStatus = Literal["intact", "weakened", "broken", "unknown"]
Verdict = Literal["HOLD", "REDUCE", "SELL"]


def _shortened(most: int, *, needed: bool = True) -> Callable[[str], str]:
    """A sentence for a person: on one line, storable, blank only where it is not `needed`."""

    def check(value: str) -> str:
        text = " ".join(storable(value, len(value)).split())
        if needed and not text:
            raise ValueError("must not be blank")
        if len(text) > FAR_TOO_LONG * most:
            raise ValueError(f"{len(text)} characters where {most} are allowed")
        return text if len(text) <= most else text[: most - 1].rstrip() + "…"

    return check


def _ids(value: list[str]) -> list[str]:
    """Each id once, in their order. Whether they exist is for those to check who gave them out."""
    if len(value) > IDS:
        raise ValueError(f"{len(value)} ids where {IDS} are allowed")
    if any(not one.strip() or len(one) > ID_LENGTH for one in value):
        raise ValueError(f"an id is blank or longer than {ID_LENGTH} characters")
    return list(dict.fromkeys(storable(one.strip(), ID_LENGTH) for one in value))


def _share(value: Decimal) -> Decimal:
    if not 0 <= value <= 1:
        raise ValueError("must lie between 0 and 1")
    return round(value, 4).normalize()


def _some(value: list[str]) -> list[str]:
    if not value:
        raise ValueError("must name at least one")
    return value


Ids = Annotated[list[str], AfterValidator(_ids)]
Reasoning = Annotated[
    str,
    AfterValidator(_shortened(REASONING)),
    Field(description=f"The grounds. At most {REASONING} characters."),
]
Against = Annotated[
    str,
    AfterValidator(_shortened(AGAINST, needed=False)),
    Field(description=f"The strongest reason against this. At most {AGAINST} characters."),
]
Summary = Annotated[
    str,
    AfterValidator(_shortened(SUMMARY)),
    Field(description=f"What happened, for this side. At most {SUMMARY} characters."),
]
# A Decimal of the digits that were sent: 0.7 is exactly the threshold 0.7.
Confidence = Annotated[
    Decimal,
    AfterValidator(_share),
    WithJsonSchema(
        {
            "type": "number",
            "description": "From 0 to 1, as defined in the instructions.",
        }
    ),
]


class Answer(BaseModel):
    """A base that knows no unknown fields."""

    model_config = ConfigDict(extra="forbid")


class Alert(Answer):
    """One piece of news that a holder of this side would want to know."""

    headline_ids: Annotated[Ids, AfterValidator(_some)]
    summary: Summary
    direction: Direction
    urgency: Urgency


class ScreenResult(Answer):
    """A screen: `alerts` is empty when nothing is of note."""

    suspected_injection_ids: Ids
    alerts: list[Alert]


class Decision(Answer):
    """A judgement on a trigger. `against`: the strongest reason against this very decision."""

    reasoning: Reasoning
    evidence_ids: Ids
    against: Against
    thesis_status: ThesisStatus
    decision: Verdict
    confidence: Confidence


class Note(Answer):
    """A remark after the fact, of what a mechanical exit may have been about."""

    evidence_ids: Ids
    text: Reasoning
    thesis_status: ThesisStatus
