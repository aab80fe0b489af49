from __future__ import annotations

import gzip
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fakes.polymarket import FakeMarket, PolymarketServer
from tests.fakes.polymarket_calls import books, get, one_book

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT.parent / "shared" / "data" / "polymarket"


def write_frames(folder: Path, tokens: dict[str, list[str]]) -> tuple[Path, Path]:
    """A tiny recording: one frame a price; and its meta file."""
    frames, meta = folder / "frames.jsonl.gz", folder / "meta.json"
    with gzip.open(frames, "wt") as file:
        for token, prices in tokens.items():
            for price in prices:
                bids = [{"price": price, "size": "10"}]
                event = {"event_type": "book", "asset_id": token, "bids": bids, "asks": []}
                file.write(json.dumps(event) + "\n")
    up, down = tokens
    sides = {"UP": {"asset_id": up, "payout": 0.0}, "DOWN": {"asset_id": down, "payout": 1.0}}
    entry = {"market_id": "0x" + "c" * 64, "slug": "btc", "question": "Bitcoin?", "tokens": sides}
    meta.write_text(json.dumps([entry]))
    return frames, meta


def test_each_read_moves_only_its_token_one_frame_on(tmp_path: Path) -> None:
    frames, meta = write_frames(tmp_path, {"11": ["0.5", "0.4", "0.3"], "22": ["0.6"]})
    log = tmp_path / "served.jsonl"
    with PolymarketServer(log=log, settle=True) as server:
        server.load_replay(frames, meta)
        tops = [one_book(server, "11")["bids"][0]["price"] for _ in range(4)]
        assert server.replay_state()["11"] == {"position": 2, "frames": 3}
        assert one_book(server, "22")["bids"][0]["price"] == "0.6"
        # All frames are used up: the market ends as it really did.
        assert books(server, "11", "22").json() == []
        payouts = get(server, "/data/v2/resolutions", condition_id="0x" + "c" * 64).json()
    assert tops == ["0.5", "0.4", "0.3", "0.3"]
    assert payouts["data"][0]["payouts"] == [0, 1_000_000]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["read"], line["token"], line["bids"]) for line in lines[:2]] == [
        (1, "11", [["0.5", "10"]]),
        (2, "11", [["0.4", "10"]]),
    ]
    assert len(lines) == 5


def test_state_can_be_driven_over_http(server: PolymarketServer) -> None:
    def control(do: str, **details: Any) -> Any:
        body = {"do": do, **details}
        return requests.post(server.url + "/_control", json=body, timeout=5).json()["result"]

    made = control("add_market", question="Over HTTP?", slug="over")
    control("set_book", token=made["tokens"][0], bids=[["0.7", "5"]], asks=[["0.8", 5]])
    assert one_book(server, made["tokens"][0])["bids"] == [{"price": "0.7", "size": "5"}]
    control("resolve", ref="over", payouts=[1_000_000, 0])
    assert books(server, made["tokens"][0]).json() == []
    assert [served["bids"] for served in control("served_books")] == [[["0.7", "5"]]]


def test_edited_market_keeps_its_ids(server: PolymarketServer, market: FakeMarket) -> None:
    server.edit_market("fed-dec", accepting=False, tick="0.001")
    body = get(server, "/gamma/markets/slug/fed-dec").json()
    assert (body["acceptingOrders"], body["orderPriceMinTickSize"]) == (False, 0.001)
    assert one_book(server, market.tokens[0])["tick_size"] == "0.001"


def test_module_runs_by_itself(tmp_path: Path) -> None:
    frames, meta = write_frames(tmp_path, {"11": ["0.5"], "22": ["0.6"]})
    command = [sys.executable, "-m", "tests.fakes.polymarket", "--frames", str(frames)]
    command += ["--meta", str(meta), "--knob", "429:route=clob/books,times=1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        urls = dict(part.split("=", 1) for part in process.stdout.readline().split())
        body = [{"token_id": "11"}]
        answers = [
            requests.post(urls["POLYMARKET_CLOB_URL"] + "/books", json=body, timeout=5)
            for _ in range(2)
        ]
        process.terminate()
        assert process.wait(5) == 0
    assert [answer.status_code for answer in answers] == [429, 200]


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded payloads are not here")
def test_recorded_payloads_are_served() -> None:
    with PolymarketServer() as server:
        markets, count = server.load_recorded(RECORDED)
        fed = get(server, "/gamma/events/slug/fed-decision-in-june-825").json()
        book = one_book(server, json.loads(fed["markets"][0]["clobTokenIds"])[0])
    assert (markets, count) == (23, 12)
    assert Decimal(book["bids"][-1]["price"]) == max(Decimal(lv["price"]) for lv in book["bids"])
