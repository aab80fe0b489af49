"""A day of the AI stage, in the product's own prompts and prices, for `tests.benchmarks.ai_cost`.

Positions and headlines are of plausible length. Tokens cannot be counted here, where no key is and
nobody is asked: they are estimated, by bytes for what is sent, by published experience for what
comes back. What the gate reserves is no estimate: no call can cost more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitoring.advisor import prices
from monitoring.advisor.budget import dollars
from monitoring.advisor.deciding import prompt as decide_prompt
from monitoring.advisor.deciding.view import Facts, News, view
from monitoring.advisor.port import Request, Usage
from monitoring.advisor.schemas import Decision
from monitoring.advisor.screening.asking import request_of
from monitoring.advisor.screening.prompt import Held, Item

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NONCE = "0123456789abcdef"
SCREEN, DECIDE = "claude-haiku-5-5", "claude-sonnet-5-5"
# Four bytes of English a token, less the 30 % by which today's tokenisers cut finer.
BYTES_A_TOKEN = 3.1
# Tokens of an answer, thinking included; the longest are the requests' own limits.
SAID = {"screen": 250, "decide": 1200}
POSITIONS, SCREENS, DECISIONS = 20, 10, 2

QUESTION = "Will the Federal Reserve cut its policy rate by 50 bps or more before the end of 2026?"
TITLE = "Fed officials split over the size of a December cut as inflation data surprises again"
SENTENCE = "The committee has signalled in three speeches that it will not move before the summer. "


@dataclass(frozen=True, slots=True)
class Case:
    """How much there is to say: headlines of a screen and of a decision, characters of the thesis
    and of the resolution criteria.
    """

    name: str
    screened: int
    shown: int
    thesis: int
    criteria: int


CASES = (
    Case("usual", 3, 6, 600, 600),
    Case("full", 15, 15, 4000, 3000),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one call, in µ$; `most` is what the gate reserves."""

    sent: int
    tokens: int
    said: int
    expected: int
    most: int


def screen(case: Case) -> Request:
    """A screen as the product would send it."""
    items = [
        Item(f"h{n}", TITLE, "Example Financial News", "news.example.com", NOON, NOON)
        for n in range(case.screened)
    ]
    held = Held(QUESTION, "No", NOON + timedelta(days=30), _text(case.thesis), 3)
    return request_of(held, items, nonce=NONCE, purpose="screen")[0]


def decision(case: Case) -> Request:
    """A decision as the product would send it."""
    seen = view(_facts(case))
    user = decide_prompt.user_text(seen, NONCE)
    return Request("decide", decide_prompt.SYSTEM, user, Decision, decide_prompt.MAX_TOKENS, 30.0)


def cost(model: str, request: Request) -> Cost:
    """Of one such call."""
    size, said = len(prices.sent(request)), SAID[request.purpose]
    tokens = round(size / BYTES_A_TOKEN)
    expected = prices.cost(model, model, Usage(input=tokens, output=said))
    assert expected is not None, "a model of the table"
    return Cost(size, tokens, said, expected, prices.bound(model, request))


def day(case: Case) -> int:
    """µ$ of the day that the issue asks for, as expected."""
    screened, decided = cost(SCREEN, screen(case)), cost(DECIDE, decision(case))
    return POSITIONS * (SCREENS * screened.expected + DECISIONS * decided.expected)


def table() -> list[str]:
    """The lines of docs/benchmarks.md."""
    lines = [
        "| a call | bytes sent | tokens in | out | expected | reserved |",
        "|---|---|---|---|---|---|",
    ]
    for case in CASES:
        for name, model, asked in (
            ("screen", SCREEN, screen(case)),
            ("decision", DECIDE, decision(case)),
        ):
            found = cost(model, asked)
            lines.append(
                f"| {name}, {case.name} ({model}) | {found.sent:,} | {found.tokens:,} |"
                f" {found.said:,} | {_precise(found.expected)} | {_precise(found.most)} |"
            )
    lines += ["", "| a day | usual | full |", "|---|---|---|"]
    for positions, screens, decisions in ((1, 10, 1), (POSITIONS, SCREENS, DECISIONS), (20, 96, 2)):
        sums = [dollars(_sum(case, positions, screens, decisions)) for case in CASES]
        words = f"positions: {positions}; screens, decisions of each: {screens}, {decisions}"
        lines.append(f"| {words} | {' | '.join(sums)} |")
    return lines


def _sum(case: Case, positions: int, screens: int, decisions: int) -> int:
    screened, decided = cost(SCREEN, screen(case)), cost(DECIDE, decision(case))
    return positions * (screens * screened.expected + decisions * decided.expected)


def _precise(micro: int) -> str:
    return f"${Decimal(micro) / 1_000_000:.4f}"


def _text(length: int) -> str:
    return (SENTENCE * (length // len(SENTENCE) + 1))[:length]


def _facts(case: Case) -> Facts:
    half = Decimal("0.5125")
    return Facts(
        now=NOON,
        question=QUESTION,
        outcome="No",
        venue="polymarket",
        currency="USDC",
        payout=Decimal(1),
        criteria=_text(case.criteria),
        ends_at=NOON + timedelta(days=30),
        opened_at=NOON - timedelta(days=9),
        entry=half,
        bid=half,
        problem="",
        told_at=NOON,
        pnl_pct=Decimal("-8.1"),
        book_pct=Decimal("5.0"),
        thesis=_text(case.thesis),
        thesis_version=3,
        probability=Decimal("0.62"),
        rule="soft_stop",
        urgency="high",
        reason="the bid 0.5125 stands below the soft stop 0.52 (8 % below the entry)",
        asked_at=NOON,
        asked_bid=half,
        level=half,
        news=_news(case.shown),
        last={"decision": "HOLD", "confidence": "0.61", "at": "2026-11-21T09:00:00Z"},
    )


def _news(count: int) -> Sequence[News]:
    return [
        News(
            pk=n,
            key="0" * 64,
            title=TITLE,
            publisher="Example Financial News",
            domain="news.example.com",
            url="https://news.example.com/a",
            at=NOON - timedelta(hours=n),
            trust="press",
        )
        for n in range(count)
    ]
