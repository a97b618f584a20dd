"""The nodes, by description."""

from __future__ import annotations

from sadtalker_ext.options import option_spec, option_specs
from sadtalker_ext.shells.comfyui import jobs
from sadtalker_ext.shells.comfyui.describe import OPTIONS, Input, Node, Output, from_option

_ON_TALK = ("engine", "preprocess", "head_motion", "expression_scale", "fps", "quality")
"""Options that the node Talk shows itself; all others are on the node of all options."""
_ON_SPEAK = ("text", "voice", "speech_rate", "speech_pitch")
_NOT_HERE = ("keep_partial", "format")
"""Options that mean nothing here: a VIDEO is always an mp4, and saving is another node's work."""


def nodes() -> tuple[Node, ...]:
    """Return all nodes, in the order of the host's menu."""
    return (_talk(), _speak(), _options())


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


def _talk() -> Node:
    text = Input(
        name="text",
        kind="STRING",
        help="Spoken instead of a sound, by one of this machine's voices.",
        default="",
        lines=True,  # not optional: the host shows optional widgets below all others
    )
    return Node(
        id="SadTalkerTalk",
        title="SadTalker Talk",
        help="Makes a portrait speak a sound or a text. The result is marked as synthetic.",
        inputs=(
            _wire("portrait", "IMAGE", "The picture of a face; of a batch the first one."),
            _wire("audio", "AUDIO", "What is said; left out with a text.", optional=True),
            text,
            _seed(),
            *(from_option(option_spec(name)) for name in _ON_TALK),
            Input(
                name="frames",
                kind="BOOLEAN",
                help="Also give every frame as a batch, which takes 12 bytes a pixel.",
                default=False,
            ),
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
