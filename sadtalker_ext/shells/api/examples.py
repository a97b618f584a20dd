"""Examples for the documentation."""

from __future__ import annotations

from typing import Any

# the smallest PNG there is; real pictures need a face
_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)

TALK_EXAMPLES: dict[str, Any] = {
    "addresses": {
        "summary": "Picture and speech from public addresses, as with D-ID",
        "value": {
            "source_url": "https://example.org/portrait.png",
            "script": {"type": "audio", "audio_url": "https://example.org/speech.mp3"},
            "config": {"stitch": True, "pad_audio": 0.5, "seed": 7},
            "user_data": "order 4711",
        },
    },
    "base64": {
        "summary": "Picture and speech inside the request",
        "value": {
            "source_image": f"data:image/png;base64,{_PIXEL}",
            "script": {"type": "audio", "audio_base64": "UklGRiQAAABXQVZFZm10IBAAAAABAAEA"},
            "config": {"head_motion": 0.5, "quality": 20},
        },
    },
    "text": {
        "summary": "A text, spoken by one of the machine's voices",
        "value": {
            "source_url": "https://example.org/portrait.png",
            "script": {
                "type": "text",
                "input": "Good morning!",
                "provider": {"voice_id": "en-us"},
            },
        },
    },
    "idle": {
        "summary": "No speech: breathe, blink, look around",
        "value": {
            "source_url": "https://example.org/portrait.png",
            "config": {"idle_seconds": 5},
        },
    },
}
