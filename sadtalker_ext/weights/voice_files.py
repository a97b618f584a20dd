"""The files of the built-in voice: members of one wheel of the package index."""

from __future__ import annotations

from typing import Final

from sadtalker_ext.weights.weight_file import PinnedWheel, WeightFile, WheelMember

HIBARI_WHEEL: Final = PinnedWheel(
    package="hibari-tts",
    version="0.2.1",
    filename="hibari_tts-0.2.1-py3-none-any.whl",
    size=14032178,
    sha256="49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3",
    python_version="3.11",
    implementation="py",
    platform="any",
)


def _voice(member: str, size: int, sha256: str, name: str = "") -> WeightFile:
    return WeightFile(
        name=name or member,
        size=size,
        sha256=sha256,
        sources=(WheelMember(wheel=HIBARI_WHEEL, member=f"hibari/assets/{member}"),),
        licence="Apache-2.0",
        needed_for=("voice",),
    )


FILES: Final[tuple[WeightFile, ...]] = (
    _voice(
        "hibari.onnx", 7936868, "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8"
    ),
    _voice(
        "vocab.json",
        1144,
        "70abefbe8a1c8865e43e0a43bbdc25b91a33e4aa053479d443ccf23e20a59e5d",
        "hibari_vocab.json",
    ),
    _voice(
        "oov.onnx",
        2975020,
        "d3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76",
        "hibari_oov.onnx",
    ),
    _voice(
        "oov.json",
        2273,
        "b462e6e5dbdf0e7346c732385d0dd844f612f1770871441c56932bff4ca75d8c",
        "hibari_oov.json",
    ),
    _voice(
        "lexicon_us_gold.json.gz",
        719352,
        "63ae94f8ef0e906d5b24fe9b59ffcbd1529aca5686a774610e43973cbaa86ad2",
    ),
    _voice(
        "lexicon_us_silver.json.gz",
        682530,
        "c4c2546ebf1eb07010331e7ef785a431aa17ba8e7bfb6b4af8d654ee96a71fd3",
    ),
)
"""Network, its symbols, the network for unknown words, its letters, and two dictionaries."""

NAMES: Final = tuple(file.name for file in FILES)
