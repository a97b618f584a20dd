"""Whether the finished video's lips, lids and background do what was intended."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.measure import (
    best_lag,
    blinks,
    correlation,
    decode,
    steadiness,
    stillness,
    track_face,
)
from benchmarks.subject import PORTRAIT, face_models, puppet_video
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.find import find_face

AWAY = 0.35
"""Pixels farther than this share of the face's width from the person are background."""


def run() -> dict[str, Any]:
    """Make the example video, read it back, and measure."""
    models = face_models()
    picture = read_picture(PORTRAIT)
    away = background(models)
    worst = 0.0

    def look(frame: np.ndarray) -> None:
        nonlocal worst
        worst = max(worst, float(stillness([frame], picture.pixels, away)[1]))

    options = GenerateOptions(seed=1, preprocess="full")
    with puppet_video(options, models=models, look=look) as made:
        video, intended = made
        track = track_face(decode(video.path), models)
        mean, _ = stillness(decode(video.path), picture.pixels, away)
        flicker = steadiness(decode(video.path), away)
    lag, at_lag = best_lag(track.opening, intended.jaw)
    count, rate, depth = blinks(track.eyes)
    return {
        "frames": video.frames,
        "opening_against_jaw_r": round(correlation(track.opening, intended.jaw), 3),
        "best_lag_frames": lag,
        "r_at_best_lag": round(at_lag, 3),
        "blinks": count,
        "blinks_per_minute": round(rate, 1),
        "blink_depth": round(depth, 3),
        "blink_depth_between_curves": round(blinks(track.lids)[2], 3),
        "background_grey_levels": {
            "rendered_maximum": worst,
            "decoded_mean_from_the_picture": round(float(mean), 3),
            "decoded_mean_from_frame_to_frame": round(flicker, 3),
        },
        "head_motion_px_std": [round(float(one), 2) for one in track.nose.std(0)],
    }


def background(models) -> np.ndarray:
    """Where the example's background is, well away from the person."""
    import cv2

    picture = read_picture(PORTRAIT)
    face = find_face(picture, models, 0)
    person = (models.segmenter(picture.pixels, face.box) > 0.1).astype(np.uint8)
    reach = int(AWAY * (face.box[2] - face.box[0]))
    near = cv2.dilate(person, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return near == 0
