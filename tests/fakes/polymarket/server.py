"""The server: three prefixes, one state, knobs for routes, tokens and markets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from tests.fakes.polymarket import clob, data, gamma, recorded
from tests.fakes.polymarket.shapes import BOOK_KNOBS, Offers
from tests.fakes.polymarket.state import MICRO, FakeMarket, Venue
from tests.fakes.server import FakeServer
from tests.fakes.wire import Reply, Request, json_reply

APIS = {"gamma": gamma.answer, "clob": clob.answer, "data": data.answer}
HALF = MICRO // 2


class PolymarketServer(FakeServer):
    """Gamma, CLOB and Data API below `url`/gamma, /clob and /data.

    Prices and sizes are given as text, `Decimal` or int. Tokens are decimal text.
    """

    controls: ClassVar[tuple[str, ...]] = (
        *FakeServer.controls,
        "add_market",
        "set_book",
        "set_history",
        "set_wallet",
        "set_activity",
        "set_page_limit",
        "set_gamma_lag",
        "edit_market",
        "resolve",
        "close_unresolved",
        "seek",
        "replay_state",
        "served_books",
        "environment",
    )

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        log: Path | None = None,
        settle: bool = False,
    ) -> None:
        super().__init__(port=port, clock=clock)
        self.venue = Venue(log=log)
        self._ends: dict[str, tuple[int, ...]] = {}
        self._settle = settle

    def stop(self) -> None:
        super().stop()
        self.venue.close()

    @property
    def environment_urls(self) -> dict[str, str]:
        return {
            "POLYMARKET_GAMMA_URL": f"{self.url}/gamma",
            "POLYMARKET_CLOB_URL": f"{self.url}/clob",
            "POLYMARKET_DATA_URL": f"{self.url}/data",
        }

    def environment(self) -> dict[str, str]:
        """The variables that point the product here."""
        return self.environment_urls

    def ready_line(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.environment_urls.items())

    def handle(self, request: Request) -> Reply:
        _, api, rest = (*request.path.split("/", 2), "")[:3]
        answer = APIS.get(api)
        if answer is None:
            return json_reply({"error": "use /gamma, /clob or /data"}, 404)
        reply = answer(self.venue, request, rest, self.clock())
        self._settle_finished()
        return reply

    def error_reply(self, status: int) -> Reply:
        texts = {404: "No orderbook exists for the requested token id", 400: "Invalid token id"}
        return json_reply({"error": texts.get(status, f"status {status}")}, status)

    def knob(self, kind: str, **details: Any) -> None:
        """A transport knob (see `Fault`), a book knob, or a market's end.

        Book knobs (`BOOK_KNOBS`) take `token` ("*": all) and `times`; "fifty_fifty" and
        "closed_unresolved" take `token`.
        """
        with self.lock:
            if kind in BOOK_KNOBS:
                self.venue.shape(kind, details.get("token", "*"), details.get("times"))
            elif kind == "fifty_fifty":
                self.venue.settle(details["token"], (HALF, HALF))
            elif kind == "closed_unresolved":
                self.venue.shut(details["token"])
            else:
                super().knob(kind, **details)

    def clear(self, kind: str | None = None) -> None:
        super().clear(kind)
        with self.lock:
            shapes = self.venue.shapes
            self.venue.shapes = [s for s in shapes if kind is not None and s.kind != kind]

    def add_market(self, question: str, **details: Any) -> FakeMarket:
        """A market; whatever `FakeMarket` has may be given, ids are invented otherwise."""
        with self.lock:
            return self.venue.make(question, **details)

    def edit_market(self, ref: str, **changes: Any) -> FakeMarket:
        """`ref`: condition id, token id or slug. `accepting=False` pauses it."""
        with self.lock:
            return self.venue.edit(ref, **changes)

    def set_book(
        self, token: str, bids: Offers, asks: Offers = (), *, mirror: bool = False
    ) -> None:
        """Levels are (price, size) in any order; `mirror` sets the other outcome's book too."""
        with self.lock:
            self.venue.put_book(token, bids, asks, self.clock(), mirror=mirror)

    def set_history(self, token: str, points: Iterable[Sequence[float]]) -> None:
        """`points`: (unix seconds, price)."""
        with self.lock:
            self.venue.history[token] = [{"t": t, "p": p} for t, p in points]

    def set_wallet(self, address: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Holdings: `token_id` and `current_size`, further fields as in /v2/positions."""
        with self.lock:
            self.venue.put_wallet(address, rows)

    def set_activity(self, address: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of /v2/activity: at least `type` and `timestamp` (unix seconds)."""
        with self.lock:
            self.venue.put_activity(address, rows)

    def set_page_limit(self, limit: int) -> None:
        """Data API pages hold at most this many rows, whatever the caller wants."""
        self.venue.page_limit = limit

    def set_gamma_lag(self, seconds: float) -> None:
        self.venue.gamma_lag = seconds

    def resolve(self, ref: str, payouts: Sequence[int]) -> None:
        """`payouts` in micro-USDC a share, by outcome: (0, 1000000)."""
        with self.lock:
            self.venue.settle(ref, payouts)

    def close_unresolved(self, ref: str) -> None:
        """Closed, no result yet: awaiting resolution."""
        with self.lock:
            self.venue.shut(ref)

    def load_replay(self, frames: Path, meta: Path) -> tuple[FakeMarket, ...]:
        """Recorded frames: each read of a token then moves that token one frame on."""
        with self.lock:
            self._ends = recorded.payouts(meta)
            return recorded.load_replay(self.venue, frames, meta, self.clock())

    def load_recorded(self, folder: Path) -> tuple[int, int]:
        """All of a folder of recordings (`gamma/`, `books/`): how many markets and books."""
        with self.lock:
            return recorded.load_folder(self.venue, folder, self.clock())

    def seek(self, token: str, index: int) -> None:
        """The next read of a replayed token serves frame `index`."""
        with self.lock:
            self.venue.replay.seek(token, index)

    def replay_state(self) -> dict[str, dict[str, int]]:
        replay = self.venue.replay
        return {
            token: {"position": replay.position(token), "frames": replay.frames(token)}
            for token in replay.tokens
        }

    def served_books(self, token: str = "") -> list[dict[str, Any]]:
        """Every book that went out (of one token), oldest first, levels best first."""
        with self.lock:
            return [s.view() for s in self.venue.served if token in {"", s.token}]

    def _settle_finished(self) -> None:
        """With `settle`: a market whose recordings are all used up resolves as it really did."""
        if not self._settle:
            return
        with self.lock:
            for condition_id, ends in self._ends.items():
                market = self.venue.markets[condition_id]
                if market.payouts is None and all(map(self.venue.replay.finished, market.tokens)):
                    self.venue.settle(condition_id, ends)
