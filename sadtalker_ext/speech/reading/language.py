"""Guessing the language of a text, to choose a voice."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

_SCRIPTS: Final = (
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("HANGUL", "ko"),
    ("CJK", "cmn"),
    ("CYRILLIC", "ru"),
    ("GREEK", "el"),
    ("ARABIC", "ar"),
    ("HEBREW", "he"),
    ("DEVANAGARI", "hi"),
    ("BENGALI", "bn"),
    ("TAMIL", "ta"),
    ("TELUGU", "te"),
    ("THAI", "th"),
    ("GEORGIAN", "ka"),
    ("ARMENIAN", "hy"),
)
_COMMON: Final = {
    "en": "the and of to is in that it you was for with are this have not be he she they we i my "
    "what hello yes please thank your on at but from will would can",
    "de": "der die das und ist nicht ein eine ich sie wir mit auf zu den von dem es wie auch sich "
    "guten hallo ja nein für haben wird bin war",
    "fr": "le la les et est une un des que je vous nous pas pour dans avec sur qui ce cette il "
    "elle bonjour merci oui non du au sont suis",
    "es": "el la los las y es una un que no por para con en del se su al lo como más hola gracias "
    "sí pero está son muy",
    "it": "il lo gli e è una un che non per con di del della sono ciao grazie sì ma come questo "
    "anche ho più mi",
    "pt": "o os as e é uma um que não por para com em do da no na se eu você olá obrigado sim mas "
    "como está mais são",
    "nl": "de het een en is niet ik je van dat wij met op te zijn voor maar ook hallo dank ja nee "
    "wat hoe deze",
    "pl": "i w na nie to jest się z że do jak ale co czy dziękuję tak ja ten ta są był",
    "sv": "och är det en ett inte jag du vi som på med för att av har hej tack ja nej den var",
    "tr": "ve bir bu da de için ne ben sen çok değil var yok merhaba evet hayır ile",
    "cs": "a je se na to že v ne jsem jsi ale jak co ano dobrý den děkuji byl s pro",
    "fi": "ja on ei se että minä sinä hän me mutta kun niin hei kiitos kyllä ovat oli",
}
_WORD: Final = re.compile(r"[^\W\d_]+")
_SAMPLE = 4000  # characters that are looked at
_TOO_FEW = 3
"""A word of two letters counts 4, single letters 1: "e.g." and "A.B.C." are no other language."""


def guess_language(text: str) -> str:
    """Return the language of a text, for example "en"; "en" when nothing tells another."""
    sample = text[:_SAMPLE]
    scripts: Counter[str] = Counter()
    for letter in sample:
        if letter.isalpha() and ord(letter) > 0x24F:
            name = unicodedata.name(letter, "")
            scripts.update(code for script, code in _SCRIPTS if name.startswith(script))
    letters = sum(letter.isalpha() for letter in sample)
    if scripts and sum(scripts.values()) > letters / 2:
        # Japanese is written with Chinese signs, too
        return "ja" if scripts["ja"] else scripts.most_common(1)[0][0]
    words = Counter(_WORD.findall(sample.lower()))
    found = {
        code: sum(min(len(word), 2) ** 2 * words[word] for word in common.split())
        for code, common in _COMMON.items()
    }
    best = max(found, key=lambda code: found[code])
    return best if found[best] > max(found["en"], _TOO_FEW) else "en"
