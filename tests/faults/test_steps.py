"""Each step of a pass, killed once on each database; then it runs again and the books agree."""

from __future__ import annotations

from tests.faults.ground import Ground
from tests.faults.steps import TROUBLES, Row, killed_at_every_step

QUIET_STEPS = {
    "before the lease",
    "inside the taking of the lease",
    "lease taken",
    "prices asked for",
    "prices read",
    "judged, not committed",
    "committed, inside the claim",
    "claimed, not sent",
    "sold, answer not taken",
    "answered, not booked",
    "inside the booking",
    "booked, before the next claim",
    "all booked, ending",
}
LOST_STEPS = {"answer lost", "venue asked, answer not taken"}


def wrong(rows: dict[str, Row]) -> list[str]:
    return [f"{step}: {text}" for step, row in rows.items() for text in row.wrong]


def test_pass_killed_at_every_step_sells_once_though_an_answer_is_lost(ground: Ground) -> None:
    rows = killed_at_every_step(ground, TROUBLES["answer lost"])
    assert rows.keys() == QUIET_STEPS | LOST_STEPS
    assert wrong(rows) == []
    kept = (ground.home / "exchange.jsonl").read_text().splitlines()
    assert len(kept) == len(ground.exchange.executed())


def test_pass_killed_at_every_step_books_a_paper_sale_once(paper_ground: Ground) -> None:
    rows = killed_at_every_step(paper_ground, TROUBLES["answers arrive"])
    assert rows.keys() == QUIET_STEPS
    assert wrong(rows) == []
