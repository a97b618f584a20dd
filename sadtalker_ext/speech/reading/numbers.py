"""English words of numbers."""

from __future__ import annotations

from typing import Final

_BELOW_TWENTY: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_MANY: Final = "- - twenty thirty forty fifty sixty seventy eighty ninety"
_ONES, _TENS = _BELOW_TWENTY.split(), _MANY.split()
_SCALES: Final = ("", "thousand", "million", "billion", "trillion", "quadrillion")
_ORDINALS: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_LONGEST = 3 * len(_SCALES)


def cardinal(digits: str) -> list[str]:
    """Return the words of a whole number, for example "1250" as one thousand two hundred fifty.

    Numbers of more than 18 digits, and those that begin with a zero, are read digit by digit.

    Args:
        digits: Decimal digits only.
    """
    if len(digits) > _LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return spelled(digits)
    value = int(digits)
    if value == 0:
        return ["zero"]
    words: list[str] = []
    for power in range(len(_SCALES) - 1, -1, -1):
        part = value // 1000**power % 1000
        if part:
            words += _below_thousand(part)
            words += [_SCALES[power]] if power else []
    return words


def ordinal(digits: str) -> list[str]:
    """Return the words of an ordinal, for example "23" as twenty third."""
    words = cardinal(digits)
    last = words[-1]
    if last in _ORDINALS:
        return [*words[:-1], _ORDINALS[last]]
    return [*words[:-1], f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"]


def year(digits: str) -> list[str]:
    """Return the words of a year of four digits: 1984, 1905, 1900, 2005, 2024."""
    high, low = int(digits[:2]), int(digits[2:])
    if digits[1] == "0" and high % 10 == 0 and low < 10:
        return cardinal(digits)
    words = _below_thousand(high)
    if low == 0:
        return [*words, "hundred"]
    return [*words, "oh", _ONES[low]] if low < 10 else [*words, *_below_thousand(low)]


def decade(digits: str) -> list[str]:
    """Return the words of a decade, "1990" or "90" as nineteen nineties or nineties."""
    words = year(digits) if len(digits) == 4 else cardinal(digits)
    return [*words[:-1], plural(words[-1])]


def spelled(digits: str) -> list[str]:
    """Return the digits one by one."""
    return [_ONES[int(digit)] for digit in digits]


def decimal(text: str) -> list[str]:
    """Return the words of "3.14", "-5", "1,250" or ".5"."""
    words = ["minus"] if text[0] in "-\u2212" else []
    whole, point, rest = text.lstrip("+-\u2212").replace(",", "").partition(".")
    words += cardinal(whole) if whole else ["zero"]
    return [*words, "point", *spelled(rest)] if point and rest else words


def fraction(above: str, below: str) -> list[str]:
    """Return the words of "1/2" or "3/4"."""
    one = above == "1"
    if below == "2":
        return [*cardinal(above), "half" if one else "halves"]
    part = ["quarter"] if below == "4" else ordinal(below)
    return [*cardinal(above), *(part if one else [*part[:-1], plural(part[-1])])]


def plural(word: str) -> str:
    """Return the plural of a number word or unit."""
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def _below_thousand(value: int) -> list[str]:
    words = [_ONES[value // 100], "hundred"] if value >= 100 else []
    rest = value % 100
    if rest >= 20:
        words.append(_TENS[rest // 10])
        rest %= 10
    return words + ([_ONES[rest]] if rest else [])
