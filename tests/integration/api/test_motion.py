"""A file of motion in a form: what the face does, instead of planning it."""

import json

import numpy as np
import pytest

from sadtalker_ext.motion.controls import CONTROLS, rest
from sadtalker_ext.motion.formats import live_link, own
from sadtalker_ext.motion.formats.weights import to_weights
from sadtalker_ext.types import Motion
from tests.support.api import TALKS, png, wait_final
from tests.support.sites import LIMITS


def motion(seconds):
    rows = round(25 * seconds)
    return Motion(
        fps=25.0,
        head=np.zeros((rows, 3), np.float32),
        lids=np.zeros((rows, 2), np.float32),
        gaze=np.zeros((rows, 2), np.float32),
        controls=rest(rows),
        names=CONTROLS,
    )


def post(client, data):
    sent = {"source_image": ("p", png()), "motion_in": ("m", data)}
    return client.post(TALKS, files=sent, data={"talk": json.dumps({})})


@pytest.mark.parametrize("write", [own.write, lambda m: live_link.write(to_weights(m))])
def test_without_speech_the_video_is_as_long_as_the_motion(client, write):
    made = post(client, write(motion(1.2)))
    assert made.status_code == 201, made.text
    done = wait_final(client, made.json()["id"])
    assert done["status"] == "done", done
    assert done["duration"] == pytest.approx(1.2, abs=0.05)


def test_what_is_no_motion_and_what_is_too_long(client):
    refused = post(client, b"no motion")
    assert (refused.status_code, refused.json()["code"]) == (422, "unreadable_motion")
    assert post(client, own.write(motion(LIMITS["video_seconds"] + 1))).status_code == 413
