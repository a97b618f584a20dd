"""The declaration of one option: type, range, words, and the check of a value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sadtalker_ext.errors import InvalidOption

MOST_NUMBERS = 100
NO_PART = "none"
"""A list of no words."""

_TWO_NUMBERS: Final = re.compile(r"([-+]?\d+)\s*([,;x*\u00d7])\s*(\d+)", re.IGNORECASE)

_THOUSANDS: Final = re.compile(r"[-+]?\d{1,3}(,\d{3})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionSpec:
    """Everything a shell needs to know about one option.

    Attributes:
        name: Field name, used by REST and, with dashes, by the command line.
        kind: bool, int, float or str.
        default: Used when nothing is given.
        label: Caption in the tab. Hosts store settings under it: treat it as API.
        help: One sentence.
        group: Accordion of the tab: "look", "acting", "head and eyes", "speech", "output" or
            "engine".
        unit: "degrees", "seconds", ... or empty.
        low: Smallest value of a number.
        high: Largest value of a number.
        choices: Valid words of a text option; empty means free text.
        menu: Those of many choices that a menu shows; the others are typed.
        aliases: Names the original's command line used.
        numbers: Whether a text holds a list of numbers, each from `low` to `high`; it is kept in
            one spelling, "0, 30, -20".
        parts: Words of which a text lists some, kept in one spelling, "this, that"; the default
            and "none" stand alone.
        structured: Whether a text holds JSON, which may be given as lists and mappings as well.
    """

    name: str
    kind: type
    default: Any
    label: str
    help: str
    group: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    menu: tuple[Any, ...] = ()
    aliases: tuple[str, ...] = ()
    numbers: bool = False
    parts: tuple[str, ...] = ()
    structured: bool = False

    def check(self, value: object) -> Any:
        """Return `value` as the option's type, or raise `InvalidOption` naming the range."""
        if self.numbers:
            return self._listed(value)
        if self.parts:
            return self._some_parts(value)
        if self.structured and isinstance(value, (list, tuple, Mapping)):
            return self._written(value)
        typed = self.spelled(self._typed(value))
        if self.choices and typed not in self.choices:
            raise self._wrong(value, "one of " + ", ".join(map(str, self.choices)))
        # written as "not low <= value <= high" so that NaN is refused too
        if self.low is not None and self.high is not None and not self.low <= typed <= self.high:
            raise self._wrong(value, f"a number from {self.low:g} to {self.high:g}")
        return typed

    def spelled(self, value: Any) -> Any:
        """Return a word as the choices spell it; the original writes RestoreFormer."""
        if not isinstance(value, str):
            return value
        # what is joined by + may come in any order
        parts = sorted(part.strip() for part in value.lower().split("+"))
        same = (one for one in self.choices if sorted(str(one).lower().split("+")) == parts)
        return next(same, value)

    def _typed(self, value: object) -> Any:
        if self.kind is bool:
            if isinstance(value, bool):
                return value
            raise self._wrong(value, "true or false")
        if self.kind is str:
            if isinstance(value, str):
                return value
            raise self._wrong(value, "text")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(value, "a number", self._advice(value))
        if self.kind is int:
            if isinstance(value, float) and not value.is_integer():
                raise self._wrong(value, "a whole number")
            return int(value)
        try:
            return float(value)
        except OverflowError:
            raise self._wrong("so many digits", self._expected()) from None

    def typed_number(self, text: str) -> int | float:
        """Return the number of a text, as the option's type.

        Raises:
            InvalidOption: It is none.
        """
        try:
            number: int | float = self.kind(text)
        except ValueError:
            raise self._wrong(text, self._expected(), self._advice(text)) from None
        return number

    def _expected(self) -> str:
        """Return in words which number is expected."""
        if self.choices:
            return "one of " + ", ".join(map(str, self.choices))
        what = "a whole number" if self.kind is int else "a number"
        known = self.low is not None and self.high is not None
        return f"{what} from {self.low:.10g} to {self.high:.10g}" if known else what

    def _advice(self, value: object) -> str:
        """Return what to write in place of two numbers, or of one with a comma in it."""
        text = value.strip() if isinstance(value, str) else ""
        if self.kind is int and not self.choices and _THOUSANDS.fullmatch(text):
            return self._joined_digits(text)
        found = _TWO_NUMBERS.fullmatch(text)
        if found is None:
            return ""
        first, sign, second = found.groups()
        if sign == "," and self.kind is float:
            return f"Numbers have a point: {first}.{second}."
        if sign == "," and not self.choices:
            return "It is one number, without separators."
        return f"It is one number, such as {first}."

    def _joined_digits(self, text: str) -> str:
        """Return what to write in place of a whole number with commas between its thousands."""
        joined = int(text.replace(",", ""))
        fits = self.low is None or self.high is None or self.low <= joined <= self.high
        return f"It is one number, without separators{f': {joined}' if fits else ''}."

    def _wrong(self, value: object, expected: str, hint: str = "") -> InvalidOption:
        unit = f" {self.unit}" if self.unit else ""
        told = f"Option {self.name} should be {expected}{unit}, found {value!r}."
        return InvalidOption(told, hint=hint)

    def _written(self, value: object) -> str:
        """Return lists and mappings as JSON text."""
        try:
            return json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError):
            raise self._wrong(value, "JSON: texts, numbers, lists and objects") from None

    def _listed(self, value: object) -> str:
        """Return a list of numbers, given as text or as numbers, in one spelling."""
        try:
            found = numbers_of(value if isinstance(value, str) else _joined(value))
        except (TypeError, ValueError):
            raise self._wrong(value, "numbers separated by spaces or commas") from None
        low, high = self.low or 0.0, self.high or 0.0
        if len(found) > MOST_NUMBERS or not all(low <= number <= high for number in found):
            raise self._wrong(value, f"at most {MOST_NUMBERS} numbers from {low:g} to {high:g}")
        return ", ".join(f"{number:g}" for number in found)

    def _some_parts(self, value: object) -> str:
        """Return a list of words, given as text or as words, in one spelling."""
        if isinstance(value, str):
            words = re.split(r"[\s,;+]+", value.strip().lower())
        else:
            words = [str(one) for one in value] if isinstance(value, Iterable) else [str(value)]
        if words in ([self.default], [NO_PART], []):
            return words[0] if words else NO_PART
        if not set(words) <= {*self.parts}:
            alone = f"{self.default}, {NO_PART}, or some of "
            raise self._wrong(value, alone + ", ".join(self.parts))
        return ", ".join(part for part in self.parts if part in words)


def numbers_of(text: str) -> tuple[float, ...]:
    """Return the numbers of a text such as "0, 30 -20".

    Raises:
        ValueError: Something in it is not a number.
    """
    return tuple(float(word) for word in re.split(r"[\s,;]+", text.strip()) if word)


def _joined(values: object) -> str:
    if not isinstance(values, Iterable):
        raise TypeError("a list is needed")
    if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in values):
        raise TypeError("numbers are needed")
    return " ".join(map(str, values))
