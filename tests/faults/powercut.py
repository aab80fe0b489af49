"""What a power cut leaves of SQLite's files, worked out from a record of every write and sync.

A disk may keep any part of what was written and not synced, sector by sector and in any order, and
keeps all that was. From one recorded run of the product, any number of cuts are made: at each, what
was synced is there, and of the rest nothing or what chance leaves. Then the files are opened as
after a start, and what had been acknowledged before the cut must be in them.

The shared-memory file is left out: SQLite makes it anew when nobody has it open.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.installation import ROOT, Installation

HEAD = struct.Struct("<cHqQ")  # as powercut.c writes it
SECTOR = 512
DATABASE, LOG, WITNESS = "pm.sqlite3", "pm.sqlite3-wal", "acknowledged"
SHIM = Path(__file__).with_suffix(".c")


@dataclass(frozen=True, slots=True)
class Event:
    """One call: `kind` w(rite), t(runcate) or s(ync) of the file `name`."""

    kind: str
    name: str
    offset: int
    data: bytes


@dataclass
class Recording:
    """A run: the files before it, and what was asked of the disk, in order."""

    before: dict[str, bytes]
    events: list[Event]
    after: dict[str, bytes]

    def promises(self) -> list[tuple[int, list[str]]]:
        """Each acknowledgement as words, and the number of the event that wrote it."""
        found = enumerate(self.events)
        return [(at, one.data.decode().split()) for at, one in found if one.name == WITNESS]


def compiler() -> str | None:
    """A C compiler, where the recording can be made at all (a preloaded library needs Linux)."""
    return (shutil.which("cc") or shutil.which("gcc")) if sys.platform == "linux" else None


def record(folder: Path, *, exits: int, level: str) -> Recording:
    """Run the product's own exits on a new database under the recorder."""
    library, log = folder / "powercut.so", folder / "record"
    built = [str(compiler()), "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM), "-ldl"]
    subprocess.run(built, check=True, timeout=60)
    home = folder / "data"
    home.mkdir()
    place = Installation(folder, DATABASE_URL=f"sqlite:///{home / DATABASE}")
    place.manage("migrate", "-v0")
    before = contents(home)
    env = {"LD_PRELOAD": str(library), "POWERCUT_FOLDER": str(home), "POWERCUT_LOG": str(log)}
    subprocess.run(
        [sys.executable, "-m", "tests.faults.powercut_child", str(exits), level],
        cwd=ROOT,
        env={**place.environ, **env},
        check=True,
        timeout=300,
    )
    return Recording(before, list(events(log.read_bytes())), contents(home))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the shared memory."""
    files = sorted(folder.iterdir())
    return {path.name: path.read_bytes() for path in files if not path.name.endswith("-shm")}


def events(raw: bytes) -> Iterator[Event]:
    """The record's events, in order."""
    at = 0
    while at < len(raw):
        kind, named, offset, length = HEAD.unpack_from(raw, at)
        path = at + HEAD.size
        data, at = path + named, path + named + (length if kind == b"w" else 0)
        name = os.path.basename(raw[path:data].decode())  # noqa: PTH119  text of the record
        if not name.endswith("-shm"):
            yield Event(kind.decode(), name, offset, raw[data:at])


@dataclass
class Disk:
    """What is safely there, and what was asked for since each file's last sync."""

    safe: dict[str, bytearray]
    asked: dict[str, list[Event]] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """One call more."""
        waiting = self.asked.setdefault(event.name, [])
        if event.kind != "s":
            waiting.append(event)
            return
        image = self.safe.setdefault(event.name, bytearray())
        for one in waiting:
            apply(image, one)
        waiting.clear()

    def cut(self, chance: random.Random, kept: float) -> dict[str, bytes]:
        """The files after a power cut now; `kept`: how much of the unsynced chance leaves, 0 to 1."""
        found = {}
        for name in self.safe.keys() | self.asked.keys():
            image = bytearray(self.safe.get(name, b""))
            for one in self.asked.get(name, []):
                for part in sectors(one):
                    if chance.random() < kept:
                        apply(image, part)
            found[name] = bytes(image)
        return found


def apply(image: bytearray, event: Event) -> None:
    """Carry out a write or a truncation."""
    if event.kind == "t":
        del image[event.offset :]
        image.extend(bytes(event.offset - len(image)))
        return
    image.extend(bytes(max(0, event.offset - len(image))))
    image[event.offset : event.offset + len(event.data)] = event.data


def sectors(event: Event) -> Iterator[Event]:
    """A write as the disk does it: each sector by itself."""
    if event.kind == "t":
        yield event
        return
    at, end = event.offset, event.offset + len(event.data)
    while at < end:
        following = min(end, (at // SECTOR + 1) * SECTOR)
        piece = event.data[at - event.offset : following - event.offset]
        yield Event("w", event.name, at, piece)
        at = following


@dataclass
class Outcome:
    """What came of all cuts of one recording."""

    cuts: int = 0
    promises: int = 0
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def cut_everywhere(
    recording: Recording, folder: Path, *, cuts: int, seed: int, kept: Sequence[float] = (0, 0.5)
) -> Outcome:
    """`cuts` cuts, a third of them right after an acknowledgement; each with every `kept`."""
    chance = random.Random(seed)
    promises = recording.promises()
    right_after = [at for at, _ in chance.sample(promises, min(len(promises), cuts // 3))]
    anywhere = range(promises[0][0], len(recording.events))
    times = {*right_after, *chance.sample(anywhere, min(len(anywhere), cuts - len(right_after)))}
    disk = Disk({name: bytearray(data) for name, data in recording.before.items()})
    outcome = Outcome()
    for at, event in enumerate(recording.events):
        disk.take(event)
        if at not in times:
            continue
        made = [words for told_at, words in promises if told_at <= at]
        for part in kept:
            outcome.cuts += 1
            outcome.promises += len(made)
            look(disk.cut(chance, part), folder, made, f"cut at {at}, {part:g} kept", outcome)
    return outcome


def look(
    files: dict[str, bytes], folder: Path, promises: list[list[str]], when: str, outcome: Outcome
) -> None:
    """Start on these files: is the database whole, and is every promise kept?"""
    home = folder / "after"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    for name in (DATABASE, LOG):
        (home / name).write_bytes(files.get(name, b""))
    try:
        with closing(sqlite3.connect(home / DATABASE)) as connection:
            (whole,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if whole != "ok":
                outcome.broken.append(f"{when}: {whole}")
                return
            outcome.lost += [f"{when}: {text}" for text in unkept(connection, promises)]
    except sqlite3.DatabaseError as error:
        outcome.broken.append(f"{when}: {error}")


def unkept(connection: sqlite3.Connection, promises: list[list[str]]) -> list[str]:
    """The acknowledgements that the database knows nothing of."""
    held = {str(pk) for (pk,) in connection.execute("SELECT id FROM positions_position")}
    claimed = dict(connection.execute("SELECT id, attempt FROM positions_exit").fetchall())
    ended = connection.execute(
        "SELECT e.position_id, e.state FROM positions_exit e"
        " JOIN positions_fill f ON f.exit_id = e.id JOIN positions_journalentry j"
        " ON j.position_id = e.position_id AND j.kind = 'exit_done'"
    )
    sold = {(str(position), state) for position, state in ended}
    kept: dict[str, Callable[..., bool]] = {
        "held": lambda position: position in held,
        "sent": lambda exit_, attempt: claimed.get(int(exit_), 0) >= int(attempt),
        "sold": lambda position, state: (position, state) in sold,
    }
    return [" ".join(words) for words in promises if not kept[words[0]](*words[1:])]
