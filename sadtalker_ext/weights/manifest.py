"""Every weight file the project can use: one declaration.

Sizes and hashes come from public listings. Where only one listing was found, or a size is a
prediction, `WeightFile.note` says so; the hash decides in every case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sadtalker_ext.errors import WeightsMissing
from sadtalker_ext.weights import voice_files
from sadtalker_ext.weights.weight_file import PinnedWheel as PinnedWheel
from sadtalker_ext.weights.weight_file import WeightFile as WeightFile
from sadtalker_ext.weights.weight_file import WheelMember as WheelMember

FEATURES: Final[dict[str, str]] = {
    "face": "the face models: detector, mesh, matte, and two that find hands",
    "phones": "the phone recogniser",
    "voice": "the built-in English voice",
    "sadtalker": "the SadTalker model at 256 pixels, every framing",
    "sadtalker-512": "the SadTalker model at 512 pixels",
    "sadtalker-legacy": "the older, split SadTalker checkpoints (only if you already use them)",
    "face-alignment": "68 landmarks by face-alignment for the SadTalker model",
    "facexlib": "facexlib's detector, landmarks and face parsing",
    "gfpgan": "face restoration by GFPGAN",
    "codeformer": "face restoration by CodeFormer (non-commercial)",
}
"""Names a person can ask for, with the words that explain them."""

MEDIAPIPE_WHEEL: Final = PinnedWheel(
    package="mediapipe",
    version="0.10.21",
    filename="mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl",
    size=35622638,
    sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    python_version="3.11",
    implementation="cp",
    platform="manylinux_2_28_x86_64",
)

HAMA_WHEEL: Final = PinnedWheel(
    package="hama",
    version="1.7.0",
    filename="hama-1.7.0-py3-none-any.whl",
    size=22613600,
    sha256="be48d6379d288fc588ff9a5f609462b2fb81287dd84afaa2dfb1d283cb280c4d",
    python_version="3.11",
    implementation="py",
    platform="any",
)

DETECTOR: Final = "face_detection_short_range.tflite"
MESH: Final = "face_landmark_with_attention.tflite"
SEGMENTER: Final = "selfie_segmentation.tflite"
PALMS: Final = "palm_detection_lite.tflite"
HAND: Final = "hand_landmark_lite.tflite"
RECOGNISER: Final = "asr_waveform.hama"
VOCABULARY: Final = "g2p_vocab.json"

_SADTALKER = "https://github.com/OpenTalker/SadTalker/releases/download"
_MIRROR = "https://huggingface.co/vinthony"
_FACEXLIB = "https://github.com/xinntao/facexlib/releases/download"
_FAN = "https://www.adrianbulat.com/downloads/python-fan"
_APACHE = "Apache-2.0"
_SADTALKER_LICENCE = "Apache-2.0 (its model cards also say MIT)"
_ONE_LISTING = "one listing"


def _face_model(folder: str, name: str, size: int, sha256: str) -> WeightFile:
    member = f"mediapipe/modules/{folder}/{name}"
    return WeightFile(
        name=name,
        size=size,
        sha256=sha256,
        sources=(WheelMember(wheel=MEDIAPIPE_WHEEL, member=member),),
        licence=_APACHE,
        needed_for=("face",),
    )


def _hama(name: str, size: int, sha256: str) -> WeightFile:
    return WeightFile(
        name=name,
        size=size,
        sha256=sha256,
        sources=(WheelMember(wheel=HAMA_WHEEL, member=f"hama/assets/{name}"),),
        licence=_APACHE,
        needed_for=("phones",),
    )


def _sadtalker(
    name: str, size: int, sha256: str, features: tuple[str, ...], *, note: str = ""
) -> WeightFile:
    return WeightFile(
        name=name,
        size=size,
        sha256=sha256,
        sources=(
            f"{_SADTALKER}/v0.0.2-rc/{name}",
            f"{_MIRROR}/SadTalker-V002rc/resolve/main/{name}",
        ),
        licence=_SADTALKER_LICENCE,
        needed_for=features,
        note=note,
        size_is_predicted="predicted" in note,
    )


def _legacy(name: str, size: int, sha256: str) -> WeightFile:
    return WeightFile(
        name=name,
        size=size,
        sha256=sha256,
        sources=(f"{_SADTALKER}/v0.0.2/{name}", f"{_MIRROR}/SadTalker/resolve/main/{name}"),
        licence=_SADTALKER_LICENCE,
        needed_for=("sadtalker-legacy",),
        note=_ONE_LISTING,
    )


FILES: Final[tuple[WeightFile, ...]] = (
    _face_model(
        "face_detection",
        DETECTOR,
        229714,
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    _face_model(
        "face_landmark",
        MESH,
        2495106,
        "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
    ),
    _face_model(
        "selfie_segmentation",
        SEGMENTER,
        249505,
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    ),
    _face_model(
        "palm_detection",
        PALMS,
        1985440,
        "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
    ),
    _face_model(
        "hand_landmark",
        HAND,
        2071597,
        "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6",
    ),
    _hama(
        RECOGNISER,
        4723088,
        "a9fcfe73e179ca48e399cd76a90a6b3e1887bf5037ecc52b778d13a149563328",
    ),
    _hama(
        VOCABULARY,
        220107,
        "520d19e4e6ae58658eed53594e0feab8ea8e1b4b04a7746e25e50c16c29b91bf",
    ),
    *voice_files.FILES,
    _sadtalker(
        "SadTalker_V0.0.2_256.safetensors",
        725066984,
        "c211f5d6de003516bf1bbda9f47049a4c9c99133b1ab565c6961e5af16477bff",
        ("sadtalker",),
    ),
    _sadtalker(
        "SadTalker_V0.0.2_512.safetensors",
        725066984,
        "0e063f7ff5258240bdb0f7690783a7b1374e6a4a81ce8fa33456f4cd49694340",
        ("sadtalker-512",),
        note="one listing for the hash; the size is predicted from the 256 file",
    ),
    _sadtalker(
        "mapping_00109-model.pth.tar",
        155779231,
        "84a8642468a3fcfdd9ab6be955267043116c2bec2284686a5262f1eaf017f64c",
        ("sadtalker", "sadtalker-512", "sadtalker-legacy"),
    ),
    _sadtalker(
        "mapping_00229-model.pth.tar",
        155521183,
        "62a1e06006cc963220f6477438518ed86e9788226c62ae382ddc42fbcefb83f1",
        ("sadtalker", "sadtalker-512", "sadtalker-legacy"),
    ),
    _legacy(
        "auido2exp_00300-model.pth",  # the published name has this spelling
        34278319,
        "b7608f0e6b477e50e03ca569ac5b04a841b9217f89d502862fc78fda4e46dec4",
    ),
    _legacy(
        "auido2pose_00140-model.pth",
        95916155,
        "4fba6701852dc57efbed25b1e4276e4ff752941860d69fc4429f08a02326ebce",
    ),
    _legacy(
        "epoch_20.pth",
        288860037,
        "6d17a6b23457b521801baae583cb6a58f7238fe6721fc3d65d76407460e9149b",
    ),
    _legacy(
        "facevid2vid_00189-model.pth.tar",
        2112619148,
        "fbad01d46f0510276dc4521322dde6824a873a4222cd0740c85762e7067ea71d",
    ),
    WeightFile(
        name="GFPGANv1.4.pth",
        size=348632874,
        sha256="e2cd4703ab14f4d01fd1383a8a8b266f9a5833dacee8e6a79d3bf21a1b6be5ad",
        sources=("https://github.com/TencentARC/GFPGAN/releases/download/v1.3.0/GFPGANv1.4.pth",),
        licence=_APACHE,
        needed_for=("gfpgan",),
    ),
    WeightFile(
        name="codeformer.pth",
        size=None,
        sha256="1009e537e0c2a07d4cabce6355f53cb66767cd4b4297ec7a4a64ca4b8a5684b7",
        sources=("https://github.com/sczhou/CodeFormer/releases/download/v0.1.0/codeformer.pth",),
        licence="S-Lab License 1.0: non-commercial use only",
        needed_for=("codeformer",),
        note="no listing gives the size",
    ),
    WeightFile(
        name="detection_Resnet50_Final.pth",
        size=109497761,
        sha256="6d1de9c2944f2ccddca5f5e010ea5ae64a39845a86311af6fdf30841b0a5a16d",
        sources=(f"{_FACEXLIB}/v0.1.0/detection_Resnet50_Final.pth",),
        licence="MIT",
        needed_for=("facexlib", "gfpgan", "codeformer"),
    ),
    WeightFile(
        name="alignment_WFLW_4HG.pth",
        size=193670248,
        sha256="bbfd137307a4c7debd5c283b9b0ce539466cee417ac0a155e184d857f9f2899c",
        sources=(f"{_FACEXLIB}/v0.1.0/alignment_WFLW_4HG.pth",),
        licence="MIT",
        needed_for=("facexlib",),
        note=_ONE_LISTING,
    ),
    WeightFile(
        name="parsing_parsenet.pth",
        size=None,
        sha256="3d558d8d0e42c20224f13cf5a29c79eba2d59913419f945545d8cf7b72920de2",
        sources=(f"{_FACEXLIB}/v0.2.2/parsing_parsenet.pth",),
        licence="MIT",
        needed_for=("facexlib", "gfpgan", "codeformer"),
        note="one listing, without a size",
    ),
    WeightFile(
        name="s3fd-619a316812.pth",
        size=89843225,
        sha256="619a31681264d3f7f7fc7a16a42cbbe8b23f31a256f75a366e5a1bcd59b33543",
        sources=(f"{_FAN}/s3fd-619a316812.pth",),
        licence="BSD-3-Clause (face-alignment)",
        needed_for=("face-alignment",),
    ),
    WeightFile(
        name="2DFAN4-cd938726ad.zip",
        size=96316515,
        sha256="cd938726adb1f15f361263cce2db9cb820c42585fa8796ec72ce19107f369a46",
        sources=(f"{_FAN}/2DFAN4-cd938726ad.zip",),
        licence="BSD-3-Clause (face-alignment)",
        needed_for=("face-alignment",),
    ),
)


def declared(name: str, files: Sequence[WeightFile] = FILES) -> WeightFile | None:
    """Return the declaration of one file name, or None."""
    return next((file for file in files if file.name == name), None)


def select(words: Iterable[str], files: Sequence[WeightFile] = FILES) -> tuple[WeightFile, ...]:
    """Return the files that names or features ask for, each once, in manifest order.

    Args:
        words: File names, features (see `FEATURES`), or "all".
        files: The manifest.

    Raises:
        WeightsMissing: A word is neither a file nor a feature.
    """
    chosen: set[str] = set()
    for word in words:
        matches = {f.name for f in files if word in (f.name, *f.needed_for) or word == "all"}
        if not matches:
            features = sorted({feature for file in files for feature in file.needed_for})
            raise WeightsMissing(
                f"No weight file or feature is called {word!r}.",
                hint=f"Known: {', '.join(features)}, all, an engine, "
                "and the names of `weights list`.",
            )
        chosen |= matches
    return tuple(file for file in files if file.name in chosen)
