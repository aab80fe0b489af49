"""Files of positions into the book: all or nothing, and the same file twice changes nothing."""

from __future__ import annotations

from positions.importing.book import ImportRefusedError, Problem, Result, import_file, place
from positions.importing.entry import Entry, EntryError, parse_entry
from positions.importing.files import FileError

__all__ = [
    "Entry",
    "EntryError",
    "FileError",
    "ImportRefusedError",
    "Problem",
    "Result",
    "import_file",
    "parse_entry",
    "place",
]
