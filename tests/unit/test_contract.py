"""Every call of OpenCV, PyAV and gradio that the project makes exists in the installed version.

The calls are read from the source (`tests.support.foreign_calls`), so that a new one is looked at
without a word here; the test runs in every environment of `quickstart.py matrix`.
"""

import importlib
import inspect
import warnings

import numpy as np
import pytest

from tests.support import foreign_calls
from tests.support.foreign_calls import Call, gradio_uses, method_calls, module_uses, parameters_of

AV_METHODS = frozenset(
    {"add_stream", "add_stream_from_template", "mux", "demux", "seek", "decode", "encode"}
    | {"reformat", "to_ndarray", "from_ndarray", "resample", "configure", "push", "pull"}
)
"""Methods of PyAV's objects; which class an object has cannot be read from the source."""
AV_CLASSES = (
    "container.InputContainer", "container.OutputContainer", "packet.Packet", "VideoFrame",
    "AudioFrame", "AudioResampler", "filter.Graph", "video.stream.VideoStream",
    "audio.stream.AudioStream", "video.reformatter.VideoReformatter", "CodecContext",
    "video.codeccontext.VideoCodecContext", "audio.codeccontext.AudioCodecContext",
)  # fmt: skip
UNTOLD = {"add_stream"}
"""Takes more than its documentation says in PyAV 18 and 19: called for real below."""
NEWER = {"add_stream_from_template"}
"""Asked for by `hasattr` before it is used."""


def found_in(module, name):
    """Follow a dotted name; modules below are imported."""
    thing = module
    for part in name.split("."):
        if not hasattr(thing, part) and inspect.ismodule(thing):
            importlib.import_module(f"{thing.__name__}.{part}")
        thing = getattr(thing, part)
    return thing


def is_there(module, name):
    try:
        found_in(module, name)
    except (AttributeError, ImportError):
        return False
    return True


def misfit(call, thing):
    """What of a call does not fit, as a text; nothing where it fits or nobody can tell."""
    known = parameters_of(thing)
    if known is None or call.count is None:
        return ""
    names, most, others = known
    wrong = sorted(call.words - names) if not others else []
    if wrong:
        return f"{call.place}: {call.name} has no parameter {', '.join(wrong)}"
    if call.count + (0 if others else len(call.words)) > most and call.count > most:
        return f"{call.place}: {call.name} takes {most} arguments, not {call.count}"
    return ""


def test_opencv():
    cv2 = pytest.importorskip("cv2")
    uses = module_uses("cv2")
    assert len({one.name for one in uses}) > 60
    assert [one for one in uses if not is_there(cv2, one.name)] == []
    checked = [one for one in uses if one.count is not None]
    wrong = [text for one in checked if (text := misfit(one, found_in(cv2, one.name)))]
    assert wrong == []
    told = [one for one in checked if parameters_of(found_in(cv2, one.name))]
    assert len(told) > 0.9 * len(checked), "OpenCV no longer says what its functions take"


def test_pyav():
    av = pytest.importorskip("av")
    uses = module_uses("av")
    assert len({one.name for one in uses}) > 10
    assert [one for one in uses if not is_there(av, one.name)] == []
    wrong = [text for one in uses if (text := misfit(one, found_in(av, one.name)))]
    assert wrong == []
    classes = [found_in(av, name) for name in AV_CLASSES if is_there(av, name)]
    assert len(classes) >= 10
    calls = method_calls("av", AV_METHODS)
    assert {one.name for one in calls} == AV_METHODS, "the list names what is used"
    for call in calls:
        owners = [one for one in classes if hasattr(one, call.name)]
        assert owners or call.name in NEWER, call
        problems = [misfit(call, getattr(one, call.name)) for one in owners]
        # bytes and str have methods of these names, too
        if owners and call.words and call.name not in UNTOLD:
            assert not all(problems), problems


def test_pyav_opens_as_we_open(tmp_path):
    """`av.open` takes any keyword without saying which; the real one is asked."""
    pytest.importorskip("av")
    from sadtalker_ext.encoder.video import VideoWriter
    from sadtalker_ext.local_media import open_local

    with VideoWriter(tmp_path / "a.mp4", fps=10.0) as writer:
        for level in (0, 80, 160):
            writer.write(np.full((32, 48, 3), level, np.uint8))
    with open_local(tmp_path / "a.mp4", "mov,mp4") as container:
        assert sum(1 for _ in container.decode(video=0)) == 3


def test_gradio():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # a module of it: a folder of this name beside the project looks like an empty package
        pytest.importorskip("gradio.blocks")
        gradio = pytest.importorskip("gradio")
    major = int(gradio.__version__.split(".")[0])
    # a page of our own asks for gradio 6; in a WebUI only the tab is used
    uses = [one for one in gradio_uses(major) if major >= 6 or one.name != "mount_gradio_app"]
    assert len({one.name for one in uses}) > 15 and len(uses) > 80
    assert [one for one in uses if not is_there(gradio, one.name)] == []
    wrong = [text for one in uses if (text := misfit(one, found_in(gradio, one.name)))]
    assert wrong == []


@pytest.mark.parametrize("major", [3, 4, 6])
def test_only_the_branch_of_a_version_is_read(major):
    words = {word for one in gradio_uses(major) for word in one.words}
    assert ("source" in words) == (major == 3)
    assert ("sources" in words) == (major >= 4)


def test_a_wrong_call_is_seen(monkeypatch, tmp_path):
    """The check itself can fail."""
    cv2 = pytest.importorskip("cv2")
    (tmp_path / "wrong.py").write_text(
        "import cv2\ncv2.resize(a, (1, 1), interpolate=3)\ncv2.resise\n"
        "cv2.resize(a, (1, 1), interpolation=3)\ncv2.multiply(1, 2, 3, 4, 5, 6, 7, 8)\n"
    )
    monkeypatch.setattr(foreign_calls, "PACKAGE", tmp_path)
    monkeypatch.setattr(foreign_calls, "ROOT", tmp_path)
    uses = module_uses("cv2")
    assert [one.name for one in uses if not is_there(cv2, one.name)] == ["resise"]
    told = [misfit(one, cv2.resize) for one in uses if one.name == "resize"]
    assert "interpolate" in told[0] and told[1] == ""
    assert "8" in next(misfit(one, cv2.multiply) for one in uses if one.name == "multiply")
    assert misfit(Call("f", "x", 1, frozenset({"b"})), lambda a, *, b: None) == ""
    assert "b" in misfit(Call("f", "x", 1, frozenset({"b"})), lambda a, c=1, d=2: None)
