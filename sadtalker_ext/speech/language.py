"""Which language a text is in: by its letters, else by its commonest words."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from typing import Final

_SCRIPTS: Final = (
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("HANGUL", "ko"),
    ("CJK", "cmn"),
    ("DEVANAGARI", "hi"),
    ("ARABIC", "ar"),
    ("HEBREW", "he"),
    ("GREEK", "el"),
    ("CYRILLIC", "ru"),
    ("THAI", "th"),
    ("TAMIL", "ta"),
    ("TELUGU", "te"),
    ("BENGALI", "bn"),
    ("GEORGIAN", "ka"),
    ("ARMENIAN", "hy"),
)
"""Beginning of the name of a letter, and the language it most often belongs to."""

_COMMON: Final = {
    "en": "the and of to in is you that it he was for on are with as his they at be this have "
    "from or had by but what we can your she which do their if will not my i hello yes "
    "please thank would a an our has been were can when some one up so",
    "de": "der die und das in zu den ist nicht von mit sich des auf für im dem ein eine als "
    "auch es an werden aus er hat dass sie nach bei wir ich um noch wie guten hallo ja "
    "nein haben wird bin war durch kann zum zur mein",
    "fr": "le la les de des et un une est en que qui dans pour pas sur au avec ce il elle se "
    "ne sont par plus nous vous mais ou je du ma mon ton cette bonjour merci oui non "
    "suis aux ces leur son sa ses fait été très tout quand",
    "es": "el la los las de que y en un una es por con no para su al lo como más pero sus le "
    "ya se del mi muy esta este hola gracias sí está son ha fue ser tiene hay pueden "
    "desde cuando",
    "it": "il la di che e un una è in per non con del della si sono come anche più ma gli le "
    "nel al da questo questa mio lo ciao grazie sì ho mi i dei delle alla nella dal "
    "dalla suo sua ha molto quando",
    "pt": "o a os as de que e em um uma é do da não para com por mais se no na como mas ao "
    "dos das foi ele ela você eu olá obrigado sim está são meu sua seu pelo pela muito "
    "quando",
    "nl": "de het een en van in is dat op te niet zijn met voor er aan maar ook om als bij "
    "naar dan ik je hij zij wij hallo dank ja nee wat hoe deze nog wel geen hebben werd "
    "heeft",
    "sv": "och att det i en som är på av för med till den har de inte om ett men jag han hon "
    "vi var du hej tack ja nej från kan ska mycket",
    "da": "og i at det er en til på som de med han af for ikke der var et den jeg hun vi kan "
    "vil skal fra ved sig sin hej tak mange meget lille hvad mig dig nu efter noget blev havde "
    "også",
    "nb": "og i at det er en til på som de med han av for ikke der var et den jeg hun vi kan "
    "vil skal fra ved seg sin hei takk mange mye lille hva meg deg nå etter noe ble hadde også "
    "å dere nei være",
    "fi": "ja on ei se että hän oli ovat mutta kun niin minä sinä me te tämä myös hei kiitos "
    "kyllä kuin joka mitä vain nyt kaikki hyvä olen voi sen",
    "pl": "i w na z do się nie że to jest o jak za po co tak ale od czy przez jego jej mi już "
    "moja dziękuję ja ten ta są był który ma dla tylko być jeden",
    "cs": "a v se na je že to s z do o k i za by ale jsem jako po pro tak co ne jsi jak ano "
    "dobrý den děkuji byl který jeden mohou",
    "tr": "ve bir bu da de için çok ile ne o ama gibi daha var yok ben sen bana olan değil "
    "merhaba evet hayır olarak kadar sonra",
    "ro": "și de la în a cu pe nu o un care este să din mai ce pentru dar al",
    "hu": "a az és hogy nem is egy ez de van meg már csak volt azt mint ha vagy lesz ki én "
    "nagy egyik olyan",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke ada kita "
    "adalah orang dia kami seperti sebuah",
    "vi": "và của là có không được cho một người trong với này tôi anh các đã",
}
_MARKS: Final = {
    **dict.fromkeys("ß", "de"),
    **dict.fromkeys("ñ¿¡", "es"),
    **dict.fromkeys("ãõ", "pt"),
    **dict.fromkeys("ğış", "tr"),
    **dict.fromkeys("łąęśźż", "pl"),
    **dict.fromkeys("řůě", "cs"),
    **dict.fromkeys("țșă", "ro"),
    **dict.fromkeys("őű", "hu"),
    **dict.fromkeys("đơưạảấầẩậắằặẹẻẽếềểệịọỏốồổộớờởợụủứừửựỳỵỷỹ", "vi"),
    **dict.fromkeys("œ", "fr"),
    "ø": "da nb",
}
"""Letters that are usual in one language, or two, and rare in the others of `_COMMON`."""
_UKRAINIAN: Final = re.compile("[іїєґ]")
_RUSSIAN: Final = re.compile("[ыэё]|ъ(?=[еёюя])")
_BULGARIAN: Final = re.compile("ъ(?![еёюя])")
"""In Russian the hard sign stands before these vowels only; in Bulgarian it is one itself."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_SAMPLE: Final = 4000
"""Characters that are looked at."""
_MARK, _TOO_FEW = 3.0, 2.8
"""What a letter of `_MARKS` counts, and more than what tells another language than English: a word
of two letters counts 2.83, single letters 1, so "e.g." and "A.B.C." stay English."""


def language_of(text: str) -> str:
    """Return the language of a text, for example "en"; "en" when nothing tells another."""
    sample = unicodedata.normalize("NFC", text[:_SAMPLE]).casefold()
    scripts: Counter[str] = Counter()
    for letter in sample:
        if letter.isalpha() and ord(letter) > 0x24F:
            name = unicodedata.name(letter, "")
            scripts.update(code for begin, code in _SCRIPTS if name.startswith(begin))
    letters = sum(letter.isalpha() for letter in sample)
    if scripts and sum(scripts.values()) > letters / 2:
        # Japanese is written with Chinese signs, too
        found = "ja" if scripts["ja"] else scripts.most_common(1)[0][0]
        return _cyrillic(sample) if found == "ru" else found
    return _by_words(sample)


def _cyrillic(sample: str) -> str:
    """Tell languages in Cyrillic letters apart by those that only some of them have."""
    if "ў" in sample:
        return "be"
    counts = {
        code: len(letters.findall(sample))
        for code, letters in (("ru", _RUSSIAN), ("uk", _UKRAINIAN), ("bg", _BULGARIAN))
    }
    return max(counts, key=lambda code: counts[code])


def _by_words(sample: str) -> str:
    words = Counter(_WORD.findall(sample))
    found = {
        code: sum(_weight(word) * words[word] for word in common)
        for code, common in _common_words().items()
    }
    for letter in sample:
        if letter in _MARKS:
            for code in _MARKS[letter].split():
                found[code] += _MARK
    best = max(found, key=lambda code: found[code])
    return best if found[best] > max(found["en"], _TOO_FEW) else "en"


@functools.cache
def _common_words() -> dict[str, frozenset[str]]:
    return {code: frozenset(words.split()) for code, words in _COMMON.items()}


@functools.cache
def _weight(word: str) -> float:
    """Return what a common word counts: long ones more, those of several languages less."""
    shared = sum(word in words for words in _common_words().values())
    return float(min(len(word), 3) ** 1.5 / shared**0.5)
