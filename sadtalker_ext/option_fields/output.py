"""What becomes of the frames: restoration, size, blending, rate and file format."""

from __future__ import annotations

from dataclasses import dataclass

from sadtalker_ext.option_fields.declare import option


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """What becomes of the frames: restoration, size, blending, rate and file format."""

    enhancer: str = option(
        "none",
        "Face restoration",
        "Restore the face that talks in every frame by a network of its own; other faces stay as "
        "they are. Takes long without a graphics card.",
        "look",
        choices=("none", "gfpgan", "codeformer", "restoreformer"),
    )
    enhancer_strength: float = option(
        0.8,
        "Restoration strength",
        "How much of the restoration is used.",
        "output",
        low=0.0,
        high=1.0,
    )
    upscaler: str = option(
        "none",
        "Upscaler",
        "Enlarge every frame by one of the WebUI's upscalers, or by a model file in a weight "
        "folder; doubles the size unless one is asked for.",
        "output",
    )
    output_side: int = option(
        0,
        "Size of the video",
        "Longer side of the video; 0 keeps the picture's own.",
        "output",
        unit="pixels",
        low=0,
        high=4096,
    )
    blend: str = option(
        "soft",
        "Blend",
        "How the face goes back into the whole picture: soft keeps the picture's own pixels around "
        "the face; poisson is the original's way.",
        "output",
        choices=("soft", "poisson"),
    )
    fps: float = option(
        25.0,
        "Frames per second",
        "Frame rate of the video.",
        "output",
        unit="per second",
        low=10.0,
        high=60.0,
    )
    format: str = option(
        "mp4",
        "Format",
        "mp4 (H.264 and AAC), webm (VP9 and Opus), mov (ProRes 4444 and PCM, large, for editing), "
        "gif (no sound), or png: a zip of frames with the speech as WAV.",
        "output",
        choices=("mp4", "webm", "mov", "gif", "png"),
    )
    alpha: bool = option(
        False,
        "Keep transparency",
        "A transparent background of the picture stays transparent in the video, in the formats "
        "that can: webm, mov and png.",
        "output",
    )
    quality: int = option(
        18,
        "Quality",
        "Quality of mp4 and webm (CRF): lower is better and larger.",
        "output",
        low=0,
        high=51,
    )
    captions: str = option(
        "none",
        "Captions",
        "Captions of a spoken text, or of a transcript that fits the sound: track puts them into "
        "the mp4, to be turned on in the player; srt and vtt write a file beside the video.",
        "output",
        choices=("none", "track", "srt", "vtt"),
    )
