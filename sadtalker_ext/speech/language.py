"""Which language a text is in: by its letters, else by its commonest words."""

from __future__ import annotations

import unicodedata

_LETTERS = (
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

_WORDS = {
    "en-us": "the and of to in is you that it he was for on are with as his they at be this "
    "have from or had by but what we can your she which do their if will not my",
    "de": "der die und das in zu den ist nicht von mit sich des auf für im dem ein eine als auch "
    "es an werden aus er hat dass sie nach bei wir ich um noch wie",
    "fr": "le la les de des et un une est en que qui dans pour pas sur au avec ce il elle se "
    "ne sont par plus nous vous mais ou je du ma mon ton",
    "es": "el la los las de que y en un una es por con no para su al lo como más pero sus le ya "
    "se del mi muy esta este",
    "it": "il la di che e un una è in per non con del della si sono come anche più ma gli le nel "
    "al da questo questa mio",
    "pt": "o a os as de que e em um uma é do da não para com por mais se no na como mas ao dos "
    "das foi ele ela você",
    "nl": "de het een en van in is dat op te niet zijn met voor er aan maar ook om als bij naar "
    "dan ik je hij zij wij",
    "sv": "och att det i en som är på av för med till den har de inte om ett men jag han "
    "hon vi var",
    "da": "og i at det er en til på som de med han af for ikke der var et den jeg hun vi",
    "fi": "ja on ei se että hän oli ovat mutta kun niin minä sinä me te tämä myös",
    "pl": "i w na z do się nie że to jest o jak za po co tak ale od czy przez jego jej mi już moja",
    "cs": "a v se na je že to s z do o k i za by ale jsem jako po pro tak co",
    "tr": "ve bir bu da de için çok ile ne o ama gibi daha var yok ben sen bana olan",
    "ro": "și de la în a cu pe nu o un care este să din mai ce pentru dar al",
    "hu": "a az és hogy nem is egy ez de van meg már csak volt azt mint ha",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke ada kita",
    "vi": "và của là có không được cho một người trong với này tôi anh các đã",
}
_MARKS = {
    **dict.fromkeys("ßẞ", "de"),
    **dict.fromkeys("ñ¿¡", "es"),
    **dict.fromkeys("ãõ", "pt"),
    **dict.fromkeys("ğışİ", "tr"),
    **dict.fromkeys("łąęśźż", "pl"),
    **dict.fromkeys("řůě", "cs"),
    **dict.fromkeys("țșă", "ro"),
    **dict.fromkeys("őű", "hu"),
    **dict.fromkeys("đơưạảấầẩậắằặẹẻẽếềểệịọỏốồổộớờởợụủứừửựỳỵỷỹ", "vi"),
    **dict.fromkeys("œçêè", "fr"),
    "ø": "da",
}


def language_of(text: str) -> str:
    """Return the code of the language of a text, as espeak-ng names it; English in doubt."""
    plain = unicodedata.normalize("NFC", text).casefold()
    letters = [one for one in plain if one.isalpha()]
    if not letters:
        return "en-us"
    scripts: dict[str, int] = {}
    for one in letters:
        name = unicodedata.name(one, "")
        language = next((language for begin, language in _LETTERS if name.startswith(begin)), "")
        scripts[language] = scripts.get(language, 0) + 1
    if scripts.get("ja", 0) > 0.1 * len(letters):
        return "ja"
    most = max(scripts, key=lambda one: scripts[one])
    return most or _by_words(plain)


def _by_words(plain: str) -> str:
    words = "".join(one if one.isalpha() else " " for one in plain).split()
    points = {
        language: sum(word in common for word in words) * 1.0
        for language, common in ((one, set(many.split())) for one, many in _WORDS.items())
    }
    for letter in plain:
        if letter in _MARKS:
            points[_MARKS[letter]] += 0.7
    return max(points, key=lambda one: points[one])
