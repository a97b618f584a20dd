"""From speech to coefficient rows, with the amounts people can set."""

from __future__ import annotations

import random

import numpy as np

from sadtalker_ext.engines.sadtalker import mel
from sadtalker_ext.engines.sadtalker.blink import natural_blinks, no_blinks, original_blinks
from sadtalker_ext.engines.sadtalker.coefficients import ANGLES, DRIVEN, EXPRESSION, POSE
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.engines.sadtalker.pose import draw_noise, generate_pose
from sadtalker_ext.engines.sadtalker.smoothing import smooth_pose
from sadtalker_ext.engines.sadtalker.windows import (
    idle_frame_count,
    idle_windows,
    speech_windows,
)
from sadtalker_ext.errors import UnreadableAudio
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import MOTION_FPS, FloatArray, MotionTrack, Speech

NAMES = tuple(
    [f"expression_{number}" for number in range(64)] + ["pitch", "yaw", "roll", "x", "y", "z"]
)
"""Columns of the rows: expression, head angles in radians, translation."""
_VOICE_BANDS = slice(10, 50)
"""Mel bands of vowels."""
_SILENT, _LOUD = -2.0, 2.0
"""Mel levels at which the mouth counts as closed and as wide open in plots."""


def windows_of(speech: Speech | None, options: GenerateOptions) -> FloatArray:
    """Return the (T, 80, 16) float32 windows of speech, or of idling without it.

    Raises:
        UnreadableAudio: There is less sound than one video frame lasts.
    """
    if speech is None:
        return idle_windows(max(idle_frame_count(options.idle_seconds), 1))
    samples = mel.samples_16k(speech)
    frames = mel.frame_count(len(samples))
    if not frames:
        raise UnreadableAudio(
            f"At least 0.04 seconds of speech are needed, {speech.path.name} has "
            f"{len(samples) / mel.RATE_HZ:.3f}.",
            hint="Use a longer recording.",
        )
    return speech_windows(mel.mel_spectrogram(samples), frames)


def blink_ratio(frames: int, options: GenerateOptions, seed: int) -> FloatArray:
    """Return the ratio that the blink option asks for, (T,) float32."""
    if options.blink == "original":
        # only Python's own generator repeats the reference's rhythm for a seed
        return original_blinks(frames, random.Random(seed))  # noqa: S311
    if options.blink == "natural":
        return natural_blinks(frames, options.blink_rate, np.random.default_rng(seed))
    return no_blinks(frames)


def speaking_rows(
    networks: Networks,
    source: FloatArray,
    windows: FloatArray,
    ratio: FloatArray,
    *,
    style: int,
    seed: int,
) -> FloatArray:
    """Return the model's own rows (T, 70) float32: expression and smoothed head pose.

    Args:
        networks: The expression and the pose network are used.
        source: (73,) float32 row of the source picture.
        windows: (T, 80, 16) float32.
        ratio: (T,) float32 blink ratio.
        style: Style of head motion, 0 to 45.
        seed: Seed of the pose noise.
    """
    frames = len(windows)
    reference = np.repeat(source[None, :DRIVEN], frames, axis=0)
    pose = generate_pose(
        networks.pose,
        windows,
        source[POSE],
        style=style,
        noise=draw_noise(frames, seed),
        device=networks.device,
    )
    expression = networks.expressions(windows, reference, ratio)
    return np.concatenate([expression, smooth_pose(pose)], axis=1)


def scaled(rows: FloatArray, source: FloatArray, *, mouth: float, head: float) -> FloatArray:
    """Return rows with more or less movement; 1 leaves them exactly as they are.

    Args:
        rows: (T, 70) float32.
        source: (73,) float32.
        mouth: Factor on the expression's movement about its mean over the clip.
        head: Factor on the head's departure from the source's pose.
    """
    changed = rows.copy()
    if mouth != 1:
        mean = rows[:, EXPRESSION].mean(axis=0)
        changed[:, EXPRESSION] = mean + np.float32(mouth) * (rows[:, EXPRESSION] - mean)
    if head != 1:
        rest = source[POSE]
        changed[:, POSE] = rest + np.float32(head) * (rows[:, POSE] - rest)
    return changed


def motion_track(
    rows: FloatArray, source: FloatArray, windows: FloatArray, ratio: FloatArray, *, still: bool
) -> MotionTrack:
    """Wrap rows with what plots and other stages understand.

    The model's angles turn about x right, y up and z towards the viewer, so yaw and pitch have
    the common signs and roll the opposite one. The model has no number for the jaw: the loudness
    of the voice stands for it.
    """
    frames = len(rows)
    angles = np.degrees(rows[:, ANGLES] - source[ANGLES])
    head = np.stack([angles[:, 1], angles[:, 0], -angles[:, 2]], axis=1)
    level = windows[:, _VOICE_BANDS].mean(axis=(1, 2))
    voiced = windows.any()
    jaw = np.clip((level - _SILENT) / (_LOUD - _SILENT), 0, 1) if voiced else np.zeros(frames)
    return MotionTrack(
        fps=MOTION_FPS,
        head=np.zeros((frames, 3), np.float32) if still else head.astype(np.float32),
        blink=np.repeat(ratio[:, None], 2, axis=1),
        gaze=np.zeros((frames, 2), np.float32),
        jaw=jaw.astype(np.float32),
        controls=rows,
        names=NAMES,
    )
