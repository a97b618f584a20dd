"""What is said, and by which voice."""

from __future__ import annotations

from dataclasses import dataclass

from sadtalker_ext.option_fields.declare import option


@dataclass(frozen=True, kw_only=True)
class SpeechOptions:
    """What is said, and by which voice."""

    text: str = option(
        "",
        "Text",
        "Speak this text instead of a sound file.",
        "speech",
    )
    voice: str = option(
        "",
        "Voice",
        "Which of this machine's voices speaks the text; empty takes the best for its language.",
        "speech",
    )
    speech_rate: float = option(
        1.0, "Speech rate", "Speed of the voice.", "speech", unit="times", low=0.5, high=2.0
    )
    speech_pitch: float = option(
        0.0, "Speech pitch", "Pitch of the voice, lower or higher.", "speech", low=-50.0, high=50.0
    )
    transcript: str = option(
        "",
        "Transcript",
        "What is said in the sound file, as text or captions (SRT, VTT); lips then know the words. "
        "Words that do not fit the sound are left out.",
        "speech",
    )
    idle_seconds: float = option(
        0.0,
        "Idle",
        "Without speech: breathe, blink and look around for this long.",
        "speech",
        unit="seconds",
        low=0.0,
        high=600.0,
    )
    audio_start: float = option(
        0.0,
        "Start",
        "Where the speech begins in the file.",
        "speech",
        unit="seconds",
        low=0.0,
        high=86400.0,
    )
    audio_end: float = option(
        0.0,
        "End",
        "Where the speech ends in the file; 0 means its end.",
        "speech",
        unit="seconds",
        low=0.0,
        high=86400.0,
    )
    pad_audio: float = option(
        0.0,
        "Silence at the end",
        "Silence added after the speech.",
        "speech",
        unit="seconds",
        low=0.0,
        high=60.0,
    )
    audio_track: int = option(
        0,
        "Sound track",
        "Which sound track of the file is used; 0 takes the best, or the first that is not silent.",
        "speech",
        low=0,
        high=99,
    )
