"""Static files: vendored ones unchanged, modules that survive hashing, tokens legible to all."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

ROOT = Path(__file__).resolve().parent.parent.parent
STATIC = ROOT / "static"
MODULES = sorted((STATIC / "js").glob("*.js"))
IMPORT = re.compile(r"^(?:import|export) .*from .*$", re.MULTILINE)
THEMES = {"light": r"\[data-theme=light\]\{(.*?)\}", "dark": r"\[data-theme=dark\]\{(.*?)\}"}


@pytest.mark.parametrize("folder", [STATIC / "vendor", ROOT / "tests" / "browser" / "vendor"])
def test_vendored_files_are_those_that_were_fetched(folder: Path) -> None:
    lines = (line.split("  ", 1) for line in (folder / "SHA256SUMS").read_text().splitlines())
    listed = {name: digest for digest, name in lines}
    own = {"SHA256SUMS", "README.md"}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name not in own
    }
    assert found == listed


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_every_import_ends_with_a_semicolon(path: Path) -> None:
    # Without it Django leaves the address alone: the module is loaded twice, with two states.
    assert [line for line in IMPORT.findall(path.read_text()) if not line.endswith("';")] == []


def test_collected_modules_import_each_other_by_hashed_names(tmp_path: Path) -> None:
    storages = settings.STORAGES | {"staticfiles": {"BACKEND": "pmsite.storage.StaticStorage"}}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    (app,) = (tmp_path / "js").glob("app.????????????.js")
    sources = [line.split("from ")[1] for line in IMPORT.findall(app.read_text())]
    assert len(sources) == len(IMPORT.findall((STATIC / "js" / "app.js").read_text())) > 1
    assert [source for source in sources if not re.search(r"\.[0-9a-f]{12}\.js", source)] == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    """Namespaces of SVG are names, not addresses."""
    texts = [path.read_text() for kind in ("*.js", "*.css") for path in STATIC.rglob(kind)]
    texts += [path.read_text() for path in (ROOT / "templates").rglob("*.html")]
    found = {url for text in texts for url in re.findall(r"https?://[^\s\"'`)]+", text)}
    assert found == {"http://www.w3.org/2000/svg"}


def test_templates_have_neither_inline_style_nor_script() -> None:
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", re.IGNORECASE)
    found = {
        path.name: inline.findall(path.read_text())
        for path in (ROOT / "templates").rglob("*.html")
        if "admin" not in path.parts
    }
    assert {name for name, hits in found.items() if hits} == set()


def tokens(theme: str) -> dict[str, str]:
    """Colours of a theme by name."""
    text = (STATIC / "css" / "tokens.css").read_text()
    block = re.search(THEMES[theme], text, re.DOTALL)
    assert block is not None
    return dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})", block[1]))


def luminance(colour: str) -> float:
    """WCAG 2 relative luminance of #rgb or #rrggbb."""
    digits = colour.lstrip("#")
    pairs = [c * 2 for c in digits] if len(digits) == 3 else re.findall("..", digits)
    parts = [int(pair, 16) / 255 for pair in pairs]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT_ON = [
    ("text", "surface"),
    ("muted", "surface"),
    ("faint", "surface"),
    ("muted", "bg"),
    ("faint", "bg"),
    ("muted", "hover"),
    ("gain", "surface"),
    ("loss", "surface"),
    ("gain", "hover"),
    ("loss", "hover"),
    ("gain", "gain-soft"),
    ("crit", "crit-bg"),
    ("warn", "warn-bg"),
    ("muted", "warn-bg"),
    ("muted", "crit-bg"),
    ("muted", "sunk"),
    ("on-ink", "ink"),
]


@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_is_legible_on_its_ground(theme: str, text: str, ground: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize("name", ["ctl", "gain", "loss", "marker", "muted", "focus", "ok"])
def test_shapes_stand_out_from_the_card(theme: str, name: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[name], colours["surface"]) >= 3
