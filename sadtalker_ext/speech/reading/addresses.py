"""Reading web and mail addresses, file names, and letters one by one."""

from __future__ import annotations

import re
from typing import Final

from sadtalker_ext.speech.reading.numbers import cardinal
from sadtalker_ext.speech.reading.tables import ADDRESS_SIGNS

_SCHEME: Final = re.compile(r"(?:https?|ftp|file)://", re.IGNORECASE)
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SITE: Final = re.compile(
    r"(?:www\.)?(?:[\w-]+\.)+(?:com|org|net|edu|gov|io|ai|dev|app|info|co|uk|de|fr|eu|us|ca|jp|ch|"
    r"at|me|tv|py|txt|pdf|jpg|png|mp[34]|wav|zip|exe|js|html?|json|csv|md)(?:[/?#:].*)?",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"(?:[A-Za-z]:)?(?:[\\/~.]?[\w.-]+){2,}", re.ASCII)
_PARTS: Final = re.compile(r"[A-Za-z]+|\d+|.", re.DOTALL)
_VOWELS: Final = frozenset("aeiouyAEIOUY")
_LONGEST = 24
"""Parts of an address that are read; nobody listens to the hash behind."""


def address(core: str) -> list[str] | None:
    """Return the words of a web address, mail address, file name or path; None for others."""
    scheme = _SCHEME.match(core)
    rest = core[scheme.end() :] if scheme else core
    known = scheme or _MAIL.fullmatch(core) or _SITE.fullmatch(core)
    path = "/" in core[1:] and core.count("/") > 1 and _PATH.fullmatch(core)
    if not (known or path):
        return None
    words: list[str] = []
    for part in _PARTS.findall(rest.rstrip("/"))[:_LONGEST]:
        if part.isdigit():
            words += cardinal(part)
        elif part[0].isalpha() and part.isascii():
            words += _readable(part)
        else:
            words += ADDRESS_SIGNS.get(part, "").split()
    return words


def letters(word: str) -> list[str]:
    """Return the names of the letters: single capitals."""
    return [letter.upper() for letter in word if letter.isalpha()]


def _readable(part: str) -> list[str]:
    """Return a part as a word, or letter by letter when nobody could say it."""
    if part.lower() == "www" or not set(part) & _VOWELS or len(part) == 1:
        return letters(part)
    return [part.lower()]
