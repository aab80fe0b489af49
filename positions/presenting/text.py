"""Short forms of numbers and times, on top of `domain.wording`."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from django.utils.translation import gettext as _

from positions.domain.wording import MINUS, money_text, price_text

NONE = "–"


def percent(value: Decimal) -> str:
    """`+14.5%` with one digit, signed, without the space that a narrow column has no room for."""
    rounded = value.quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)
    sign = "+" if rounded > 0 else MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):,f}%"


def price_move(change: Decimal, payout: Decimal | None, currency: str) -> str:
    """A difference of two prices, signed: `−6.8¢`."""
    sign = "+" if change > 0 else MINUS if change < 0 else ""
    return sign + price_text(abs(change), payout, currency)


def brief_money(amount: Decimal, currency: str) -> str:
    """Money for a narrow place: `$1,075` without cents from 100 on, `$93.20` below."""
    if abs(amount) < 100:
        return money_text(amount, currency)
    whole = amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return money_text(whole, currency).removesuffix(".00")


def tone(amount: Decimal | None) -> str:
    """The class that colours a profit or loss; a sign and an arrow say the same without colour."""
    return "gain" if amount and amount > 0 else "loss" if amount and amount < 0 else ""


def arrow(amount: Decimal | None) -> str:
    """`▲`, `▼` or nothing."""
    return "▲" if amount and amount > 0 else "▼" if amount and amount < 0 else ""


def span(seconds: float) -> str:
    """A stretch of time in one unit: `12 s`, `3 min`, `5 h`, `6 d`. `static/js/texts.js` agrees."""
    whole = max(0, round(seconds))
    if whole < 100:
        return _("%(n)d s") % {"n": whole}
    if whole < 5400:
        return _("%(n)d min") % {"n": round(whole / 60)}
    if whole < 129600:
        return _("%(n)d h") % {"n": round(whole / 3600)}
    return _("%(n)d d") % {"n": round(whole / 86400)}


def first_up(text: str) -> str:
    """A sentence's first letter made large; the rest (HTTP, names) stays as it is."""
    return text[:1].upper() + text[1:]
