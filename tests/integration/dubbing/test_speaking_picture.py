"""Two speakers of one picture, as the tab asks for them: each mouth moves for its own words."""

import cv2
import numpy as np
from PIL import Image

from benchmarks.subject import SPEECH
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait import topology
from sadtalker_ext.progress import Progress
from sadtalker_ext.provenance.consent import consent_file
from sadtalker_ext.service import Service
from sadtalker_ext.shells.ui import dub_job, roles
from sadtalker_ext.types import Picture
from sadtalker_ext.weights.store import WeightStore
from tests.support.dubbing import frames_of
from tests.support.media import write_sound

SIDE = 144
SECONDS = 0.6
"""Of each speech; the second begins when the first has ended."""


def test_two_people_of_a_picture_say_their_own_words(filmed, models, tmp_path):
    one = cv2.resize(filmed[0], (SIDE, SIDE), None, 0, 0, cv2.INTER_AREA)
    two = np.hstack([one, one[:, ::-1]])
    Image.fromarray(two).save(tmp_path / "two.png")
    service = Service(StandaloneHost(output_dir=tmp_path), WeightStore.standard())
    found = service.faces(Picture(pixels=two, name="two"))
    words = np.concatenate([*open_speech(SPEECH, start=3.0, end=3.0 + SECONDS).read(16000)])
    values = {
        "source_kind": "Picture",
        "picture_boxes": [face.box for face in found],
        "speakers_opened": [True, False, False],
        "speaker_2_kind": "File",
        "speaker_2_sound": str(write_sound(tmp_path / "words.wav", words[:, None], 16000)),
        "speaker_2_at": SECONDS,
    }
    options = GenerateOptions(
        seed=1,
        audio_start=3.0,
        audio_end=3.0 + SECONDS,
        provenance="metadata",
        still=True,
        consent_by="Ada Example",
    )
    request = dub_job.request_of(
        values,
        options,
        source=tmp_path / "two.png",
        speech=SPEECH,
        output=tmp_path / "out.mp4",
        others=roles.further_speakers(values, options),
    )
    made = service.dub(request, Progress())
    service.close()
    assert "sha256_of_pixels" in consent_file(made.path).read_text(encoding="utf-8")
    assert made.seconds < 2 * SECONDS + 0.5, "the first speaker's trim is not the other's start"
    frames = np.stack(frames_of(made.path))
    # a mouth shuts after the last word, and gets ready before the first
    times = (slice(2, round(SECONDS * 25) - 3), slice(round(SECONDS * 25) + 5, -10))
    for face in found[:2]:
        half = slice(0, SIDE) if face.box[0] < SIDE else slice(SIDE, 2 * SIDE)
        first, second = (opening_of(frames[one, :, half][::2], models) for one in times)
        own, other = (first, second) if face is found[0] else (second, first)
        assert np.ptp(own) > 3 * np.ptp(other), (face.index, own, other)


def opening_of(frames, models):
    """Return how far the lips are apart in each frame, in parts of the face's height."""
    rows = []
    shown = [np.ascontiguousarray(frame) for frame in frames]
    for mesh in models.mesher.track(shown, models.detector):
        gap = mesh.points[topology.LIP_MIDDLE_LOWER, 1] - mesh.points[topology.LIP_MIDDLE_UPPER, 1]
        rows.append(gap / np.ptp(mesh.points[:, 1]))
    return np.array(rows)
