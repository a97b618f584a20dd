"""A driving video from the camera, in the version of gradio that is here."""

from pathlib import Path

from sadtalker_ext.shells.ui import compat, reference
from sadtalker_ext.shells.ui.page import build_page


def test_the_camera_is_recorded_as_it_is_and_asked_for_only_when_it_is_chosen(host):
    blocks, parts = build_page(host)
    camera = parts.look.reference.camera
    if compat.version() < 4:
        assert camera.source == "webcam" and camera.mirror_webcam is False
    else:
        options = getattr(camera, "webcam_options", None)
        mirrored = camera.mirror_webcam if options is None else options.mirror
        assert camera.sources == ["webcam"] and mirrored is False
    assert camera.include_audio is True, "gradio would take out the sound with ffmpeg"
    assert camera.interactive is False, "the page would ask for the camera by itself"
    assert camera in blocks.blocks.values()


def test_a_pane_is_shown_and_only_the_camera_s_may_record(host):
    build_page(host)  # a gradio that is loaded
    for kind in reference.KINDS:
        file, camera, recorder = reference._show_pane(kind)
        assert file["visible"] is (kind == reference.FILE)
        assert camera["visible"] is recorder["interactive"] is (kind == reference.CAMERA)


def test_what_was_chosen_drives():
    values = {"reference_video": "a.mp4", "reference_camera": "me.webm", "blink_video": None}
    assert reference.borrowed({**values, "reference_kind": reference.FILE})[0] == Path("a.mp4")
    assert reference.borrowed({**values, "reference_kind": reference.CAMERA})[0] == Path("me.webm")
    empty = {**values, "reference_camera": None, "reference_kind": reference.CAMERA}
    assert reference.borrowed(empty) == (None, None)
