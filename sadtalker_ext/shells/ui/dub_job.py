"""What a dubbing from the tab is asked for: a video, or a picture whose people talk in turn."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadtalker_ext.dubbing.lengths import LENGTHS
from sadtalker_ext.errors import InputError, InvalidOption, UnreadableVideo
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui import roles as casting
from sadtalker_ext.shells.ui.contract import TabHost
from sadtalker_ext.shells.ui.uploads import uploads_of
from sadtalker_ext.types import Picture

if TYPE_CHECKING:
    from sadtalker_ext.service import DubRequest

PICTURE, VIDEO = KINDS = (casting.PICTURE, casting.VIDEO)
LENGTH_WORDS = dict(
    zip(
        ("Hold the last frame", "Run back and forth", "End with the shorter one"),
        LENGTHS,
        strict=True,
    )
)
BETWEEN_WORDS: Mapping[str, float | None] = {
    "As much as under the speech": None,
    "All of it": 1.0,
    "Half of it": 0.5,
    "Nothing of it": 0.0,
}
"""How much of a video's own sound stays where nothing new is said."""
_LETTERS = frozenset("ABCDEFGH")
_COARSE = 8
_FADING_SECONDS = 5.0
"""A video that begins with black has faded in by then."""


def is_dialogue(text: str) -> bool:
    """Tell whether a text is said by several people.

    It begins with a letter and a colon, and so does every turn; a turn may go on in further lines.
    """
    from sadtalker_ext.speech.parts import speakers_of

    try:
        names = speakers_of(text)
    except InvalidOption:
        return False
    return len(names) >= 2 and _LETTERS.issuperset(names)


def request_of(
    values: Mapping[str, Any],
    options: GenerateOptions,
    *,
    source: Path,
    speech: Path | None,
    output: Path,
    others: Sequence[casting.Speaker] = (),
) -> DubRequest:
    """Return what is asked for.

    Args:
        values: Values of `footage.FootageParts.inputs` by name, and `picture_boxes`.
        options: Options by name.
        source: The video, or a picture of several people.
        speech: A sound file; None where a text is spoken.
        output: The .mp4 to write.
        others: Further speakers.

    Raises:
        InvalidOption: Speakers cannot have the faces they were given.
    """
    from sadtalker_ext.service import DubRequest, DubRole, default_roles

    dialogue = options.text if speech is None and is_dialogue(options.text) else ""
    if dialogue:
        roles = default_roles(dialogue)
        options = dataclasses.replace(options, text="")
    else:
        roles = (DubRole(speech=speech, text="" if speech else options.text),)
    in_video = values.get("source_kind") == VIDEO
    boxes, chosen = values.get("source_boxes") or [], int(values.get("source_chosen") or 0)
    box = None
    if others:
        numbered = boxes if in_video else values.get("picture_boxes") or []
        face = min(chosen, max(len(boxes) - 1, 0)) if in_video else options.face_index
        (first,) = roles
        roles = casting.cast_roles(first, others, face=face, boxes=numbered, in_video=in_video)
    elif not dialogue and in_video and len(boxes) > 1:
        left, top, right, bottom = boxes[min(chosen, len(boxes) - 1)]
        box = (int(left), int(top), int(right), int(bottom))
    return DubRequest(
        video=source,
        output=output,
        roles=roles,
        dialogue=dialogue,
        options=options,
        keep_audio=float(values.get("keep_audio") or 0.0),
        keep_outside=BETWEEN_WORDS.get(str(values.get("keep_outside"))),
        length=LENGTH_WORDS.get(str(values.get("length")), LENGTHS[0]),
        box=box,
        beside=True,
    )


def further_speakers(values: Mapping[str, Any], options: GenerateOptions) -> list[casting.Speaker]:
    """Return the speakers that were added beside the first one; raises as the function of `roles`.

    Args:
        values: All values of the tab by name.
        options: Options by name.

    Raises:
        InvalidOption: The first speaker says nothing, or its text is a dialogue.
    """
    others = casting.further_speakers(values, options)
    if others and options.idle_seconds:
        raise InvalidOption(
            "The first speaker says nothing, Idle was chosen.",
            hint="Choose File, Microphone or Text, or take the other speakers out.",
        )
    if others and is_dialogue(options.text):
        raise InvalidOption(
            "The text is said by several people already, and further speakers were added.",
            hint="Write only what the first speaker says, or take the other speakers out.",
        )
    return others


def video_of(values: Mapping[str, Any], options: GenerateOptions) -> Path:
    """Return the video that was given.

    Raises:
        UnreadableVideo: None was.
        InvalidOption: What was chosen beside does not go with a video.
    """
    if not values["source_video"]:
        raise UnreadableVideo("The video is missing.", hint="Drop one on the field Portrait.")
    if options.idle_seconds:
        raise InvalidOption(
            "A video needs speech, Idle was chosen.", hint="Choose File, Microphone or Text."
        )
    return Path(values["source_video"])


def check_footage(host: TabHost, path: Path) -> None:
    """Look at an upload in a process of its own, where others than the page's owner send some.

    Raises:
        InputError: It cannot be used.
    """
    from sadtalker_ext.inputs.looking import Part

    check = uploads_of(host)
    if check is not None:
        check.inspector.look_at_driving(path, Part(), check.bounds)


def still_of(path: Path) -> Picture:
    """Return the first frame of a video that shows something, upright.

    Raises:
        InputError: It cannot be read.
    """
    from sadtalker_ext.inputs.animation import PLAIN_LEVELS
    from sadtalker_ext.inputs.video import open_driving

    driving, best, contrast = open_driving(path), None, -1.0
    for seconds, frame in driving.read():
        here = float(frame[::_COARSE, ::_COARSE].mean(axis=-1).std())
        if here > contrast:
            best, contrast = frame, here
        if contrast >= PLAIN_LEVELS or seconds > _FADING_SECONDS:
            break
    if best is None:
        raise InputError(f"{path.name} should hold pictures, but none can be decoded.")
    return Picture(pixels=best, name=path.name)


def write_picture(picture: Picture, folder: Path) -> Path:
    """Write a picture with its generation parameters into a folder and return the file."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    said = PngInfo()
    if picture.parameters:
        said.add_text("parameters", picture.parameters)
    path = folder / f"{Path(picture.name).stem or 'picture'}.png"
    Image.fromarray(picture.pixels).save(path, pnginfo=said)
    return path
