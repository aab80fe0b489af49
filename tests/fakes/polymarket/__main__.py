"""`python -m tests.fakes.polymarket --port 8101 [--frames F --meta M] [--data DIR] [--log F]`."""

from __future__ import annotations

from pathlib import Path

from tests.fakes import cli
from tests.fakes.polymarket.server import PolymarketServer


def main() -> None:
    parser = cli.parser("A local Polymarket. Prints its three base URLs when it is ready.")
    parser.add_argument("--frames", type=Path, help="recorded book events, .jsonl or .jsonl.gz")
    parser.add_argument("--meta", type=Path, help="the markets of the frames")
    parser.add_argument("--data", type=Path, help="folder with recorded gamma/ and books/")
    parser.add_argument("--log", type=Path, help="writes every served book here, a JSON line each")
    parser.add_argument(
        "--settle",
        action="store_true",
        help="resolve a replayed market when its frames are used up",
    )
    options = parser.parse_args()
    server = PolymarketServer(port=options.port, log=options.log, settle=options.settle)
    if options.data:
        server.load_recorded(options.data)
    if options.frames and options.meta:
        server.load_replay(options.frames, options.meta)
    cli.serve(server, options.knob)


if __name__ == "__main__":
    main()
