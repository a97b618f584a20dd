"""How the work is done and signed: batches, precision, landmarks, seed and mark."""

from __future__ import annotations

from dataclasses import dataclass

from sadtalker_ext.option_fields.declare import option
from sadtalker_ext.option_fields.label_words import LABEL_WORDS

LAYERS = ("metadata", "c2pa", "mark")
"""Ways in which a video tells what it is; see docs/provenance.md."""


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """How the work is done and signed: batches, precision, landmarks, seed and mark."""

    batch_size: int = option(
        0,
        "Batch size",
        "Frames rendered at once; 0 chooses from the free memory.",
        "engine",
        low=0,
        high=64,
    )
    precision: str = option(
        "auto",
        "Precision",
        "Number format of the renderer; auto is float16 on graphics cards fast with it.",
        "engine",
        choices=("auto", "float32", "float16", "bfloat16"),
    )
    landmarks: str = option(
        "auto",
        "Landmarks",
        "Who places the crop: the built-in face mesh or face-alignment; auto takes face-alignment "
        "when its files are there.",
        "engine",
        choices=("auto", "mesh", "face-alignment"),
    )
    original_crop: bool = option(
        False,
        "Original's crop",
        "Cut the head as the original did: tall pictures lose the chin, and the wider crops "
        "(extcrop, extfull) are stretched.",
        "engine",
    )
    debug_overlay: bool = option(
        False, "Show the mesh", "Draw the face's mesh and key points over the frames.", "output"
    )
    seed: int = option(
        -1,
        "Seed",
        "The same seed repeats the video; -1 draws one and writes it down.",
        "output",
        low=-1,
        high=2**32 - 1,
    )
    mark: str = option(
        "metadata",
        "Mark as synthetic",
        "How the video says that it is synthetic: in its metadata, or also by a visible label.",
        "output",
        choices=("none", "metadata", "label"),
    )
    label_language: str = option(
        "auto",
        "Language of the label",
        "In which language the visible label is written; auto takes that of the spoken text, or "
        "English.",
        "output",
        choices=("auto", *LABEL_WORDS),
    )
    provenance: str = option(
        "auto",
        "Provenance",
        "How programs can tell where the video comes from: metadata, a signed C2PA manifest "
        "(c2pa), an invisible mark in the frames (mark). auto takes all that this machine can "
        "make, or none where mark is none.",
        "output",
        parts=LAYERS,
    )
    consent_by: str = option(
        "",
        "Consent given by",
        "Who agreed to the use of the picture or video; kept with time and its hash in a file "
        "beside the result, never inside it.",
        "output",
    )
    keep_partial: bool = option(
        False, "Keep a partial video", "On cancel keep what is done, as NAME.partial.mp4.", "output"
    )
