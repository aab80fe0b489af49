"""What a decision cites, as `Decision.evidence` keeps it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Whoever has a position writes there, and anyone else too.
UNTRUSTED = frozenset({"social", "adversarial"})
Evidence = Sequence[Mapping[str, Any]]


def headlines(evidence: object) -> list[Mapping[str, Any]]:
    """The cited headlines; a hand in the database may have left anything there."""
    items = evidence if isinstance(evidence, list | tuple) else ()
    return [one for one in items if isinstance(one, Mapping) and one.get("kind") == "headline"]


def sources(evidence: object) -> int:
    """How many have written of it; two headlines of one publisher are one source."""
    names = (
        one.get("domain") or one.get("publisher") or one.get("id") for one in headlines(evidence)
    )
    return len({_site(str(name)) for name in names})


def publishers(evidence: object) -> set[str]:
    """Domains of the cited headlines that publishers answer for; one without a domain is none."""
    trusted = (one for one in headlines(evidence) if one.get("trust") not in UNTRUSTED)
    return {domain for one in trusted if (domain := _site(str(one.get("domain") or "")))}


def _site(domain: str) -> str:
    """`www.` and letter case make no second publisher."""
    return domain.strip().lower().rstrip(".").removeprefix("www.")
