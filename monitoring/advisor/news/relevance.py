"""Whether a headline may concern a position: coarse, because a screener reads what passes, and
because a false hit costs a hundredth of a cent where a miss costs the news.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

WORD = re.compile(r"\w+")
ENOUGH = 2  # words of a question that a headline must share with it
STOP_WORDS = """
a about above after again against all am an and any are as at be been before being below
between both but by can could did do does doing down during each few for from had has have
having he her here hers him his how i if in into is it its more most no nor not of off on
once only or other our out over own per same she should so some such than that the their
them then there these they this those through to too under until up us very was we were what
when where which while who whom why will with would yes you your day week month year end
january february march april may june july august september october november december
least new next reach hit
"""
STOP = frozenset(STOP_WORDS.split())


def keywords_of(text: str) -> tuple[str, ...]:
    """The entries of a comma list, each once, as typed but for spaces."""
    entries = (" ".join(entry.replace('"', " ").split()) for entry in text.split(","))
    return tuple(dict.fromkeys(entry for entry in entries if WORD.search(entry)))


def concerns(title: str, keywords: Sequence[str], question: str) -> bool:
    """Whether a title carries one of the keywords: all of its words, whole, in any order, in any
    case, singular or plural. Without keywords, two of the question's telling words (its only one).
    """
    found = _words(title)
    if keywords:
        return any(_carries(title, found, keyword) for keyword in keywords)
    asked = (word for word in WORD.findall(_fold(question)) if word not in STOP)
    telling = {_singular(word) for word in asked if not word.isdecimal()}
    return bool(telling) and len(telling & found) >= min(ENOUGH, len(telling))


def _carries(title: str, found: set[str], keyword: str) -> bool:
    if _unspaced(keyword):
        return _fold(keyword) in _fold(title)
    return _words(keyword) <= found


def _words(text: str) -> set[str]:
    return {_singular(word) for word in WORD.findall(_fold(text))}


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _singular(word: str) -> str:
    """Without a plural's s, on both sides alike: "tariff" finds "tariffs". Only here, never in what
    tells headlines apart.
    """
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _unspaced(text: str) -> bool:
    """Chinese, Japanese and Thai put no spaces between words."""
    return any(unicodedata.east_asian_width(c) in "WF" or "\u0e00" <= c <= "\u0e7f" for c in text)
