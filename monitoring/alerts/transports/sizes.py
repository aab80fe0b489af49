"""Discord's limits. Whatever exceeds one of them is answered with 400, and the alert is gone.

https://docs.discord.com/developers/resources/message: content 2000; embed title 256, description
4096, field name 256 and value 1024, footer 2048, 25 fields; 6000 in all embeds together. It is not
said in which unit, so UTF-16 units count here: never fewer than the characters.
"""

from __future__ import annotations

CONTENT, DESCRIPTION, FOOTER, TOTAL = 2000, 4096, 2048, 6000
ELLIPSIS = "…"


def units(text: str) -> int:
    """Length in UTF-16 code units: a character beyond U+FFFF counts twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def fitted(text: str, limit: int) -> str:
    """`text`, or its longest beginning that fits with an ellipsis; "" for a limit of 0."""
    if units(text) <= limit:
        return text
    room, kept = limit - units(ELLIPSIS), 0
    for character in text:
        room -= units(character)
        if room < 0:
            break
        kept += 1
    # No lone backslash before the ellipsis: it would take the next character with it.
    return text[:kept].rstrip().rstrip("\\") + ELLIPSIS if limit > 0 else ""
