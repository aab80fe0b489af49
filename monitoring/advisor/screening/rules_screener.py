"""Rules (no AI): reads a headline for or against a side by words alone. Pure, standard library.

Denials come first: "won't", "rejects", "postpones" say more than any event word. A flipper before
a setback undoes it ("dismisses challenge"), a negation turns round what follows, a question that
asks for a failure ("Will X fail to …") turns round everything, and last the side held does.
What needs inference ("survives confidence vote" of a resignation) it does not see: measured in
docs/benchmarks.md. It never says more than `medium` and never sells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitoring.advisor.screening import lexicon as lex

VERSION = "rules-1"
_WORD = re.compile(r"\w[\w']*")
_INVERTED = re.compile(r"\b(not|fail(?:s)? to|n't)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """`direction`: against, for or none, of the side held; `urgency` "" with none; `words`: why."""

    direction: str
    urgency: str = ""
    words: tuple[str, ...] = ()


NOTHING = Finding("none")


@dataclass(frozen=True, slots=True)
class _Question:
    """A question taken apart. `level` +1 asks for more of something, -1 for less, 0 neither;
    `against`: words for the opposite of its event; `obstructs`: the event is itself a setback.
    """

    names: frozenset[str]
    content: frozenset[str]
    events: frozenset[str]
    against: frozenset[str]
    bad: bool
    obstructs: bool
    level: int
    inverted: bool
    status_quo: bool


@dataclass(frozen=True, slots=True)
class _Sign:
    """What a clause says of the event: +1 likelier, -1 less likely; `strong` by its words."""

    value: int
    strong: bool
    event: bool
    named: bool
    words: tuple[str, ...]


def look(question: str, side: str, title: str) -> Finding:
    """What the words of `title` mean for a holder of `side`: yes, no, the name of an outcome, or ""
    for an instrument that is held because it shall rise.
    """
    asked = _take_apart(_in_words(question, side))
    if lex.EXPLAINER.search(title) or not _concerns(asked, title):
        return NOTHING
    sign = _sign(asked, title)
    if sign is None or not (sign.strong or _on_topic(asked, title)):
        return NOTHING
    value = sign.value * (-1 if asked.inverted else 1) * (-1 if side.lower() == "no" else 1)
    return Finding(
        "against" if value < 0 else "for",
        "medium" if sign.strong else "low",
        _as_written(title, sign.words),
    )


def _in_words(question: str, side: str) -> str:
    """The question that the held side answers with yes, or for "no" with no."""
    if side.lower() in ("yes", "no"):
        return question
    if not side:
        return f"Will {question} rise?"
    return f"Will {side} win {question.removeprefix('Will ')}"


def _as_written(title: str, stems: tuple[str, ...]) -> tuple[str, ...]:
    words = (word for word in _WORD.findall(_plain(title)) if lex.stem(word) in stems)
    return tuple(dict.fromkeys(word.replace("_", " ") for word in words))


def _plain(text: str) -> str:
    text = text.lower().replace("\u2019", "'")
    for pattern, word in lex.PHRASE_PATTERNS:
        text = pattern.sub(f" {word} ", text)
    return text


def _words(text: str) -> list[str]:
    return [lex.stem(word) for word in _WORD.findall(_plain(text))]


def _take_apart(question: str) -> _Question:
    raw = _WORD.findall(question)[1:]
    capital = {lex.stem(word) for word in raw if word[0].isupper() or word[0].isdigit()}
    names = {name for name in capital - lex.INSTITUTIONS - lex.MONTHS if not name.isdigit()}
    content = set(_words(question)) - lex.SMALL - lex.MONTHS
    known = lex.DENIALS | lex.ADVANCES | lex.LOSSES | lex.GAINS | lex.UP | lex.DOWN
    events = (content & (known | lex.EVENTS | lex.BAD_EVENTS | lex.STATUS_QUO)) - names
    against: set[str] = set()
    if events & lex.LEAVING:
        events, against = events | lex.LEAVING, set(lex.STAYING)
    if events & lex.OBSTRUCTION:
        events = events | lex.OBSTRUCTION
    if content & lex.TRUCE:
        against = against | lex.FIGHTING
    level = bool(set(_words(question)) & lex.HIGH_LEVEL) - bool(content & lex.LOW_LEVEL)
    return _Question(
        names=frozenset(names),
        content=frozenset(content),
        events=frozenset(events),
        against=frozenset(against),
        obstructs=bool(events & lex.OBSTRUCTION),
        bad=bool(events & lex.BAD_EVENTS),
        level=level,
        inverted=bool(_INVERTED.search(question)),
        status_quo=bool(events & lex.STATUS_QUO),
    )


def _concerns(asked: _Question, title: str) -> bool:
    """A name of the question, or, where it has none, two of its other words (one, and a movement,
    of a price).
    """
    words = set(_words(title))
    if asked.names & words:
        return True
    moves = asked.level and (lex.ECONOMY | lex.UP | lex.DOWN) & words
    shared = len(asked.content & words) + bool(moves)
    return shared >= (3 if asked.names else 2)


def _on_topic(asked: _Question, title: str) -> bool:
    """Whether a weak word may count: something besides the name belongs to the question."""
    words = set(_words(title))
    return bool((lex.TOPICS | (asked.content - asked.names)) & words) or asked.level != 0


def _sign(asked: _Question, title: str) -> _Sign | None:
    """What the most telling clause says: of a level the one that names it, else the one with the
    event, else the strongest; among equals the first.
    """
    clauses = (_words(part) for part in lex.CLAUSE.split(_plain(title)) if part)
    found = [sign for clause in clauses if (sign := _fold(asked, clause)) is not None]
    return min(found, key=lambda sign: _rank(asked, sign), default=None)


def _rank(asked: _Question, sign: _Sign) -> tuple[bool, ...]:
    telling = sign.named if asked.level and asked.names else sign.event and sign.strong
    return (not telling, not sign.strong, not sign.named)


def _fold(asked: _Question, clause: list[str]) -> _Sign | None:
    """The clause read from its end: each word works upon what stands to its right."""
    value, strong, event, words = 0, False, False, []
    for word in reversed(clause):
        new = _apply(asked, word, value)
        if new is None:
            continue
        value, heavy = new
        strong, event = strong or heavy, event or word in asked.events
        words.append(word)
    named = bool(asked.names & set(clause))
    return _Sign(value, strong, event, named, tuple(reversed(words))) if value else None


def _apply(asked: _Question, word: str, value: int) -> tuple[int, bool] | None:
    """The value with `word` before it, and whether the word is a strong one; None: says nothing."""
    if word in lex.NEGATIONS:
        return (-value or -1), True
    if word in asked.against:
        return -1, True
    if word in lex.FLIPPERS and value and not (word in asked.events and value < 0):
        return -value, True
    if word in asked.events:
        return (value if value < 0 else 1), True
    if moved := _movement(asked, word):
        return moved, False
    if word in lex.DENIALS:
        return (1 if asked.obstructs else -1), True
    return _by_luck(asked, word, value)


def _by_luck(asked: _Question, word: str, value: int) -> tuple[int, bool] | None:
    """Advances, gains and losses; an event that is a misfortune gets likelier by a loss."""
    good = -1 if asked.bad else 1
    if word in lex.ADVANCES | lex.GAINS:
        return (value or good), word in lex.DECIDED
    if word in lex.LOSSES:
        return (-1 if value > 0 else value or -good), False  # "loses approval"
    if word in lex.PROLONGED:  # a state goes on; a review that goes on is a delay
        return (value or (1 if asked.status_quo else -1)), False
    return None


def _movement(asked: _Question, word: str) -> int:
    if word in lex.STAND_STILL and "rat" in asked.content:
        return -1
    return asked.level * ((word in lex.UP) - (word in lex.DOWN))
