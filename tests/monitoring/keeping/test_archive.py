"""Files that are no backup, or no longer one: each is refused by one line, before anything is done."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from monitoring.keeping.archive import MOST_TEXT, ArchiveError, check_sizes, unpack

DATABASE, KEY = b"pages", b"a key\n"


def manifest(**changed: Any) -> dict[str, Any]:
    sums = {"db.sqlite3": DATABASE, "secret_key": KEY}
    return {
        "product": "position-manager",
        "format": 1,
        "version": "0.2.0",
        "made_at": "2026-11-22T10:00:00Z",
        "files": {name: {"sha256": hashlib.sha256(one).hexdigest()} for name, one in sums.items()},
    } | changed


def packed(folder: Path, told: object, *, database: bytes = DATABASE, key: bytes = KEY) -> Path:
    file = folder / "backup.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(told))
        archive.writestr("db.sqlite3", database)
        archive.writestr("secret_key", key)
    return file


def refused(file: Path, folder: Path) -> str:
    with pytest.raises(ArchiveError) as caught:
        unpack(file, folder)
    return str(caught.value)


def test_whole_archive_is_unpacked(tmp_path: Path) -> None:
    assert unpack(packed(tmp_path, manifest()), tmp_path) == manifest()
    assert (tmp_path / "secret_key").read_bytes() == KEY


@pytest.mark.parametrize(
    "told",
    [
        [1],
        "text",
        manifest(product="another"),
        manifest(format="1"),
        manifest(format=2),
        manifest(version=None),
        manifest(made_at="yesterday"),
        manifest(made_at="2026-13-41T00:00:00Z"),
        manifest(made_at=5),
        manifest(files={}),
        manifest(files={"db.sqlite3": {}, "secret_key": {}}),
        {name: one for name, one in manifest().items() if name != "version"},
    ],
)
def test_manifest_that_lacks_something_is_refused(tmp_path: Path, told: object) -> None:
    assert "is no whole backup" in refused(packed(tmp_path, told), tmp_path)
    assert not (tmp_path / "db.sqlite3").exists()


@pytest.mark.parametrize("key", [b"", b"\n", b"\xff\xfe\x00", "schlüssel".encode()])
def test_key_that_nothing_would_start_with_is_refused(tmp_path: Path, key: bytes) -> None:
    told = manifest()
    told["files"]["secret_key"]["sha256"] = hashlib.sha256(key).hexdigest()
    assert "its secret key is none" in refused(packed(tmp_path, told, key=key), tmp_path)


def test_small_file_that_unpacks_to_much_is_refused_unread(tmp_path: Path) -> None:
    file = packed(tmp_path, manifest(), key=bytes(MOST_TEXT + 1))
    assert "larger than any of ours" in refused(file, tmp_path)


def test_database_larger_than_the_room_is_refused_unread(tmp_path: Path) -> None:
    file = packed(tmp_path, manifest(), database=bytes(5_000_000))  # 5 kB packed
    with zipfile.ZipFile(file) as archive, pytest.raises(ArchiveError) as caught:
        check_sizes(archive, free=4_999_999)
    assert str(caught.value) == "its database has 5000000 bytes, 4999999 are free"


def test_encrypted_archive_is_refused(tmp_path: Path) -> None:
    file = packed(tmp_path, manifest())
    whole = bytearray(file.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = whole.find(mark)
        while place >= 0:
            whole[place + flags] |= 1
            place = whole.find(mark, place + 4)
    file.write_bytes(whole)
    assert "is no whole backup" in refused(file, tmp_path)
