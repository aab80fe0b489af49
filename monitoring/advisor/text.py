"""Text of strangers on its way to a model: made plain, then put where it can only be data.

`clean` takes away what a person would not see, `fence` encodes what is left so that it cannot
close its own fence, and `prompt_hash` names a prompt whatever its nonce was.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import unicodedata

TITLE_CHARS = 300
# Beyond this nobody reads; cut before the costly steps, so that a huge title costs no time.
_RAW_CHARS = 20_000
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,500}>")  # not "5 < 6 and 7 > 2"
# Of Unicode's Default_Ignorable_Code_Point those that are no control or format characters, and the
# blank of Braille: 256 variation selectors are enough to write any text where nobody sees it.
_BLANK = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
_SPACE = re.compile(r"\s+")


def clean(title: str, most: int = TITLE_CHARS) -> str:
    """One plain line of at most `most` characters: no tags, NFKC, nothing invisible.

    Entities are resolved before tags go, else `&lt;b&gt;` would come back as one. Control, format
    (zero-width, bidi), private and unassigned characters go: they hide words from a person that a
    model reads.
    """
    plain = title[:_RAW_CHARS]
    for _round in range(2):  # feeds escape twice: &amp;lt;
        plain = html.unescape(plain)
    plain = unicodedata.normalize("NFKC", plain)
    plain = "".join(char for char in _SPACE.sub(" ", plain) if not _hidden(char))
    plain = _TAG.sub(" ", plain)
    return _SPACE.sub(" ", plain).strip()[:most].rstrip()


def _hidden(char: str) -> bool:
    """Control, format, surrogate, private, unassigned; and letters and marks that show nothing."""
    return unicodedata.category(char)[0] == "C" or ord(char) in _BLANK


def fence(name: str, value: object, nonce: str) -> str:
    r"""`value` as JSON inside `<name-nonce>`…`</name-nonce>`; the text inside cannot end it.

    ASCII only, `<`, `>` and `&` as \uXXXX. The nonce is new for each call: nobody who writes a
    headline can know it. Raises `ValueError` for NaN, and for a nonce that is not plain.
    """
    if not nonce.isalnum():
        raise ValueError("a nonce is letters and digits")
    inside = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for char in "<>&":
        inside = inside.replace(char, f"\\u{ord(char):04x}")
    return f"<{name}-{nonce}>\n{inside}\n</{name}-{nonce}>"


def prompt_hash(system: str, user: str, nonce: str) -> str:
    """sha256 of both texts with the nonce taken out: the same prompt hashes alike in each call."""
    whole = f"{system}\0{user}".replace(nonce, "") if nonce else f"{system}\0{user}"
    return hashlib.sha256(whole.encode()).hexdigest()
