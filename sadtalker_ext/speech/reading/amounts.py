"""Reading amounts: numbers with units, money, percents, fractions."""

from __future__ import annotations

import re
from typing import Final

from sadtalker_ext.speech.reading import tables
from sadtalker_ext.speech.reading.numbers import cardinal, decimal, fraction, plural
from sadtalker_ext.speech.reading.sentences import Token

_NUMBER: Final = r"[+\-\u2212]?(?:\d+(?:,\d{3})*|\d+)?(?:\.\d+)?"
_PLAIN: Final = re.compile(rf"({_NUMBER})")
_MONEY: Final = re.compile(
    rf"([+\-\u2212]?)(US\$|[$€£¥₹₽₩])({_NUMBER})(k|mn|m|bn|b|t|)", re.IGNORECASE
)
_MONEY_AFTER: Final = re.compile(rf"({_NUMBER})([€£¥₹₽₩$¢])")
_WITH_UNIT: Final = re.compile(rf"({_NUMBER})(°?[a-zA-Z]+(?:/[a-zA-Z]+)?|%|‰|°)")
_FEET: Final = re.compile(r"(\d+)'(\d{1,2})\"?")
_HASH: Final = re.compile(r"#(\d+)")
_SCALE_WORDS: Final = frozenset(("thousand", "million", "billion", "trillion", "hundred"))


def amount(core: str, after: Token | None) -> list[str] | None:
    """Return the words of an amount, or None when it is none.

    Args:
        core: The token without punctuation.
        after: The token behind it, which may be "million".
    """
    if not any(sign.isdigit() for sign in core):
        return None
    if found := _MONEY.fullmatch(core):
        words = _money(found[1] + found[3], found[2], found[4].lower(), after)
    elif found := _MONEY_AFTER.fullmatch(core):
        words = _money(found[1], found[2], "", after)
    elif found := _FEET.fullmatch(core):
        feet = unit_words("ft", one=found[1] == "1")
        words = [*cardinal(found[1]), *feet, *cardinal(found[2])]
    elif found := _HASH.fullmatch(core):
        words = ["number", *cardinal(found[1])]
    elif _PLAIN.fullmatch(core):
        words = _signed(core)
    else:
        words = _measure(core)
    return words


def _measure(core: str) -> list[str] | None:
    found = _WITH_UNIT.fullmatch(core)
    if not found or not found[1].strip("+-\u2212") or found[2].lower() not in tables.UNITS:
        return None
    one = found[1] in ("1", "+1", "-1")
    return [*_signed(found[1]), *unit_words(found[2].lower(), one=one)]


def unit_words(unit: str, *, one: bool) -> list[str]:
    """Return the words of a unit behind one or several."""
    words = tables.UNITS[unit].split()
    name = words[-1]
    if one or name in tables.NO_PLURAL or name in tables.NO_PLURAL_SCALES:
        return words
    if len(words) > 1 and unit != "kwh":
        return words
    return [*words[:-1], tables.IRREGULAR.get(name, plural(name))]


def ratio(left: str, right: str) -> list[str]:
    """Return the words of "1/2", "24/7" or "120/80"."""
    if left.isdigit() and right.isdigit() and 2 <= int(right) <= 100 and int(left) < int(right):
        return fraction(left, right)
    if (left, right) == ("24", "7") or left == right:
        return [*decimal(left), *decimal(right)]
    return [*decimal(left), "over", *decimal(right)]


def is_counted(before: Token | None, after: Token | None) -> bool:
    """Tell whether a number counts something, and is no year."""
    if after is not None and after.core.lower() in tables.UNITS_AFTER_SPACE:
        return True
    return before is not None and before.core in tables.CURRENCIES


def _signed(text: str) -> list[str]:
    return ["plus", *decimal(text)] if text[0] == "+" else decimal(text)


def _money(number: str, sign: str, scale: str, after: Token | None) -> list[str] | None:
    one, part = tables.CURRENCIES[sign.upper() if len(sign) > 1 else sign]
    many = tables.CURRENCY_PLURALS.get(one, plural(one))
    if not number.strip("+-\u2212"):
        return None
    large = tables.SCALES[scale]
    if large:
        return [*_signed(number), large, many]
    if after is not None and after.core.lower() in _SCALE_WORDS:
        # "$5 million" is said as "five", and the currency behind the next word
        return _signed(number)
    whole, _, cents = number.partition(".")
    digits = whole.lstrip("+-\u2212")
    words = _signed(whole) if digits else []
    if digits:
        words.append(one if digits == "1" else many)
    if not (cents and part and len(cents) <= 2):
        return [*_signed(number), many] if cents else words
    parts = cents.ljust(2, "0").lstrip("0")
    if not parts:
        return words
    small = part if parts == "1" else tables.CURRENCY_PLURALS.get(part, plural(part))
    return [*words, *(["and"] if digits else []), *cardinal(parts), small]


def currency_behind(token: Token, before: Token | None) -> list[str]:
    """Return the currency that is said behind "million" when "$5" stands before it."""
    if before is None or token.core.lower() not in _SCALE_WORDS:
        return []
    found = _MONEY.fullmatch(before.core)
    if not found or found[4]:
        return []
    one = tables.CURRENCIES[found[2].upper() if len(found[2]) > 1 else found[2]][0]
    return [tables.CURRENCY_PLURALS.get(one, plural(one))]
