"""Loading recorded payloads: Gamma markets, books, and the three replayed markets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes.polymarket.replay import read_lines
from tests.fakes.polymarket.state import FakeMarket, Venue

DAY = 86_400


def load_replay(venue: Venue, frames: Path, meta: Path, now: float) -> tuple[FakeMarket, ...]:
    """Markets of the meta file, books from the frames.

    The recorded ends lie in the past; here the markets end a day after the start, so that an open
    market does not look overdue.
    """
    venue.replay.load(read_lines(frames))
    return tuple(
        venue.add(_replayed(entry, number, now))
        for number, entry in enumerate(json.loads(meta.read_text()), start=1)
    )


def _replayed(entry: dict[str, Any], number: int, now: float) -> FakeMarket:
    end = datetime.fromtimestamp(int(now) + DAY, UTC)
    return FakeMarket(
        condition_id=entry["market_id"],
        gamma_id=str(900_000 + number),
        slug=entry["slug"],
        question=entry["question"],
        tokens=tuple(side["asset_id"] for side in entry["tokens"].values()),
        outcomes=tuple(name.title() for name in entry["tokens"]),
        event_slug=entry["slug"],
        end=end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        fee_rate="0.07",
    )


def payouts(meta: Path) -> dict[str, tuple[int, ...]]:
    """How the replayed markets really ended, by condition id, in micro-USDC a share."""
    return {
        entry["market_id"]: tuple(
            int(side["payout"] * 1_000_000) for side in entry["tokens"].values()
        )
        for entry in json.loads(meta.read_text())
    }


def load_market(venue: Venue, raw: dict[str, Any], event: str = "") -> FakeMarket:
    """A recorded Gamma object, served again with all its own fields."""
    events = raw.get("events") or [{}]
    schedule = raw.get("feeSchedule") or {}
    return venue.add(
        FakeMarket(
            condition_id=raw["conditionId"],
            gamma_id=str(raw["id"]),
            slug=raw["slug"],
            question=raw["question"],
            tokens=tuple(json.loads(raw["clobTokenIds"])),
            outcomes=tuple(json.loads(raw["outcomes"])),
            event_slug=event or events[0].get("slug", ""),
            end=raw.get("endDate"),
            game_start=raw.get("gameStartTime"),
            tick=str(raw.get("orderPriceMinTickSize", "0.01")),
            min_size=str(raw.get("orderMinSize", "5")),
            fee_rate=str(schedule.get("rate", 0)),
            fee_exponent=int(schedule.get("exponent", 1)),
            neg_risk=bool(raw.get("negRisk")),
            closed=bool(raw.get("closed")),
            accepting=bool(raw.get("acceptingOrders", True)),
            prices=tuple(json.loads(raw.get("outcomePrices") or '["0.5","0.5"]')),
            raw=raw,
        )
    )


def market_objects(body: Any, event: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """The full market objects, each with its event's slug, in any recorded Gamma body.

    One object, a list, an event, a search.
    """
    if isinstance(body, list):
        for entry in body:
            yield from market_objects(entry, event)
    elif "conditionId" in body:
        if body.get("clobTokenIds") and "id" in body:
            yield body, event
    else:
        for name in ("markets", "events"):
            yield from market_objects(body.get(name, []), body.get("slug", ""))


def load_books(venue: Venue, body: Any, now: float) -> int:
    """Recorded `/book` or `/books` bodies; returns how many there were."""
    books = body if isinstance(body, list) else [body]
    for book in books:
        sides = [[(lv["price"], lv["size"]) for lv in book[side]] for side in ("bids", "asks")]
        venue.put_book(book["asset_id"], sides[0], sides[1], now)
    return len(books)


def load_folder(venue: Venue, folder: Path, now: float) -> tuple[int, int]:
    """All recorded Gamma markets and books below `folder` (data/polymarket); how many of each."""
    before = len(venue.markets)
    for path in sorted((folder / "gamma").glob("*.json")):
        for raw, event in market_objects(json.loads(path.read_text())):
            load_market(venue, raw, event)
    count = 0
    for path in sorted((folder / "books").glob("*book*.json")):
        body = json.loads(path.read_text())
        if path.name.endswith(".meta.json"):
            continue
        count += load_books(venue, body, now)
    return len(venue.markets) - before, count
