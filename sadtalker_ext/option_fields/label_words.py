"""The words of the visible label, by language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LABEL_WORDS: Final[Mapping[str, str]] = {
    "en": "AI-generated",
    "bg": "Създадено с ИИ",  # noqa: RUF001 - Cyrillic
    "cs": "Vytvořeno pomocí AI",
    "da": "AI-genereret",
    "de": "KI-generiert",
    "el": "Δημιουργήθηκε με ΤΝ",  # noqa: RUF001 - Greek
    "es": "Generado por IA",
    "fi": "Tekoälyn tuottama",
    "fr": "Généré par IA",
    "hu": "MI által készült",
    "id": "Dibuat dengan AI",
    "it": "Generato con IA",
    "ja": "AI生成",
    "ko": "AI 생성",
    "nb": "KI-generert",
    "nl": "Gemaakt met AI",
    "pl": "Wygenerowane przez AI",
    "pt": "Gerado por IA",
    "ro": "Generat cu IA",
    "ru": "Создано ИИ",
    "sk": "Vytvorené pomocou AI",
    "sv": "AI-genererad",
    "tr": "Yapay zekâ ile üretildi",
    "uk": "Створено ШІ",
    "vi": "Tạo bằng AI",
    "zh": "AI生成",
}
"""By ISO 639-1 code. Scripts whose letters must be joined or turned round are left out."""
