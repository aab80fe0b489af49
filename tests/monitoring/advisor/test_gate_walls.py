"""There is one way to a provider, held by reading every line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GATE = "monitoring/advisor/gate.py"
PROVIDERS = "monitoring/advisor/providers/"
CODE = ("positions", "monitoring", "pmsite")


def trees(*folders: str) -> Iterator[tuple[str, ast.AST]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def calls(tree: ast.AST, method: str) -> bool:
    return any(
        isinstance(one, ast.Call)
        and isinstance(one.func, ast.Attribute)
        and one.func.attr == method
        for one in ast.walk(tree)
    )


def hands_on(tree: ast.AST, attribute: str) -> bool:
    """Whether something's attribute of this name is used at all, called or not."""
    return any(isinstance(one, ast.Attribute) and one.attr == attribute for one in ast.walk(tree))


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} | {f"{node.module}.{one.name}" for one in node.names}
    return found


def test_nothing_but_the_gate_asks_a_provider() -> None:
    users = {name for name, tree in trees(*CODE) if calls(tree, "complete")}
    users |= {name for name, tree in trees("monitoring/advisor") if hands_on(tree, "complete")}
    assert {name for name in users if not name.startswith(PROVIDERS)} == {GATE}


def test_nothing_outside_the_providers_imports_a_vendor() -> None:
    users = [
        name
        for name, tree in trees(*CODE)
        if any(one.split(".")[0] in {"anthropic", "openai", "httpx2"} for one in imported(tree))
        and not name.startswith(PROVIDERS)
    ]
    assert users == []


def test_money_of_a_day_moves_in_one_module_only() -> None:
    writers = []
    for name, tree in trees(*CODE):
        moved = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.keyword) and node.arg in {"reserved", "spent"}
        ]
        if moved and "AISpend" in (ROOT / name).read_text():
            writers.append(name)
    assert [name for name in writers if "/migrations/" not in name] == [
        "monitoring/advisor/budget.py"
    ]
