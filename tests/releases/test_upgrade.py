"""An earlier release's database, taken over in the middle of its work by this one."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from pmsite.version import VERSION
from tests.fakes.discord import DiscordServer
from tests.fakes.exchange import ExchangeServer
from tests.fakes.polymarket import PolymarketServer
from tests.installation import Installation
from tests.servers import Postgres

pytestmark = pytest.mark.processes

HERE = Path(__file__).resolve().parent
BEFORE = "0.1.0"
AGE = timedelta(minutes=10)  # between the release's last moment and this one's first
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def dump(engine: str) -> str:
    """The SQL of the release's database, its times as if it had ended AGE ago."""
    text = (HERE / f"{BEFORE}.{engine}.sql").read_text(encoding="utf-8")
    made_at = datetime.fromisoformat(text.partition("\n")[0].partition(", ")[2]).replace(tzinfo=UTC)
    shift = datetime.now(UTC) - AGE - made_at
    near = {f"{made_at - timedelta(days=1):%F}", f"{made_at:%F}"}

    def moved(found: re.Match[str]) -> str:
        if found[0][:10] not in near:
            return found[0]
        return f"{datetime.fromisoformat(found[0]) + shift:%Y-%m-%d %H:%M:%S}"

    return TIME.sub(moved, text)


class Taken:
    """An installation of this release on the earlier one's database, between its servers."""

    def __init__(self, home: Path, url: str | None) -> None:
        self.home = home
        store = home / "exchange.jsonl"
        store.write_bytes((HERE / f"{BEFORE}.exchange.jsonl").read_bytes())
        self.polymarket, self.discord = PolymarketServer(), DiscordServer()
        self.exchange = ExchangeServer(store=store, fallback="0.44")
        for number in range(1, 7):
            token = self.polymarket.add_market(f"Market {number}?").tokens[0]
            self.polymarket.set_book(token, [("0.44", "100000")], [("0.45", "100000")])
        self.tokens = [market.tokens[0] for market in self.polymarket.venue.markets.values()]
        environ = {} if url else {"DATABASE_URL": f"sqlite:///{home / 'db.sqlite3'}"}
        self.installation = Installation(
            home,
            database_url=url,
            **environ,
            **self.polymarket.environment_urls,
            PAPER_EXCHANGE_URL=self.exchange.url,
            DISCORD_WEBHOOK_URL=self.discord.webhook_url(),
            WEBHOOK_ALLOWED_HOSTS="127.0.0.1",
            MONITOR_INTERVAL="5",
        )
        if url:
            with closing(psycopg.connect(url, autocommit=True)) as server:
                server.execute(dump("postgresql").encode())
        else:
            with closing(sqlite3.connect(home / "db.sqlite3")) as file:
                file.executescript(dump("sqlite"))

    def deliver(self) -> None:
        """Rounds of the delivery until nothing is due."""
        code = "from monitoring.alerts.sending.delivery import deliver_due; deliver_due()"
        self.installation.manage("shell", "-v0", "-c", code)

    def exits(self) -> list[tuple[str, str]]:
        rows = self.installation.query("SELECT state, filled FROM positions_exit ORDER BY id")
        return [(state, str(filled).partition(".")[0]) for state, filled in rows]


@pytest.fixture(params=["sqlite", "postgresql"])
def taken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Taken]:
    """Once on each database."""
    url = None
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.database()
    with ExitStack() as stack:
        yield entered(stack, tmp_path, url)


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Taken]:
    with ExitStack() as stack:
        yield entered(stack, tmp_path, None)


def entered(stack: ExitStack, home: Path, url: str | None) -> Taken:
    made = Taken(home, url)
    for server in (made.polymarket, made.discord, made.exchange):
        stack.enter_context(server)
    # Their addresses are known from the start; what runs is stopped first.
    stack.callback(made.installation.close)
    return made


def test_open_exits_go_on_and_nothing_is_sold_or_told_twice(taken: Taken) -> None:
    assert taken.exits() == [
        ("filled", "100"),
        ("filled", "100"),
        ("partial", "40"),
        ("working", "0"),
        ("pending", "0"),
    ]
    told = taken.installation.manage("setup").stdout
    assert ("Backed up before the upgrade" in told) is (taken.installation.database_url is None)
    documents = [json.loads(taken.installation.manage("monitor", "--json").stdout) for _ in "ab"]
    assert [document["errors"] for document in documents] == [[], []]
    assert taken.exits() == [("filled", "100")] * 5
    assert taken.exchange.sold() == {
        token: 100 for number, token in enumerate(taken.tokens) if number != 2
    }
    assert taken.installation.query("SELECT id FROM positions_position WHERE state = 'open'") == [
        (3,)
    ]
    taken.deliver()
    taken.deliver()
    footers = Counter(
        message["payload"]["embeds"][0]["footer"]["text"] for message in taken.discord.sent()
    )
    assert set(footers.values()) == {1}
    assert footers["notification 2"] == 1  # it was waiting
    assert footers["notification 1"] == 0  # it had been delivered
    done = taken.installation.query(
        "SELECT n.state, count(*) FROM positions_journalentry e"
        " JOIN monitoring_notification n ON n.entry_id = e.id"
        " WHERE e.kind = 'exit_done' GROUP BY n.state"
    )
    assert done == [("sent", 5)]


def test_copy_made_before_the_upgrade_holds_the_earlier_release(on_sqlite: Taken) -> None:
    old = on_sqlite.home / "backups"
    old.mkdir()
    for number in range(6):
        (old / f"before-0.1.0-2026010{number}T000000Z.zip").write_text("older")
    (old / "mine.zip").write_text("a person's own")
    told = on_sqlite.installation.manage("setup").stdout
    found = re.search(r"Backed up before the upgrade: (\S+) ", told)
    assert found is not None
    with zipfile.ZipFile(found[1]) as file:
        manifest = json.loads(file.read("manifest.json"))
    assert manifest["migrations"]["monitoring"] == "0001_initial"
    assert (manifest["version"], manifest["open_positions"]) == (VERSION, 4)
    assert sorted(path.name for path in old.iterdir()) == [
        *(f"before-0.1.0-2026010{number}T000000Z.zip" for number in range(2, 6)),
        Path(found[1]).name,
        "mine.zip",
    ]
    again = on_sqlite.installation.manage("setup").stdout
    assert "Backed up" not in again


def test_backup_of_the_earlier_release_can_be_restored_by_this_one(on_sqlite: Taken) -> None:
    on_sqlite.installation.manage("setup")
    (copy,) = (on_sqlite.home / "backups").iterdir()
    on_sqlite.installation.manage("restore", str(copy))
    assert on_sqlite.exits()[2:] == [("partial", "40"), ("working", "0"), ("pending", "0")]
    document = json.loads(on_sqlite.installation.manage("monitor", "--json").stdout)
    # Exits are paused: the venue is asked what became of the order that was out, nothing is sold.
    assert [row["state"] for row in document["exits"]] == ["filled"]
    assert on_sqlite.exits()[2:] == [("partial", "40"), ("filled", "100"), ("pending", "0")]
    assert sum(on_sqlite.exchange.sold().values()) == 340


def everything(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "db.sqlite3")) as file:
        return list(file.iterdump())


@pytest.mark.parametrize("command", ["setup", "up"])
def test_database_of_a_later_version_is_refused_untouched(on_sqlite: Taken, command: str) -> None:
    on_sqlite.installation.query(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('later', '0001_x', '2027-01-01')"
    )
    before = everything(on_sqlite.home)
    ended = on_sqlite.installation.manage(command, check=False)
    assert ended.returncode == 1
    assert ended.stderr == (
        "CommandError: The database was changed by a later version (later.0001_x); this is"
        f" {VERSION}, and nothing was changed now. Start the later version again, or `restore` a"
        " backup from before it.\n"
    )
    assert everything(on_sqlite.home) == before
    assert not (on_sqlite.home / "backups").exists()


def test_failed_migration_says_where_it_stopped_and_how_to_go_back(on_sqlite: Taken) -> None:
    on_sqlite.installation.query("CREATE TABLE monitoring_alarm (in_the_way)")
    ended = on_sqlite.installation.manage("setup", check=False)
    assert ended.returncode == 1
    (copy,) = (on_sqlite.home / "backups").iterdir()
    assert "The upgrade stopped at monitoring.0002_" in ended.stderr
    assert f"The database as it was before is in {copy}. To go back" in ended.stderr
    with zipfile.ZipFile(copy) as file:
        assert "db.sqlite3" in file.namelist()


def test_no_room_for_the_copy_means_no_upgrade(on_sqlite: Taken) -> None:
    (on_sqlite.home / "backups").write_text("in the way of the folder")
    ended = on_sqlite.installation.manage("setup", check=False)
    assert ended.returncode == 1
    assert "so nothing was upgraded" in ended.stderr
    names = on_sqlite.installation.query(
        "SELECT name FROM django_migrations WHERE app='monitoring'"
    )
    assert names == [("0001_initial",)]
