"""What is asked of the service: one video, and the opening of what it is made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.encoder.output_file import check_output
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.face_points import read_face_points
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.inputs.video import has_sound, open_driving, picture_start
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Driving, Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.speech.transcript import spoken_text
from sadtalker_ext.types import Picture, Speech
from sadtalker_ext.weights.store import WeightStore

if TYPE_CHECKING:
    from sadtalker_ext.provenance.credentials import OwnCertificate


_OF_FILES = ("audio_start", "audio_end", "audio_track", "transcript")
"""Options of a sound file."""
_OF_TEXTS = ("voice", "speech_rate", "speech_pitch")
"""Options of a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One video to make.

    Attributes:
        picture: A picture file, or a picture already in memory.
        speech: A file with sound, or None for an idle video.
        output: The video to write; ``.mp4`` gives way to the extension of another format.
        options: How to make it.
        overwrite: Whether an existing output may be replaced.
        beside: Whether the video may get a similar name where that of the output is taken: two
            programs may number their videos in one folder.
        reference_video: A video (or picture) whose motion is borrowed, as `options.reference_use`
            says. Not an option, so that no request from outside can name a file of this machine.
        blink_video: Another one, for the blinks alone.
        landmarks_file: 68 landmarks of the face, or named points as the option `face_points`; no
            option either.
        motion_plot: A .png file to draw the motion into, over time and beside the sound.
        captions_file: A .srt or .vtt file for the captions.
        phones_files: Files for the sounds with their times: .TextGrid, .visemes.json, or .json as
            Rhubarb writes it.
        motion_file: What the face does, instead of planning it; see `motion.formats`.
        motion_files: Files to write the motion into, in the formats of their names.
        own_certificate: Signs the C2PA manifest; by default what the environment names.
    """

    picture: Path | Picture
    speech: Path | None
    output: Path
    options: GenerateOptions
    overwrite: bool = False
    beside: bool = False
    reference_video: Path | None = None
    blink_video: Path | None = None
    landmarks_file: Path | None = None
    motion_plot: Path | None = None
    captions_file: Path | None = None
    phones_files: tuple[Path, ...] = ()
    motion_file: Path | None = None
    motion_files: tuple[Path, ...] = ()
    own_certificate: OwnCertificate | None = None

    @property
    def target(self) -> Path:
        """The file that will be there: `output` with the extension of its format."""
        mp4 = self.output.suffix == ".mp4"
        return self.output.with_suffix(self.options.suffix) if mp4 else self.output

    @property
    def captions_target(self) -> Path | None:
        """The file the captions go to, if any."""
        if self.captions_file is None and self.options.captions in ("srt", "vtt"):
            return self.target.with_suffix(f".{self.options.captions}")
        return self.captions_file

    @property
    def borrows_all(self) -> bool:
        """Whether motion and sound both come from the reference video."""
        return self.reference_video is not None and self.options.reference_use == "all"


def check_request(request: Request) -> None:
    """Refuse what cannot become a video, before any work.

    Raises:
        InvalidOption: There is nothing to say or to show, or two things to say.
        OutputExists: The plot's file exists.
        OutputUnwritable: The plot cannot be written there.
    """
    said = request.speech is not None or bool(request.options.text)
    if said and request.borrows_all:
        raise InvalidOption(
            "Option reference_use all takes the sound of the reference video, but speech was "
            "given, too.",
            hint="Leave the speech out, or choose reference_use pose+blink.",
        )
    if request.speech is not None and request.options.text:
        raise InvalidOption(
            "Option text is spoken in place of a sound, but a sound was given, too.",
            hint="Leave one of the two out.",
        )
    if said and request.options.idle_seconds:
        raise InvalidOption(
            "Option idle_seconds is for a video without speech, but speech was given, too.",
            hint="Leave one of the two out; pad_audio adds silence behind the speech.",
        )
    _check_references(request)
    moves = request.options.idle_seconds or request.motion_file is not None
    if not said and not moves and not request.borrows_all:
        raise InvalidOption(
            "Speech is needed, none was given.",
            hint="Give a sound file, a text, or idle_seconds for a video without speech.",
        )
    if request.motion_plot is not None:
        check_output(request.motion_plot, overwrite=request.overwrite, suffix=".png")
    if request.motion_files:
        from sadtalker_ext.motion_files import check_motion_files

        check_motion_files(request.motion_files, overwrite=request.overwrite)
    _check_transcripts(request)


def _check_transcripts(request: Request) -> None:
    """Refuse files of captions and phones that have no known format, or cannot be written."""
    captions = request.captions_target
    if captions is None and not request.phones_files:
        return
    from sadtalker_ext.captions.writing import check_captions, check_phones

    if captions is not None:
        check_captions(captions)
    for path in request.phones_files:
        check_phones(path)
    for path in (*request.phones_files, *((captions,) if captions is not None else ())):
        check_output(path, overwrite=request.overwrite, suffix=path.suffix.lower())


def _check_references(request: Request) -> None:
    """Refuse a second video if the first one already gives the blinks, or everything."""
    use = request.options.reference_use
    if request.reference_video and request.blink_video and use in ("all", "blink"):
        taken = "everything" if use == "all" else "the blinks"
        raise InvalidOption(
            f"Option reference_use {use} takes {taken} from the reference video, but a video for "
            "the blinks was given, too.",
            hint="Leave one of the two videos out, or choose reference_use pose+blink.",
        )


def _picture(request: Request) -> Picture:
    """Read the picture, and the landmarks that came with it.

    Raises:
        UnreadableImage: It cannot be read.
        InvalidOption: The file of landmarks cannot be read, or is another picture's.
    """
    given = request.picture
    picture = given if isinstance(given, Picture) else read_picture(given)
    points = read_face_points(request.options.face_points)
    if request.landmarks_file is not None:
        from sadtalker_ext.inputs.landmarks import read_landmarks

        landmarks = read_landmarks(request.landmarks_file, picture.size)
        if isinstance(landmarks, dict):
            points = landmarks
        else:
            picture = dataclasses.replace(picture, landmarks=landmarks)
    return dataclasses.replace(picture, face_points=points) if points else picture


def _speech(
    request: Request, folder: Path, progress: Progress | None, store: WeightStore | None
) -> Speech | None:
    """Open or speak what is to be said; None for a video without sound.

    Args:
        request: Names a sound, a text, or a video whose sound is borrowed.
        folder: Where spoken sound lives while the video is made.
        progress: Told about the speaking of a text.
        store: Where the files of voices are.

    Raises:
        UnreadableAudio: The sound cannot be read.
    """
    options = request.options
    if request.speech is None and options.text:
        from sadtalker_ext.speech.voice import speak  # and its dictionaries, only where it speaks

        spoken = speak(
            options.text,
            folder,
            voice=options.voice,
            rate=options.speech_rate,
            pitch=options.speech_pitch,
            progress=progress,
            store=store,
        )
        unused = _unused(options, _OF_FILES, "a text that is spoken")
        warnings = (*spoken.warnings, *unused)
        return dataclasses.replace(spoken, pad_seconds=options.pad_audio, warnings=warnings)
    path = request.reference_video if request.borrows_all else request.speech
    # motion without sound is a video like any other; only the reading would fail
    if path is None or (request.borrows_all and not has_sound(path)):
        return None
    speech = open_speech(
        path,
        start=options.audio_start,
        end=options.audio_end,
        pad=options.pad_audio,
        track=options.audio_track,
        begins=picture_start(path) if request.borrows_all else None,
    )
    unused = _unused(options, _OF_TEXTS, "a sound that is given")
    text = spoken_text(options.transcript)
    return dataclasses.replace(speech, text=text, warnings=(*speech.warnings, *unused))


def _unused(options: GenerateOptions, names: Sequence[str], what: str) -> tuple[str, ...]:
    return tuple(
        f"Option {name} has no effect on {what}." for name in options.changed() if name in names
    )


def open_request(
    request: Request,
    folder: Path,
    progress: Progress | None = None,
    store: WeightStore | None = None,
) -> tuple[Picture, Performance]:
    """Open everything a request names: its picture, and what drives the face.

    A video for the blinks always gives them. Where the motion of a video is taken over with its
    sound, both begin and end together.

    Args:
        request: Names the files.
        folder: Where spoken sound lives while the video is made.
        progress: Told about the speaking of a text.
        store: Where the files of voices are; the usual search order when not given.

    Raises:
        InvalidOption: There is nothing to say or to show, or two things to say.
        InputError: A file cannot be read.
    """
    check_request(request)
    picture = _picture(request)
    speech = _speech(request, folder, progress, store)
    motion = None
    if request.motion_file is not None:
        from sadtalker_ext.motion.formats.files import read_motion

        motion = read_motion(request.motion_file)
    idle_seconds = request.options.idle_seconds
    if motion is not None and not idle_seconds:
        idle_seconds = len(motion) / motion.fps
    return picture, Performance(
        speech=speech,
        driving=driving_of(request, speech),
        idle_seconds=idle_seconds,
        motion=motion,
    )


def driving_of(request: Request, speech: Speech | None) -> Driving:
    """Open the driving videos of a request.

    Raises:
        UnreadableVideo: A video cannot be read.
    """
    use, options = request.options.reference_use, request.options
    if request.borrows_all and request.reference_video is not None:
        end = options.audio_start + speech.seconds if speech else options.audio_end
        whole = open_driving(request.reference_video, start=options.audio_start, end=end)
        return Driving(whole=whole)
    first = open_driving(request.reference_video) if request.reference_video else None
    other = open_driving(request.blink_video) if request.blink_video else None
    given = use.split("+")
    return Driving(
        head=first if "pose" in given else None,
        lids=other or (first if "blink" in given else None),
        **{part: first for part in ("brows", "gaze", "mouth") if part in given},
    )
