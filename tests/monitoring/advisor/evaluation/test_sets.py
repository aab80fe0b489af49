"""The labelled set keeps its promises, and a broken one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitoring.advisor.evaluation.sets import SetError, groups, hostile, pairs

ROWS = pairs()


def test_own_set_is_as_large_and_as_mixed_as_promised() -> None:
    sides = [pair.side for pair in ROWS]
    assert len(ROWS) >= 200
    assert len({pair.question for pair in ROWS}) >= 20
    assert abs(sides.count("NO") - sides.count("YES")) <= len(ROWS) // 20
    assert [pair.label for pair in ROWS].count("irrelevant") >= len(ROWS) / 5
    assert len(set(ROWS)) == len(ROWS)


def test_questions_of_the_two_halves_are_not_the_same() -> None:
    halves = {
        name: {pair.question for pair in ROWS if pair.split == name} for name in ("dev", "held")
    }
    assert halves["dev"] & halves["held"] == set()
    assert min(map(len, halves.values())) >= 10


def test_second_label_of_the_sample() -> None:
    sample = [pair for pair in ROWS if pair.second]
    assert len(sample) == 40
    assert sum(pair.label == pair.second for pair in sample) == 40


def test_there_are_fifteen_injections_of_several_kinds() -> None:
    attacks = hostile()
    assert len(attacks) >= 15
    assert len({one.attack for one in attacks}) >= 8
    assert {one.wants for one in attacks} == {"against", "silence"}
    assert all(one.beside for one in attacks if one.wants == "silence")


def test_group_is_one_side_of_one_question_and_fits_a_call() -> None:
    found = groups(ROWS)
    assert sum(map(len, found)) == len(ROWS)
    assert max(map(len, found)) <= 15
    assert all(len({(pair.question, pair.side) for pair in group}) == 1 for group in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1"),
        ('\n{"q": "Will it?", "side": "YES", "h": "It will", "y": "maybe"}', "line 2"),
        ("[]", "not an object"),
    ],
)
def test_broken_set_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(text)
    with pytest.raises(SetError, match=said):
        pairs(path)


def test_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetError, match=r"none\.jsonl"):
        pairs(tmp_path / "none.jsonl")
