"""Real local servers that stand in for Polymarket, Discord and a venue that fills orders.

Each runs inside a test (`with PolymarketServer() as venue: venue.url`) or by itself
(`python -m tests.fakes.polymarket --port 8101`), and can be driven over HTTP by other processes.
"""

from __future__ import annotations
