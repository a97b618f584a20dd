"""A video to upload, or to record with the camera, in any version of gradio; handed on as it is."""

from __future__ import annotations

from typing import Any

from sadtalker_ext.shells.ui.admission import taking_files
from sadtalker_ext.shells.ui.compat import gradio, version
from sadtalker_ext.shells.ui.contract import Component


def video_input(**properties: Any) -> Component:
    """Return a video to upload."""
    source = {"source": "upload"} if version() < 4 else {"sources": ["upload"]}
    return taking_files(gradio().Video(**source, **properties))


def video_recorder(**properties: Any) -> Component:
    """Return a video to record with the camera, and with its sound.

    It is not mirrored: gradio would turn it by an ffmpeg that may not be there, and the face would
    look to the other side. Without `include_audio` it would take the sound out in the same way.
    """
    gr = gradio()
    source: dict[str, Any] = {"source": "webcam"} if version() < 4 else {"sources": ["webcam"]}
    if version() < 6:
        source["mirror_webcam"] = False
    else:
        source["webcam_options"] = gr.WebcamOptions(mirror=False)
    return taking_files(gr.Video(include_audio=True, **source, **properties))
