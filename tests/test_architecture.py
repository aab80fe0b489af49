"""The house's walls, held by reading every import and every line."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = ("pmsite", "positions", "monitoring", "tests")
LONGEST = 400
# Start-up must not pay for it: 1.5 s and 50 MB.
LATE = {"anthropic"}
ADVISOR = "monitoring.advisor"


def tracked() -> list[Path]:
    """Files under version control that still exist."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    """Absolute names of the modules a file imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or ""


def modules(tree: ast.AST) -> Iterator[str]:
    """As `imports`, with what `from a import b` may load as the module `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names))


def at_import(node: ast.AST) -> Iterator[str]:
    """Names that are imported as the file itself is: not in functions, nor for the type checker."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from imports(node)
    inside = ast.iter_child_nodes(node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        inside = iter(node.orelse)
    for child in inside:
        yield from at_import(child)


def foreign(folder: str, allowed: tuple[str, ...]) -> list[str]:
    """Imports under `folder` that are neither of the standard library nor under `allowed`."""
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(folder)
        for name in imports(ast.parse(path.read_text()))
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == root or name.startswith(f"{root}.") for root in allowed)
    ]


def test_domain_imports_the_standard_library_and_itself() -> None:
    assert foreign("positions/domain", ("positions.domain",)) == []


def test_domain_asks_neither_the_clock_nor_chance() -> None:
    banned = {"time", "random", "secrets", "uuid", "os", "socket", "logging", "sqlite3"}
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources("positions/domain")
        for name in imports(ast.parse(path.read_text()))
        if name.split(".")[0] in banned
    ]
    assert found == []


def test_domain_calls_no_now() -> None:
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("positions/domain")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
    ]
    assert calls == []


def test_positions_never_imports_monitoring() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources("positions")
        for name in imports(ast.parse(path.read_text()))
        if name.split(".")[0] == "monitoring"
    ]
    assert found == []


@pytest.mark.parametrize(
    "room", ["monitoring/engine", "monitoring/questions", "positions", "pmsite"]
)
def test_nothing_that_guards_money_knows_the_ai_stage(room: str) -> None:
    """A provider that hangs can then keep no stop, no sale and no start from its time."""
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(room)
        for name in modules(ast.parse(path.read_text()))
        if name == ADVISOR or name.startswith(f"{ADVISOR}.")
    ]
    assert found == []


def test_a_wall_sees_an_import_however_it_is_written() -> None:
    hidden = "def f():\n    from monitoring import advisor\n    import monitoring.advisor.gate as g"
    assert list(modules(ast.parse(hidden))) == [
        "monitoring",
        "monitoring.advisor",
        "monitoring.advisor.gate",
    ]


def test_heavy_packages_are_imported_inside_functions() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources("pmsite", "positions", "monitoring")
        for name in at_import(ast.parse(path.read_text()))
        if name.split(".")[0] in LATE
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import anthropic", ["anthropic"]),
        ("try:\n    import anthropic\nexcept ImportError: pass", ["anthropic"]),
        ("class A:\n    from anthropic import b", ["anthropic"]),
        ("def f():\n    import anthropic", []),
        ("class A:\n    def f(self):\n        import anthropic", []),
        ("if TYPE_CHECKING:\n    import anthropic", []),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import anthropic", ["anthropic"]),
    ],
)
def test_import_that_start_up_pays_for_is_told_from_one_that_waits(
    source: str, found: list[str]
) -> None:
    assert list(at_import(ast.parse(source))) == found


def test_no_file_is_longer_than_the_house_allows() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in sources(*CODE)
        if "migrations" not in path.parts
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_nothing_tracked_names_a_machine_or_an_index() -> None:
    # With brackets, so that this file does not name them either.
    banned = re.compile(r"/wor[k]/|/roo[t]/|\.librar[y]|index-ur[l]|files\.pythonhoste[d]")
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if not path.name.endswith((".min.js", ".svg")) and banned.search(text):
            found.append(str(path.relative_to(ROOT)))
    assert found == []


def test_locks_name_no_address_and_hash_every_package() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text()
        pins = re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n +--hash=sha256:", text, re.MULTILINE)
        names = re.findall(r"^[a-z0-9][^\n]*==", text, re.MULTILINE)
        assert ("://" in text, len(pins)) == (False, len(names))
