"""From tokens as they are written to the words that are said."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from sadtalker_ext.speech.reading import amounts, dates, tables
from sadtalker_ext.speech.reading.addresses import address, letters
from sadtalker_ext.speech.reading.numbers import cardinal, decade, ordinal, spelled, year
from sadtalker_ext.speech.reading.sentences import Token
from sadtalker_ext.speech.reading.tables import month

Reading = list[str] | None
"""Words in the order in which they are said; None when a rule does not apply."""

_ORDINAL: Final = re.compile(r"(\d[\d,]*)(st|nd|rd|th)", re.IGNORECASE)
_DECADE: Final = re.compile(r"'?(\d{4}|\d{2})'?s")
_YEAR: Final = re.compile(r"(1[1-9]|20)\d\d")
_DIGIT_GROUPS: Final = re.compile(r"\+?\(?\d{1,4}\)?(?:[-. ]\(?\d{2,4}\)?){1,4}")
_VERSION: Final = re.compile(r"v?(\d+)((?:\.\d+){2,})")
_RANGE: Final = re.compile(r"(\d[\d.,:]*)[-–](\d[\d.,:]*)(\D*)")
_SUM: Final = re.compile(r"(\d[\d.,]*)([+×x*=/÷^])(\d[\d.,]*)")
_PARTS: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*\.?|[^\w\s]|_", re.UNICODE)
_REPEATED: Final = re.compile(r"(\w)\1{3,}")
_DOTTED: Final = re.compile(r"(?:[A-Za-z]\.){1,}[A-Za-z]\.?")


def spoken(tokens: Sequence[Token], index: int) -> list[str]:
    """Return the words of one token: letters and apostrophes, capitals where letters are named.

    A word of capitals alone ("FBI") stays as it is; whoever pronounces it knows which are words.

    Args:
        tokens: The sentence.
        index: Which token.
    """
    token = tokens[index]
    before = tokens[index - 1] if index else None
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    if not token.core:
        # a bracket or dash that stands alone is a pause; "&" is a word
        return _signs(token.text) if token.text not in ("*", "/", "<", ">") else []
    for rule in _RULES:
        words = rule(token, before, after)
        if words is not None:
            return words
    shouted = not any(one.core[1:].islower() for one in tokens)
    return [*_pieces(token.core, shouted=shouted), *amounts.currency_behind(token, before)]


def punctuation(tokens: Sequence[Token], index: int) -> str:
    """Return the punctuation behind a token that is heard: not the dot of an abbreviation."""
    token = tokens[index]
    if not token.after.startswith(".") or index + 1 == len(tokens):
        return token.after
    before = tokens[index - 1] if index else None
    short = _abbreviation(token, before, tokens[index + 1]) is not None or month(token.text)
    return token.after[1:] if short else token.after


def _abbreviation(token: Token, before: Token | None, after: Token | None) -> Reading:
    core, low, text = token.core, token.core.lower(), token.text.lower()
    short = tables.DOTTED.get(low) or tables.BARE.get(low) or tables.BARE.get(text)
    if short is not None:
        return short.split()
    if _DOTTED.fullmatch(core):
        return letters(core.replace(".", ""))
    return _dotted(token, before, after) if token.after.startswith(".") else None


def _dotted(token: Token, before: Token | None, after: Token | None) -> Reading:
    """Read an abbreviation that has its dot behind it."""
    core, low = token.core, token.core.lower()
    follows_name = after is not None and after.core[:1].isupper()
    if low == "st" and before is not None and before.core[:1].isupper() and not before.after:
        return ["street"]
    if low in tables.TITLES and core[0].isupper() and (follows_name or low not in ("ft", "mt")):
        return tables.TITLES[low].split()
    if low == "no" and not (after is not None and after.core[:1].isdigit()):
        return None
    known = low in tables.ABBREVIATIONS and _is_short(low, core, after)
    return tables.ABBREVIATIONS[low].split() if known else None


def _is_short(low: str, core: str, after: Token | None) -> bool:
    """Tell words like "sun." and "may." at a sentence's end from abbreviations."""
    if low in ("sun", "sat", "mon", "wed", "may", "mar", "jan", "fig", "est", "min", "co", "ch"):
        return after is not None and (core[0].isupper() or after.core[:1].isdigit())
    return True


def _roman(token: Token, before: Token | None, _: Token | None) -> Reading:
    digits = tables.ROMAN.get(token.core)
    if digits is None or before is None or not before.core[:1].isalpha():
        return None
    if before.core.lower() in tables.COUNTED:
        return cardinal(digits)
    return ["the", *ordinal(digits)] if before.core[:1].isupper() else None


def _address(token: Token, _: Token | None, __: Token | None) -> Reading:
    return address(token.core)


def _ordinal(token: Token, _: Token | None, __: Token | None) -> Reading:
    found = _ORDINAL.fullmatch(token.core)
    return ordinal(found[1].replace(",", "")) if found else None


def _decade(token: Token, _: Token | None, __: Token | None) -> Reading:
    found = _DECADE.fullmatch(token.core)
    return decade(found[1]) if found and found[1].endswith("0") else None


def _digits(token: Token, _: Token | None, after: Token | None) -> Reading:
    """Read telephone numbers, versions and long rows of digits."""
    core = token.core
    found = _VERSION.fullmatch(core)
    if found:
        rest = [word for part in found[2][1:].split(".") for word in ("point", *cardinal(part))]
        return [*(["version"] if core[0] == "v" else []), *cardinal(found[1]), *rest]
    digits = re.sub(r"\D", "", core)
    if re.fullmatch(r"(1\d|20)\d\d[-–](1\d|20)\d\d", core):
        return None  # years
    groups = _DIGIT_GROUPS.fullmatch(token.before.replace('"', "") + core)
    if len(digits) >= 7 and groups and "." not in core[-2:]:
        return [*(["plus"] if "+" in token.text else []), *spelled(digits)]
    continues = after is not None and re.fullmatch(r"\d{3}-\d{4}", after.core)
    return spelled(digits) if core.isdigit() and len(core) == 3 and continues else None


def _range(token: Token, before: Token | None, _: Token | None) -> Reading:
    found = _RANGE.fullmatch(token.core)
    if not found:
        return None
    left, right, unit = (found[1].rstrip(".,"), found[2].rstrip(".,"), found[3])
    first = _number(left, before)
    second = amounts.amount(right + unit, None) if unit else _number(right, before)
    if first is None or second is None:
        return None
    return [*first, "to", *second]


def _number(text: str, before: Token | None) -> Reading:
    clock = dates.clock(text, None)
    if clock is not None:
        return clock
    if _YEAR.fullmatch(text):
        return year(text)
    return amounts.amount(text, before)


def _sum(token: Token, before: Token | None, after: Token | None) -> Reading:
    found = _SUM.fullmatch(token.core)
    if not found:
        return None
    left, sign, right = found.groups()
    if sign == "/":
        return amounts.ratio(left, right)
    word = {"x": "by", "*": "times", "^": "to the power of"}.get(sign, tables.SIGNS.get(sign, ""))
    one, other = amounts.amount(left, before), amounts.amount(right, after)
    return None if one is None or other is None else [*one, *word.split(), *other]


def _unit(token: Token, before: Token | None, _: Token | None) -> Reading:
    """Read a unit that stands behind a number."""
    if before is None or before.after or not before.core[-1:].isdigit():
        return None
    unit = token.core.lower()
    if unit in ("am", "pm"):
        return letters(unit)
    if unit not in tables.UNITS_AFTER_SPACE or (token.core.isupper() and unit in ("mi", "lb")):
        return None
    return amounts.unit_words(unit, one=before.core == "1")


def _plain_number(token: Token, before: Token | None, after: Token | None) -> Reading:
    core = token.core
    if token.before.endswith("'") and len(core) == 2 and core.isdigit():
        return cardinal(core)
    if _YEAR.fullmatch(core) and not amounts.is_counted(before, after):
        return year(core)
    return amounts.amount(core, after)


_RULES: Final[tuple[Callable[[Token, Token | None, Token | None], Reading], ...]] = (
    _abbreviation,
    _roman,
    dates.reading,
    _address,
    _ordinal,
    _decade,
    _digits,
    _range,
    _sum,
    _unit,
    _plain_number,
)


def _pieces(core: str, *, shouted: bool) -> list[str]:
    """Read a token part by part: words, numbers and signs between them."""
    words: list[str] = []
    for part in _PARTS.findall(_REPEATED.sub(r"\1\1", core)):
        if part in tables.INITIALS and not shouted:
            words += letters(part)
        elif part[0].isdigit():
            words += amounts.amount(part, None) or spelled(re.sub(r"\D", "", part))
        elif part[0].isalpha():
            words += _word(part.rstrip("."))
        elif part not in "-–'":
            words += _signs(part)
    return words


def _word(word: str) -> list[str]:
    """Split "camelCase" and the plural of letters ("DVDs", "PCs")."""
    if re.fullmatch(r"[A-Z]{2,}'?s", word):
        named = letters(word.rstrip("s").rstrip("'"))
        return [*named[:-1], f"{named[-1]}'s"]
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z\s]+|[A-Z]", word)
    whole = len(parts) < 2 or min(len(part) for part in parts) < 3 or word[:2] in ("Mc", "Ma")
    return [word] if whole else parts


def _signs(text: str) -> list[str]:
    return [word for sign in text for word in tables.SIGNS.get(sign, "").split()]
