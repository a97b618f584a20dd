"""The nodes, by description."""

from __future__ import annotations

from sadtalker_ext.directions import EMOTIONS, GAZES, GESTURES
from sadtalker_ext.dubbing.request import LENGTHS
from sadtalker_ext.motion.formats.files import SUFFIXES
from sadtalker_ext.options import option_spec, option_specs
from sadtalker_ext.shells.comfyui import jobs, more_jobs
from sadtalker_ext.shells.comfyui.describe import OPTIONS, Input, Node, Output, from_option

_ON_TALK = ("engine", "preprocess", "head_motion", "expression_scale", "fps", "quality")
"""Options that the node Talk shows itself; all others are on the node of all options."""
_ON_SPEAK = ("text", "voice", "speech_rate", "speech_pitch")
_NOT_HERE = ("keep_partial", "format")
"""Options that mean nothing here: a VIDEO is always an mp4, and saving is another node's work."""


def nodes() -> tuple[Node, ...]:
    """Return all nodes, in the order of the host's menu."""
    return (_talk(), _speak(), _direct(), _dub(), _motion(), _options())


def _wire(name: str, kind: str, help: str, *, optional: bool = False) -> Input:
    return Input(name=name, kind=kind, help=help, optional=optional)


def _more_options() -> Input:
    return _wire("options", OPTIONS, "From SadTalker Options: every other option.", optional=True)


def _made() -> tuple[Output, ...]:
    return (
        Output(name="video", kind="VIDEO", help="The video with its sound; save it by Save Video."),
        Output(name="images", kind="IMAGE", help="Every frame, as a batch, if frames is on."),
        Output(name="audio", kind="AUDIO", help="The sound of the video."),
        Output(name="report", kind="STRING", help="Size, length, seed and warnings, as JSON."),
    )


def _seed() -> Input:
    seed = option_spec("seed")
    return Input(
        name="seed", kind="INT", help=seed.help, default=0, low=0, high=seed.high, drawn=True
    )


def _said() -> tuple[Input, Input]:
    text = Input(
        name="text",
        kind="STRING",
        help="Spoken instead of a sound, by one of this machine's voices.",
        default="",
        lines=True,  # not optional: the host shows optional widgets below all others
    )
    return _wire("audio", "AUDIO", "What is said; left out with a text.", optional=True), text


def _frames() -> Input:
    return Input(
        name="frames",
        kind="BOOLEAN",
        help="Also give every frame as a batch, which takes 12 bytes a pixel.",
        default=False,
    )


def _portrait() -> Input:
    return _wire("portrait", "IMAGE", "The picture of a face; of a batch the first one.")


def _talk() -> Node:
    return Node(
        id="SadTalkerTalk",
        title="SadTalker Talk",
        help="Makes a portrait speak a sound or a text. The result is marked as synthetic.",
        inputs=(
            _portrait(),
            *_said(),
            _seed(),
            *(from_option(option_spec(name)) for name in _ON_TALK),
            _frames(),
            _more_options(),
        ),
        outputs=_made(),
        run=jobs.talk,
    )


def _speak() -> Node:
    return Node(
        id="SadTalkerSpeak",
        title="SadTalker Speak",
        help="Speaks a text with one of this machine's voices.",
        inputs=tuple(from_option(option_spec(name)) for name in _ON_SPEAK),
        outputs=(Output(name="audio", kind="AUDIO", help="The spoken text."),),
        run=jobs.speak_text,
    )


def _direct() -> Node:
    nothing = more_jobs.NOTHING
    return Node(
        id="SadTalkerDirect",
        title="SadTalker Direct",
        help="Tells the face what to do at a time, for the input options; several in a row.",
        inputs=(
            _moment("at", "When it begins, in seconds."),
            _moment("until", "When it ends, in seconds; 0: with the next of its kind."),
            _choice("emotion", "What is felt from then on.", (nothing, *EMOTIONS)),
            _choice("gaze", "Where the eyes look.", (nothing, *GAZES)),
            _choice("gesture", "What is done once.", (nothing, *GESTURES)),
            Input(
                name="intensity", kind="FLOAT", help="How much.",
                default=1.0, low=0.0, high=1.0, step=0.05,
            ),
            _more_options(),
        ),
        outputs=(Output(name="options", kind=OPTIONS, help="For the input options."),),
        run=more_jobs.direct,
    )  # fmt: skip


def _moment(name: str, help: str) -> Input:
    return Input(name=name, kind="FLOAT", help=help, default=0.0, low=0.0, high=3600.0, step=0.1)


def _choice(name: str, help: str, words: tuple[str, ...]) -> Input:
    return Input(name=name, kind="COMBO", help=help, default=words[0], choices=words)


def _dub() -> Node:
    return Node(
        id="SadTalkerDub",
        title="SadTalker Dub",
        help="Makes a person of a video say something else. The result is marked as synthetic.",
        inputs=(
            _wire("video", "VIDEO", "The video; only mouths change."),
            *_said(),
            _choice("face", "Who speaks, counted by size.", ("largest", "all", "0", "1", "2", "3")),
            _choice("length", "Where speech and video are not equally long.", LENGTHS),
            Input(
                name="keep_audio", kind="FLOAT", help="How much of the video's own sound is kept.",
                default=0.0, low=0.0, high=1.0, step=0.05,
            ),
            _seed(),
            _frames(),
            _more_options(),
        ),
        outputs=_made(),
        run=more_jobs.dub,
    )  # fmt: skip


def _motion() -> Node:
    return Node(
        id="SadTalkerMotion",
        title="SadTalker Motion to file",
        help="Writes what a face would do into a file for other programs, without a video.",
        inputs=(
            _portrait(),
            *_said(),
            _choice(
                "file_format", "Live Link Face, VRM animation, ARKit, Live2D, or ours.", SUFFIXES
            ),
            Input(
                name="filename_prefix", kind="STRING", help="Where in ComfyUI's output folder.",
                default="motion/sadtalker",
            ),
            _seed(),
            _more_options(),
        ),
        outputs=(Output(name="file", kind="STRING", help="Where the file lies."),),
        run=more_jobs.motion_to_file,
        ends=True,
    )  # fmt: skip


def _options() -> Node:
    shown = {*_ON_TALK, *_NOT_HERE, "text", "seed"}
    return Node(
        id="SadTalkerOptions",
        title="SadTalker Options",
        help="Every option that the other nodes do not show themselves; unchanged ones do nothing.",
        inputs=(
            *(from_option(spec) for spec in option_specs() if spec.name not in shown),
            _more_options(),
        ),
        outputs=(Output(name="options", kind=OPTIONS, help="For the input options."),),
        run=jobs.choose_options,
    )
