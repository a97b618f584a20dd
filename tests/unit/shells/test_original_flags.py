"""The original's command line: paths of free view, reference videos, the processor."""

from pathlib import Path

import pytest

from sadtalker_ext.shells.cli import generate as generate_module
from sadtalker_ext.shells.cli.arguments import build_parser, modernise, options_from
from sadtalker_ext.shells.cli.generate import _references


def parsed(*words):
    translated, _ = modernise(["generate", *words])
    return build_parser().parse_args(translated)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--input_yaw", "-20", "30", "10"], ("-20, 30, 10", "", "")),
        (["--input_pitch", "5", "--input_roll", "0", "-15"], ("", "5", "0, -15")),
        (["--yaw=0,10,-10"], ("0, 10, -10", "", "")),
        (["--yaw", "0", "-7.5"], ("0, -7.5", "", "")),
    ],
)
def test_paths_of_free_view(words, wanted):
    options = options_from(parsed(*words))
    assert (options.yaw, options.pitch, options.roll) == wanted


def references(*words):
    options, video, blink = _references(parsed(*words), options_from(parsed(*words)))
    return options.reference_use, video, blink


A, B = Path("a.mp4"), Path("b.mp4")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], ("pose+blink", None, None)),
        (["--ref_pose", "a.mp4"], ("pose", A, None)),
        (["--ref_eyeblink", "a.mp4"], ("blink", A, None)),
        (["--ref_pose", "a.mp4", "--ref_eyeblink", "a.mp4"], ("pose+blink", A, None)),
        (["--ref_pose", "a.mp4", "--ref_eyeblink", "b.mp4"], ("pose+blink", A, B)),
        (["--reference-video", "a.mp4"], ("pose+blink", A, None)),
        (["--reference-video", "a.mp4", "--reference-use", "all"], ("all", A, None)),
    ],
)
def test_reference_videos(words, wanted):
    assert references(*words) == wanted


@pytest.mark.parametrize(("words", "device"), [([], "auto"), (["--cpu"], "cpu"),
                                               (["--device", "cuda:1"], "cuda:1")])  # fmt: skip
def test_the_device_reaches_the_host(monkeypatch, words, device):
    seen = []

    class Stop(Exception):
        pass

    def host(**given):
        seen.append(given["device"])
        raise Stop

    monkeypatch.setattr(generate_module, "StandaloneHost", host)
    with pytest.raises(Stop):
        generate_module.run_generate(parsed("a.png", "a.wav", *words))
    assert seen == [device]
