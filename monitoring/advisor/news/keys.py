"""When two headlines are one: the same words in the same order, nothing less.

No stemming and no fuzzy ratio: rapidfuzz calls "he will resign" and "he will not resign" 100 %
alike, and the reversal is the one headline that must not be lost.
"""

from __future__ import annotations

import hashlib
import unicodedata

# What editors put around a headline. Neither "?" ("Powell resigns?" asserts nothing) nor signs and
# "%", which belong to a number.
EDGES = " .,;:!…·|\"'`´«»‹›“”„‟‘’‚‛()[]{}"


def normalise(title: str) -> str:
    """The words of a title: NFKC, casefolded, single spaces, no punctuation at the ends."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
    return " ".join(folded.split()).strip(EDGES)


def key(title: str, *, demo: bool = False) -> str:
    """sha256 of the normalised title, in hex; recorded headlines of the demo have keys of their own."""
    return hashlib.sha256((("demo\n" if demo else "") + normalise(title)).encode()).hexdigest()


def without_publisher(title: str, publisher: str) -> str:
    """Google News ends each title with " - Publisher": taken off where it is just that name."""
    ending = f" - {publisher}"
    if publisher and title.casefold().endswith(ending.casefold()):
        return title[: -len(ending)].rstrip()
    return title
