from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from monitoring.alerts.transports.base import Message
from monitoring.alerts.transports.discord import build
from monitoring.alerts.transports.sizes import fitted, units
from tests.fakes.discord import problem_of

URL = "https://discord.com/api/webhooks/1/token"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# Letters, what Markdown reads, what escaping doubles, and what counts twice.
TEXT = st.text(st.sampled_from("ab \n*_[]<@>\\#-😀|`~…"), max_size=6000) | st.text(max_size=6000)


@given(TEXT, st.integers(min_value=0, max_value=6000))
def test_fitted_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    found = fitted(text, limit)
    assert units(found) <= limit
    assert found == text or text.startswith(found.removesuffix("…"))


def test_fitted_leaves_what_fits() -> None:
    assert fitted("😀" * 10, 20) == "😀" * 10


def test_fitted_cuts_between_characters() -> None:
    assert fitted("😀" * 11, 20) == "😀" * 9 + "…"


@given(title=TEXT, body=TEXT, role=st.sampled_from(["", "123456789012345678"]))
@example(title="\\" * 3000, body="*" * 9000, role="1" * 30)
@example(title="😀" * 2000, body="😀" * 5000, role="1")
def test_message_is_within_every_limit_of_discord(title: str, body: str, role: str) -> None:
    message = Message(2**63, f"PAPER{title}", body, f"http://h/{'p' * 480}", "critical", NOON)
    payload = build(URL, message, role).json
    embed = payload["embeds"][0]
    text = embed["description"] + embed["footer"]["text"]
    assert problem_of(payload) == ""
    assert units(payload["content"]) <= 2000
    assert (units(embed["description"]) <= 4096, units(text) <= 6000) == (True, True)
