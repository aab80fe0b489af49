"""What is recorded for the demo: headlines that come when the demo is loaded, and answers to them.

Made up for this purpose, publishers and all: their domains end in `.example`, which is nobody's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "recorded"


@dataclass(frozen=True, slots=True)
class News:
    """A headline; `name` is how answers cite it, `after` seconds from the loading of the demo."""

    name: str
    after: float
    title: str
    publisher: str
    domain: str


@dataclass(frozen=True, slots=True)
class Recording:
    """Of one demo market. `answers`: by purpose; without any, the position is the rules' own."""

    market: str
    question: str
    news: tuple[News, ...]
    answers: Mapping[str, Mapping[str, Any]]


@lru_cache(maxsize=1)
def recordings() -> Mapping[str, Recording]:
    """All of them by the key of their market."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.json"))}


def _read(path: Path) -> Recording:
    told = json.loads(path.read_text(encoding="utf-8"))
    answers = {purpose: told[purpose] for purpose in ("screen", "decide") if purpose in told}
    news = tuple(News(**item) for item in told["news"])
    return Recording(path.stem, told["question"], news, answers)
