"""What written English abbreviates."""

from __future__ import annotations

from typing import Final

_YEAR = "January February March April May June July August September October November December"
MONTHS: Final = tuple(_YEAR.split())
_MONTH_SHORT = {month[:3].lower(): month for month in MONTHS} | {"sept": "September"}

TITLES: Final = {
    "mr": "mister",
    "mrs": "missus",
    "ms": "miz",
    "dr": "doctor",
    "prof": "professor",
    "gen": "general",
    "gov": "governor",
    "sen": "senator",
    "capt": "captain",
    "lt": "lieutenant",
    "col": "colonel",
    "sgt": "sergeant",
    "rev": "reverend",
    "hon": "honorable",
    "st": "saint",
    "mt": "mount",
    "ft": "fort",
}
"""Before a name; the dot after them never ends a sentence."""

ABBREVIATIONS: Final = {
    "jr": "junior",
    "sr": "senior",
    "ave": "avenue",
    "blvd": "boulevard",
    "rd": "road",
    "hwy": "highway",
    "apt": "apartment",
    "dept": "department",
    "univ": "university",
    "inc": "incorporated",
    "ltd": "limited",
    "corp": "corporation",
    "co": "company",
    "bros": "brothers",
    "approx": "approximately",
    "est": "established",
    "vs": "versus",
    "vol": "volume",
    "fig": "figure",
    "ch": "chapter",
    "pp": "pages",
    "no": "number",
    "nos": "numbers",
    "cf": "compare",
    "etc": "et cetera",
    "min": "minutes",
    "max": "maximum",
    "mon": "Monday",
    "tue": "Tuesday",
    "tues": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "thurs": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
    **_MONTH_SHORT,
}
"""With a dot behind them."""

DOTTED: Final = {
    "e.g": "for example",
    "i.e": "that is",
    "a.m": "A M",
    "p.m": "P M",
    "ph.d": "P H D",
}

NEVER_LAST: Final = frozenset((*TITLES, "vs", "e.g", "i.e", "cf", "approx", "fig", "vol"))
"""Behind the dot of these a sentence goes on."""

BARE: Final = {
    "vs": "versus",
    "etc": "et cetera",
    "w/": "with",
    "w/o": "without",
    "&": "and",
    "and/or": "and or",
    "c#": "C sharp",
}
"""Without a dot."""

UNITS: Final = {
    "km": "kilometer",
    "cm": "centimeter",
    "mm": "millimeter",
    "nm": "nanometer",
    "m": "meter",
    "mi": "mile",
    "ft": "foot",
    "in": "inch",
    "kg": "kilogram",
    "g": "gram",
    "mg": "milligram",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "l": "liter",
    "ml": "milliliter",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "min": "minute",
    "s": "second",
    "sec": "second",
    "ms": "millisecond",
    "hz": "hertz",
    "khz": "kilohertz",
    "mhz": "megahertz",
    "ghz": "gigahertz",
    "w": "watt",
    "kw": "kilowatt",
    "kwh": "kilowatt hour",
    "v": "volt",
    "kb": "kilobyte",
    "mb": "megabyte",
    "gb": "gigabyte",
    "tb": "terabyte",
    "px": "pixel",
    "fps": "frames per second",
    "dpi": "dots per inch",
    "mph": "miles per hour",
    "km/h": "kilometers per hour",
    "m/s": "meters per second",
    "°c": "degrees Celsius",
    "°f": "degrees Fahrenheit",
    "°": "degree",
    "%": "percent",
    "‰": "per mille",
    "k": "thousand",
    "bn": "billion",
    "x": "times",
}
"""Behind a number; a unit of several words, and those below, have no plural."""
NO_PLURAL: Final = frozenset(("hertz", "kilohertz", "megahertz", "gigahertz", "percent", "times"))
NO_PLURAL_SCALES: Final = frozenset(("thousand", "million", "billion", "trillion"))
IRREGULAR: Final = {"foot": "feet", "inch": "inches"}
UNITS_AFTER_SPACE: Final = frozenset(UNITS) - frozenset("xshmglvwk°") - {"in"}
"""Units that are nothing else as a word of their own."""

CURRENCIES: Final = {
    "$": ("dollar", "cent"),
    "US$": ("dollar", "cent"),
    "€": ("euro", "cent"),
    "£": ("pound", "penny"),
    "¥": ("yen", ""),
    "₹": ("rupee", ""),
    "₽": ("ruble", ""),
    "₩": ("won", ""),
    "¢": ("cent", ""),
}
CURRENCY_PLURALS: Final = {"penny": "pence", "yen": "yen", "won": "won"}
SCALES: Final = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "bn": "billion",
    "b": "billion",
    "t": "trillion",
    "": "",
}

_INITIALS = "US UK EU UN AI TV ID PC PR HR UI AM PM"
INITIALS: Final = frozenset(_INITIALS.split())
"""Letters that would be other words, or that dictionaries do not know."""

SIGNS: Final = {
    "&": "and",
    "+": "plus",
    "=": "equals",
    "@": "at",
    "%": "percent",
    "/": "slash",
    "<": "less than",
    ">": "greater than",
    "×": "times",
    "÷": "divided by",
    "±": "plus or minus",
    "≈": "about",
    "°": "degrees",
    "§": "section",
    "$": "dollars",
    "€": "euros",
    "£": "pounds",
    "½": "one half",
    "¼": "one quarter",
    "¾": "three quarters",
    "²": "squared",
    "³": "cubed",
    "#": "hash",
    "→": "to",
    "−": "minus",
    "™": "",
    "®": "",
    "©": "copyright",
}
"""Signs that are said; all others are left out."""

ADDRESS_SIGNS: Final = {
    ".": "dot",
    "/": "slash",
    "@": "at",
    "-": "dash",
    "_": "underscore",
    ":": "colon",
    "?": "question mark",
    "=": "equals",
    "&": "and",
    "#": "hash",
    "%": "percent",
    "+": "plus",
    "~": "tilde",
}
"""Signs of web addresses and file names."""

ROMAN: Final = {
    "II": "2",
    "III": "3",
    "IV": "4",
    "VI": "6",
    "VII": "7",
    "VIII": "8",
    "IX": "9",
    "XI": "11",
    "XII": "12",
    "XIII": "13",
    "XIV": "14",
    "XV": "15",
    "XVI": "16",
    "XX": "20",
    "XXI": "21",
}
_COUNTED = (
    "chapter part volume act scene section book war phase type level article appendix class "
    "figure table grade episode season round"
)
COUNTED: Final = frozenset(_COUNTED.split())
"""A Roman number behind one of these is a cardinal; behind another name an ordinal."""


def month(word: str) -> str:
    """Return the full name of a month, or an empty string."""
    bare = word.strip(".").lower()
    if word[:1].isupper() and bare in _MONTH_SHORT:
        return _MONTH_SHORT[bare]
    return word if word in MONTHS else ""
