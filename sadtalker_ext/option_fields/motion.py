"""Who moves the face, how much of the picture shows, and how head, eyes and mouth move."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from sadtalker_ext.engines.registry import engine_names
from sadtalker_ext.option_fields.declare import option

_GIVEN = ("pose", "blink", "brows", "gaze", "mouth")
_USES = tuple("+".join(some) for size in range(1, 6) for some in combinations(_GIVEN, size))
"""What a driving video may give: each part by name, and any of them together."""


@dataclass(frozen=True, kw_only=True)
class MotionOptions:
    """Who moves the face, how much of the picture shows, and how head, eyes and mouth move."""

    engine: str = option(
        "auto",
        "Engine",
        "Which engine moves the face; auto takes the best one that is installed.",
        "look",
        choices=("auto", *engine_names()),
    )
    preprocess: str = option(
        "auto",
        "Framing",
        "How much of the picture the video shows: crop is the head, full the whole picture; auto "
        "takes full when the face fills less than about half of the picture's height.",
        "look",
        choices=("auto", "crop", "extcrop", "resize", "full", "extfull"),
    )
    size: int = option(
        256,
        "Face resolution",
        "Side of the rendered face: 256 or 512.",
        "engine",
        unit="pixels",
        choices=(256, 512),
    )
    face_index: int = option(
        0, "Face", "Which face, counted from the largest.", "look", low=0, high=99
    )
    face_points: str = option(
        "",
        "Face points",
        "Where eyes, brows, mouth and chin are, where no face is found (drawings, animals, "
        "statues): JSON as docs/face-points.md describes it.",
        "look",
        structured=True,
    )
    pose_style: int = option(
        0,
        "Head motion style",
        "One of the 46 styles of head motion the model learned.",
        "head and eyes",
        low=0,
        high=45,
    )
    head_motion: float = option(
        1.0, "Head motion amount", "How much the head moves.", "look", low=0.0, high=2.0
    )
    still: bool = option(False, "Still", "Keep the head still; the face stays alive.", "look")
    expression_scale: float = option(
        1.0,
        "Expression",
        "Strength of the facial expression.",
        "look",
        low=0.0,
        high=3.0,
    )
    mouth_scale: float = option(
        1.0, "Mouth opening", "Strength of the mouth's movement.", "look", low=0.0, high=2.0
    )
    blink: str = option(
        "natural",
        "Blinking",
        "natural varies like people do; original repeats the reference model's rhythm.",
        "head and eyes",
        choices=("off", "natural", "original"),
    )
    blink_rate: float = option(
        20.0,
        "Blink rate",
        "Blinks per minute when blinking is natural.",
        "head and eyes",
        unit="per minute",
        low=0.0,
        high=40.0,
    )
    gaze: str = option(
        "natural",
        "Gaze",
        "Small movements of the eyes, or eyes fixed as in the picture.",
        "head and eyes",
        choices=("fixed", "natural"),
    )
    eye_layer: bool = option(
        True,
        "Paint the eyes",
        "Gaze, winks and lids that the model has no numbers for are painted over its face, only "
        "where something asks for them.",
        "head and eyes",
    )
    head_yaw: float = option(
        1.0, "Turning", "How much the head turns sideways.", "head and eyes", low=0.0, high=2.0
    )
    head_pitch: float = option(
        1.0, "Nodding", "How much the head nods.", "head and eyes", low=0.0, high=2.0
    )
    head_roll: float = option(
        1.0, "Tilting", "How much the head tilts.", "head and eyes", low=0.0, high=2.0
    )
    yaw: str = option(
        "",
        "Yaw path",
        "Free view: the head turns through these angles at constant speed, such as 0, 15, -15.",
        "head and eyes",
        unit="degrees",
        low=-90.0,
        high=90.0,
        numbers=True,
        aliases=("input_yaw",),
    )
    pitch: str = option(
        "",
        "Pitch path",
        "Free view: the head nods through these angles at constant speed.",
        "head and eyes",
        unit="degrees",
        low=-90.0,
        high=90.0,
        numbers=True,
        aliases=("input_pitch",),
    )
    roll: str = option(
        "",
        "Roll path",
        "Free view: the head tilts through these angles at constant speed.",
        "head and eyes",
        unit="degrees",
        low=-90.0,
        high=90.0,
        numbers=True,
        aliases=("input_roll",),
    )
    reference_use: str = option(
        "pose+blink",
        "Borrow from the reference video",
        "What a driving video gives: its head movement (pose), blinks, brows, gaze, mouth, several "
        "joined by +, or all: its whole motion and its sound.",
        "head and eyes",
        choices=(*_USES, "all"),
        menu=("pose", "blink", "pose+blink", *_GIVEN[2:], _USES[-1], "all"),
        aliases=("driving_use", "driving-use"),
    )
    emotion: str = option(
        "neutral",
        "Emotion",
        "Emotion of the whole video: neutral, happy, sad, angry, surprised, disgusted, fearful, "
        "contempt, a blend such as happy:0.6+surprised:0.4, or auto, which follows the voice.",
        "acting",
    )
    emotion_intensity: float = option(
        1.0, "Emotion strength", "How strong the emotion is.", "acting", low=0.0, high=1.0
    )
    acting: str = option(
        "subtle",
        "Acting",
        "How much brows, head and gaze act out the speech: off is calm, lively adds nods, smiles "
        "and raised brows at questions, stresses and the ends of phrases.",
        "acting",
        choices=("off", "subtle", "lively"),
    )
    timeline: str = option(
        "",
        "Timeline",
        "What the face does when: a JSON list of entries with at, until and an emotion, a blend, "
        "controls, a gaze, a gesture or a head pose; see docs/directing.md.",
        "acting",
        structured=True,
    )
