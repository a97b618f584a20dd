"""A given text as the plain words that were spoken."""

from __future__ import annotations

import re
import unicodedata

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SIGNS = {"%": " percent ", "&": " and ", "$": " dollars ", "+": " plus ", "=": " equals "}


def words_of(text: str) -> list[str]:
    """Return the words of a text: lower case, a to z and apostrophes, numbers spelled out."""
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).casefold()
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    for sign, word in _SIGNS.items():
        plain = plain.replace(sign, word)
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", plain)
    plain = re.sub(r"[0-9]+", lambda found: f" {_spelled_out(found[0])} ", plain)
    return [word for part in re.findall(r"[a-z']+", plain) if (word := part.strip("'"))]


def number_words(number: int) -> str:
    """Return a number in English words; from a million on digit by digit."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens = _TENS[number // 10 - 2]
        return tens if number % 10 == 0 else f"{tens} {_ONES[number % 10]}"
    if number >= 1_000_000:
        return " ".join(_ONES[int(digit)] for digit in str(number))
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    head = f"{number_words(number // size)} {name}"
    return head if number % size == 0 else f"{head} {number_words(number % size)}"


def _spelled_out(digits: str) -> str:
    """Return a number in words; Python itself refuses to read one of some thousand digits."""
    if len(digits) > 6:
        return " ".join(_ONES[int(digit)] for digit in digits)
    return number_words(int(digits))
