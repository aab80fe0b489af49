"""Headlines that speak to a reader's machine instead of telling news. Pure.

Patterns are easily gone round: they only add to what the model suspects, and are all that the rules
have. What holds is the rest: no tools, fixed forms, ids checked, at worst an early sale.
"""

from __future__ import annotations

import re

_SPEECH = re.compile(
    r"""
    \b(ignore|disregard|forget|override)\b.{0,40}\b(previous|prior|above|earlier|all|your|these)\b
        .{0,30}\b(instruction|prompt|rule|direction|guideline|message|headline)s?
    | (^|[\s"'\]\[({|#*.])(system|assistant|developer|operator)\s*(prompt|message|note|override)?\s*[:>\]]
    | \b(you\s+are\s+now|you\s+must\s+(now|answer|report|output|reply|mark|flag|cite)|act\s+as\s+an?)\b
    | \b(as\s+an?\s+(ai|language\s+model)|(dear|attention|hey|note\s+to)\s+(ai|llm|model|claude|gpt|
        assistant|screener|bot)s?)\b
    | \b(suspected_injection_ids|headline_ids|system\s+prompt|output_config|tool_use)\b
    | "?(urgency|direction|verdict|confidence|decision)"?\s*[:=]\s*"?(critical|high|medium|low|against|
        for|none|sell|hold|reduce|[01]\.)
    | </?\s*(headlines|position|thesis|system|instructions?)\b
    | \[/?(inst|system)\] | <\|
    | \b(report|return|output|respond|reply|answer)\b.{0,30}\b(no\s+alerts?|empty|json|critical|sell
        \s+now)\b
    | \b(mark|flag|classify|treat)\b.{0,40}\b(as\s+)?(critical|irrelevant|urgent|against|harmless)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def suspicious(title: str) -> bool:
    """Whether the title looks like an instruction to whoever reads it by machine."""
    return _SPEECH.search(title[:2000]) is not None
