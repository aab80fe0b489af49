"""Sentences a person understands. Templates are marked for translation, filled in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

MINUS = "−"
SYMBOLS = {"": "", "USDC": "$", "USD": "$", "EUR": "€", "GBP": "£", "PKR": "Rs "}
CENTS = {"USDC", "USD"}


def gettext_noop(message: str) -> str:
    """Marks a template for the translators; the domain itself knows no language."""
    return message


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template with its parameters; prices are Decimals and become text only when it is read.

    A pass judges thousands of positions and reads almost none of their sentences.
    """

    template: str
    params: Mapping[str, Part] = field(default_factory=dict)
    price: Callable[[Decimal], str] = str

    def __str__(self) -> str:
        return self.render(str)

    def render(self, translate: Callable[[str], str]) -> str:
        """The sentence in the language of `translate` (gettext or the like)."""
        texts = {key: self._text(value, translate) for key, value in self.params.items()}
        return translate(self.template) % texts

    def _text(self, value: Part, translate: Callable[[str], str]) -> str:
        if isinstance(value, Sentence):
            return value.render(translate)
        if isinstance(value, str):
            return translate(value) if value else ""  # gettext("") is the catalogue's header
        return self.price(value)


Part = Decimal | str | Sentence


def price_text(price: Decimal, payout: Decimal | None, currency: str) -> str:
    """`44.1¢` where a share pays one dollar, else the number in the currency: `Rs 52.0`.

    At least one and at most two digits after the point of a cent, two to four otherwise. A
    difference below zero has its sign first, as money_text's.
    """
    sign = MINUS if price < 0 else ""
    if payout == 1 and currency in CENTS:
        return f"{sign}{_digits(abs(price) * 100, 1, 2)}¢"
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{_digits(abs(price), 2, 4)}"


def money_text(amount: Decimal, currency: str) -> str:
    """`$1,240.50` or `−$97.96`: sign first, thousands, two digits, U+2212 as the minus."""
    rounded = _cents(amount)
    sign = MINUS if rounded < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{abs(rounded):,f}"


def signed_money_text(amount: Decimal, currency: str) -> str:
    """As money_text, with a plus for gains."""
    return ("+" if _cents(amount) > 0 else "") + money_text(amount, currency)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)


def shares_text(shares: Decimal) -> str:
    """`1,240` or `1,240.5`: no digits that say nothing."""
    text = f"{shares:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_text(value: Decimal) -> str:
    """`13.3 %` with one digit."""
    return f"{value.quantize(Decimal('0.1'), rounding=ROUND_HALF_EVEN):f} %".replace("-", MINUS)


def _digits(value: Decimal, least: int, most: int) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-most), rounding=ROUND_HALF_EVEN)
    text = f"{rounded:,f}"
    whole, _, part = text.partition(".")
    part = part.rstrip("0").ljust(least, "0")
    return f"{whole}.{part}"
