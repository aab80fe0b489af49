"""Recorded books to replay: those of ../shared/data, thinned, or a made-up market of the same shape."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from tests.fakes.polymarket.replay import ASSET, read_lines
from tests.installation import ROOT

BOOKS = ROOT.parent / "shared/data/polymarket/books"
RECORDED = BOOKS / "derived_resolvedkit_ws_book_replay_3markets.jsonl.gz"
META = BOOKS / "derived_resolvedkit_ws_book_replay_3markets.meta.json"


def thinned(every: int, folder: Path) -> tuple[Path, Path]:
    """Each token's first frame and every so many-th after it; frames and meta file."""
    seen: Counter[str] = Counter()
    kept = []
    for line in read_lines(RECORDED):
        match = ASSET.search(line)
        assert match is not None
        if seen[match[1]] % every == 0:
            kept.append(line.rstrip("\n"))
        seen[match[1]] += 1
    path = folder / "frames.jsonl"
    path.write_text("\n".join(kept))
    return path, META


# The Yes token's best bids in cents: a rise, a fall through the stops, a recovery, the end.
WALK = (
    *range(50, 64, 2),
    *range(63, 38, -2),
    *range(38, 52, 2),
    *range(52, 30, -3),
    *range(30, 97, 4),
)
ODD = {10: "no bid", 16: "crossed", 24: "ghost", 31: "thin"}


def made(folder: Path) -> tuple[Path, Path]:
    """One market of two tokens whose books hold little at the top; frames and meta file."""
    tokens = {"UP": "1" + "7" * 75, "DOWN": "1" + "8" * 75}
    condition = "0x" + "ab" * 32
    meta = {
        "market_id": condition,
        "slug": "made-up-market",
        "question": "Made up?",
        "tokens": {name: {"asset_id": token, "payout": 0.5} for name, token in tokens.items()},
    }
    (folder / "meta.json").write_text(json.dumps([meta]))
    lines = []
    for number, cents in enumerate(WALK):
        for token, bid in zip(tokens.values(), (cents, 99 - cents), strict=True):
            book = _book(bid, ODD.get(number, ""))
            lines.append(json.dumps({"event_type": "book", "asset_id": token, **book}))
    (folder / "frames.jsonl").write_text("\n".join(lines))
    return folder / "frames.jsonl", folder / "meta.json"


def _book(cents: int, what: str) -> dict[str, Any]:
    sizes = chain((40, 35, 150), repeat(400))
    bids = [(price, size) for price, size in zip(range(cents, 0, -1), sizes, strict=False)]
    asks = [(price, 300) for price in range(cents + 1, min(cents + 20, 100))]
    if what == "no bid":
        bids = []
    elif what == "crossed":
        asks = [(cents - 1, 50), *asks]
    elif what == "ghost":
        bids, asks = [(1, 900)], [(99, 900)]
    elif what == "thin":
        bids = [(cents, 3)]
    return {"bids": _levels(bids), "asks": _levels(asks)}


def _levels(levels: Sequence[tuple[int, int]]) -> list[dict[str, str]]:
    return [{"price": str(Decimal(cents) / 100), "size": str(size)} for cents, size in levels]
