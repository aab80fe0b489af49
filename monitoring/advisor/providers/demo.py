"""Recorded answers for demo positions: offline, at no cost, and marked as what they are.

An answer names headlines as the recording does. It is given the ids of the request in their place,
found there by their titles: an alert of which nothing was asked is not given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from monitoring.advisor.budget import DEMO
from monitoring.advisor.port import Failure, Purpose, Reply, Request, Usage
from monitoring.advisor.recording import Recording, recordings
from positions.models import Position

MODEL = "recorded"


def recorded(position: Position, purpose: Purpose) -> bool:
    """Whether there is an answer for this demo position; the others are left to the rules."""
    found = recordings().get(position.market.key)
    return found is not None and purpose in found.answers


class Recorded:
    """A provider that replays."""

    name = DEMO
    sdk = ""
    fallback = False
    demo = True

    def model(self, purpose: Purpose) -> str:
        """No model: a recording."""
        return MODEL

    def complete(self, request: Request) -> Reply:
        """The recorded answer to the question in the request; BAD_REQUEST where there is none."""
        found = _meant(request)
        if found is None:
            return Reply(Failure.BAD_REQUEST, detail="nothing is recorded for this", model=MODEL)
        answer = _answer(found, request)
        text = json.dumps(answer)
        try:
            data = request.schema.model_validate_json(text)
        except ValidationError as error:
            return Reply(Failure.INVALID_OUTPUT, detail=str(error)[:300], text=text, model=MODEL)
        return Reply(None, data=data, usage=Usage(), text=text, model=MODEL, attempts=1)


def _meant(request: Request) -> Recording | None:
    """By the question in its words, as JSON has them."""
    for found in recordings().values():
        if request.purpose in found.answers and json.dumps(found.question)[1:-1] in request.user:
            return found
    return None


def _answer(found: Recording, request: Request) -> dict[str, Any]:
    """The recorded answer with this request's ids."""
    titles = dict(_titles(request.user))
    ids = {one.name: titles[one.title] for one in found.news if one.title in titles}
    answer = deepcopy(dict(found.answers[request.purpose]))
    if "evidence_ids" in answer:
        answer["evidence_ids"] = _known(answer["evidence_ids"], ids)
    for alert in answer.get("alerts", ()):
        alert["headline_ids"] = _known(alert["headline_ids"], ids)
    if "alerts" in answer:
        answer["alerts"] = [alert for alert in answer["alerts"] if alert["headline_ids"]]
    return answer


def _known(names: list[str], ids: Mapping[str, str]) -> list[str]:
    return [ids[name] for name in names if name in ids]


def _titles(text: str) -> Iterator[tuple[str, str]]:
    """(title, id) of all that the request's JSON lines hold."""
    for line in text.splitlines():
        if line.startswith(("{", "[")):
            try:
                yield from _walk(json.loads(line))
            except ValueError:
                continue


def _walk(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        title = value.get("title", value.get("text"))
        if isinstance(title, str) and isinstance(value.get("id"), str):
            yield title, value["id"]
        for inner in value.values():
            yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)
