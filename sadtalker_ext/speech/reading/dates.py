"""Reading dates and times."""

from __future__ import annotations

import re
from typing import Final

from sadtalker_ext.speech.reading.addresses import letters
from sadtalker_ext.speech.reading.numbers import cardinal, ordinal, year
from sadtalker_ext.speech.reading.sentences import Token
from sadtalker_ext.speech.reading.tables import MONTHS, month

_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_SLASHED: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})")
_DOTTED: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:h|([ap])\.?m)?", re.IGNORECASE)
_HOUR: Final = re.compile(r"(\d{1,2})([ap])\.?m", re.IGNORECASE)
_RATIO: Final = re.compile(r"(\d+):(\d+)")
_DAY: Final = re.compile(r"([1-9]|[12]\d|3[01])")


def reading(token: Token, before: Token | None, after: Token | None) -> list[str] | None:
    """Return the words of a date or time, or None when the token is none."""
    core = token.core
    for pattern, order in ((_ISO, "ymd"), (_SLASHED, "mdy"), (_DOTTED, "dmy")):
        if found := pattern.fullmatch(core):
            parts = dict(zip(order, found.groups(), strict=True))
            return _date(parts["d"], parts["m"], parts["y"])
    if name := month(token.text if token.after.startswith(".") else core):
        short = name != core and not token.after.startswith(".")
        counted = after is not None and _DAY.fullmatch(after.core)
        return [core] if short and not counted else [name]
    if _DAY.fullmatch(core) and before is not None and _is_month(before):
        return ordinal(core)
    if _DAY.fullmatch(core) and after is not None and _is_month(after) and not token.after:
        return ordinal(core)
    return clock(core, after)


def clock(core: str, after: Token | None) -> list[str] | None:
    """Return the words of a time of the day, or of a ratio such as "16:9"."""
    if found := _HOUR.fullmatch(core):
        return [*cardinal(str(int(found[1]))), *letters(f"{found[2]}m")]
    found = _CLOCK.fullmatch(core)
    if found and int(found[1]) < 25 and int(found[2]) < 60:
        return _time(found, after)
    found = _RATIO.fullmatch(core)
    return [*cardinal(found[1]), "to", *cardinal(found[2])] if found else None


def _time(found: re.Match[str], after: Token | None) -> list[str]:
    hour, minute, second, half = found.groups()
    words = cardinal(str(int(hour)))
    half_follows = after is not None and after.core.lower().replace(".", "") in ("am", "pm")
    if int(minute):
        words += ["oh"] if minute[0] == "0" else []
        words += cardinal(str(int(minute)))
    elif not half and not half_follows and second is None:
        words += ["o'clock"] if 0 < int(hour) <= 12 else ["hundred"]
    if second is not None:
        words += ["and", *cardinal(str(int(second))), "seconds"]
    return [*words, *(letters(f"{half}m") if half else [])]


def _date(day: str, month_number: str, full_year: str) -> list[str] | None:
    if not 1 <= int(month_number) <= 12 or not 1 <= int(day) <= 31:
        return None
    words = [MONTHS[int(month_number) - 1], *ordinal(str(int(day)))]
    if len(full_year) == 4 and full_year[0] in "12":
        return [*words, *year(full_year)]
    return [*words, *cardinal(str(int(full_year)))]


def _is_month(token: Token) -> bool:
    return bool(month(token.core))
