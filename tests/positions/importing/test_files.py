"""Files: where a row stands, and what makes a whole file unreadable."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from positions.importing.files import LARGEST, FileError, Row, read_rows

HEADER = "market,entry_price,shares"


def rows(tmp_path: Path, content: str | bytes) -> list[Row]:
    path = tmp_path / "positions"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_rows(path)


def refusal(tmp_path: Path, content: str | bytes) -> str:
    with pytest.raises(FileError) as caught:
        rows(tmp_path, content)
    return str(caught.value)


def test_csv_columns_come_in_any_order_with_their_lines(tmp_path: Path) -> None:
    found = rows(tmp_path, "shares,market,entry_price\n\n5,sim:a,0.1\n ,,\n6, sim:b ,0.2\n")
    assert found == [
        Row(3, {"shares": "5", "market": "sim:a", "entry_price": "0.1"}),
        Row(5, {"shares": "6", "market": "sim:b", "entry_price": "0.2"}),
    ]


def test_csv_cells_may_hold_line_breaks_and_commas(tmp_path: Path) -> None:
    found = rows(tmp_path, f'{HEADER},thesis\nsim:a,0.1,5,"one,\ntwo\u2028three"\nsim:b,0.1,5,x\n')
    assert [(row.line, row.values["thesis"]) for row in found] == [
        (2, "one,\ntwo\u2028three"),
        (4, "x"),
    ]


def test_csv_with_a_byte_order_mark_and_windows_lines_is_read(tmp_path: Path) -> None:
    found = rows(tmp_path, b"\xef\xbb\xbf" + f"{HEADER}\r\nsim:a,0.1,5\r\n".encode())
    assert [row.values["market"] for row in found] == ["sim:a"]


def test_csv_row_of_another_length_is_a_bad_row(tmp_path: Path) -> None:
    found = rows(tmp_path, f"{HEADER}\nsim:a,0,45,5\n")
    assert found == [Row(2, {}, {"row": "has 4 cells, the header has 3"})]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no positions"),
        (HEADER, "no positions"),
        (HEADER.replace(",", ";") + "\nsim:a;0.1;5", "separated by commas"),
        (HEADER.replace(",", "\t") + "\nsim:a\t0.1\t5", "separated by commas"),
        (f"{HEADER},colour\nsim:a,0.1,5,red", "unknown column: colour"),
        ("market,shares\nsim:a,5", "column missing: entry_price"),
        (f"{HEADER},shares\nsim:a,0.1,5,6", "given twice: shares"),
        (f'{HEADER}\n"sim:a,0.1,5', "line 2: no CSV"),
        ("\ufeff".encode("utf-16"), "UTF-16"),
        (f"{HEADER}\nsim:\xff,0.1,5".encode("latin-1"), "line 2 is not UTF-8"),
        ("[1,", "line 1: no JSON"),
        ('{"market": "sim:a"}', "must be a list"),
        ('[{"market": "a", "market": "b"}]', "market: is given twice"),
        ("[" * 200_000, "no JSON that could be meant"),
        (b"x" * (LARGEST + 1), "larger than 20 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    assert reason in refusal(tmp_path, content)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read: No such file"):
        read_rows(tmp_path / "none.csv")


def test_json_numbers_are_exact_and_items_numbered(tmp_path: Path) -> None:
    found = rows(tmp_path, '[{"entry_price": 0.1, "shares": 5}, "x"]')
    assert found == [
        Row(1, {"entry_price": Decimal("0.1"), "shares": Decimal(5)}, item=1),
        Row(1, {}, {"row": "must be an object"}, item=2),
    ]


def test_json_items_have_the_lines_on_which_they_begin(tmp_path: Path) -> None:
    found = rows(
        tmp_path,
        '\n[\r\n  {"thesis": "a,\\n]",\n   "shares": 1e3},\n\n  7, {}\n,\n{"shares": 1}]\n',
    )
    assert [(row.line, row.item) for row in found] == [(3, 1), (6, 2), (6, 3), (8, 4)]


def test_json_key_that_cannot_be_stored_is_told_in_storable_words(tmp_path: Path) -> None:
    assert refusal(tmp_path, '[{"\\ud800": 1, "\\ud800": 2}]') == "?: is given twice"
