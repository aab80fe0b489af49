"""An installation between local servers for prices, orders and alerts, with books to sell into."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fakes.discord import DiscordServer
from tests.fakes.exchange import ExchangeServer
from tests.fakes.polymarket import PolymarketServer
from tests.faults.hand import Hand
from tests.faults.ledger import Verdict, judge
from tests.installation import Installation

STOP = {"stop_loss_price": "0.45", "confirm_seconds": "0"}
POSITION, BELOW = "100", "0.44"


class Ground:
    """`venue` False: orders are filled on paper in the product's own process. `more`: further
    variables of the contract.
    """

    def __init__(
        self, home: Path, database_url: str | None, *, venue: bool = True, **more: str
    ) -> None:
        self.home, self.venue = home, venue
        self.polymarket = PolymarketServer()
        self.discord = DiscordServer()
        self.exchange = ExchangeServer(store=home / "exchange.jsonl", fallback=BELOW)
        self.stack = ExitStack()
        self.numbers = count(1)
        self.lock: Any = None  # what a moment holds in the database meanwhile
        # A file that is not the default one: no demo.
        environ = {} if database_url else {"DATABASE_URL": f"sqlite:///{home / 'db.sqlite3'}"}
        self.installation = Installation(
            home, database_url=database_url, **environ, **self._environment(), **more
        )

    def _environment(self) -> dict[str, str]:
        venue = {"PAPER_EXCHANGE_URL": self.exchange.url} if self.venue else {}
        return {
            **self.polymarket.environment_urls,
            **venue,
            "DISCORD_WEBHOOK_URL": self.discord.webhook_url(),
            "WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
            "MONITOR_INTERVAL": "5",
        }

    def __enter__(self) -> Self:
        for server in (self.polymarket, self.discord, self.exchange):
            self.stack.enter_context(server)
        self.stack.callback(self.installation.close)
        self.installation.prepare()
        self.hand = Hand(self.installation)
        self.stack.callback(self.hand.close)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stack.close()

    def hold(self, **policy: Any) -> int:
        """A position that has to be sold; its id."""
        number = next(self.numbers)
        market = self.polymarket.add_market(f"Market {number}?")
        token = market.tokens[0]
        self.polymarket.set_book(token, [(BELOW, "100000")], [("0.45", "100000")])
        return int(
            self.hand.ask("hold", reference=token, shares=POSITION, policy={**STOP, **policy})
        )

    def open_positions(self) -> int:
        """How many have still to be sold; dust cannot be."""
        sql = "SELECT count(*) FROM positions_position WHERE state = 'open' AND NOT is_dust"
        return int(self.installation.query(sql)[0][0])

    def untold(self) -> int:
        """Alerts that are not delivered yet, and entries that are not looked at yet."""
        waiting = "SELECT count(*) FROM monitoring_notification WHERE state = 'pending'"
        behind = (
            "SELECT count(*) FROM positions_journalentry WHERE id > coalesce((SELECT entry_id"
            " FROM monitoring_cursor WHERE name = 'alerts'), 0)"
        )
        # In this order: what is dispatched between the two looks is counted twice, never missed.
        return sum(int(self.installation.query(sql)[0][0]) for sql in (behind, waiting))

    def verdict(self, *, alerts: bool = True) -> Verdict:
        found = judge(
            self.installation,
            self.exchange.sold() if self.venue else None,
            self.discord.sent() if alerts else None,
        )
        found.early = [f"sent {seconds:.2f} s before its time" for seconds in self.discord.early]
        return found
