"""Asking the local Polymarket, as its own tests do."""

from __future__ import annotations

from typing import Any

import requests

from tests.fakes.polymarket import PolymarketServer

BIDS = [("0.44", "100"), ("0.45", "20"), ("0.40", "500")]
ASKS = [("0.47", "30"), ("0.46", "10")]


def get(server: PolymarketServer, path: str, **params: Any) -> requests.Response:
    return requests.get(server.url + path, params=params, timeout=5)


def books(server: PolymarketServer, *tokens: str) -> requests.Response:
    body = [{"token_id": token} for token in tokens]
    return requests.post(server.url + "/clob/books", json=body, timeout=5)


def one_book(server: PolymarketServer, token: str) -> dict[str, Any]:
    book: dict[str, Any] = books(server, token).json()[0]
    return book
