"""Running a fake by itself: `--port`, `--knob KIND[:name=value,…]`, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from typing import Any

from tests.fakes.server import FakeServer


def parser(description: str) -> argparse.ArgumentParser:
    """The options that every fake has."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--port", type=int, default=0, help="0 takes a free one")
    made.add_argument(
        "--knob",
        action="append",
        default=[],
        metavar="KIND[:NAME=VALUE,...]",
        help="a failure from the start, e.g. 429:route=clob/books,times=2,retry_after=1",
    )
    return made


def knob(text: str) -> dict[str, Any]:
    """`429:times=2` as the arguments of `FakeServer.knob`."""
    kind, _, rest = text.partition(":")
    pairs = (part.partition("=") for part in rest.split(",") if part)
    return {"kind": kind, **{name: _value(value) for name, _, value in pairs}}


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    # Token ids are numbers only to JSON.
    return text if isinstance(value, int) and abs(value) > 2**53 else value


def serve(server: FakeServer, knobs: list[str]) -> None:
    """Prints one line when ready and serves until told to stop."""
    for text in knobs:
        server.knob(**knob(text))
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with server:
        sys.stdout.write(server.ready_line() + "\n")
        sys.stdout.flush()
        done.wait()
