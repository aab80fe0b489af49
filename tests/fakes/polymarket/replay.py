"""Recorded books, handed out one frame a read and token."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ASSET = re.compile(r'"asset_id":\s*"(\d+)"')
Frame = tuple[list[tuple[str, str]], list[tuple[str, str]]]


class Replay:
    """Frames by token, each token with a cursor of its own that stays on its last frame."""

    def __init__(self) -> None:
        self._frames: dict[str, list[str]] = {}
        self._cursor: dict[str, int] = {}

    def load(self, lines: Iterable[str]) -> int:
        """WebSocket `book` events, one JSON object a line; returns how many there were."""
        count = 0
        for line in lines:
            match = ASSET.search(line)
            if match:
                self._frames.setdefault(match[1], []).append(line)
                count += 1
        return count

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(self._frames)

    def frames(self, token: str) -> int:
        return len(self._frames.get(token, ()))

    def position(self, token: str) -> int:
        """Index of the frame that was served last; -1 before the first."""
        return self._cursor.get(token, -1)

    def finished(self, token: str) -> bool:
        return token in self._frames and self.position(token) >= self.frames(token) - 1

    def seek(self, token: str, index: int) -> None:
        """The next read serves frame `index`."""
        self._cursor[token] = index - 1

    def advance(self, token: str) -> Frame | None:
        """Bids and asks of the token's next frame; None for a token without a recording."""
        lines = self._frames.get(token)
        if lines is None:
            return None
        index = min(self.position(token) + 1, len(lines) - 1)
        self._cursor[token] = index
        event: dict[str, Any] = json.loads(lines[index])
        return _side(event["bids"]), _side(event["asks"])


def _side(levels: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(level["price"], level["size"]) for level in levels]


def read_lines(path: Path) -> list[str]:
    """Lines of a .jsonl or .jsonl.gz file."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        return [line for line in file if line.strip()]
