"""From speech to coefficient rows, with the amounts people can set."""

from __future__ import annotations

import random

import numpy as np

from sadtalker_ext.engines.sadtalker import mel
from sadtalker_ext.engines.sadtalker.blink import natural_blinks, no_blinks, original_blinks
from sadtalker_ext.engines.sadtalker.coefficients import ANGLES, DRIVEN, POSE
from sadtalker_ext.engines.sadtalker.driving import DrivingRows
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.engines.sadtalker.pose import draw_noise, generate_pose
from sadtalker_ext.engines.sadtalker.reference import add_reference_pose, reference_blink
from sadtalker_ext.engines.sadtalker.smoothing import smooth_pose
from sadtalker_ext.engines.sadtalker.windows import (
    SpeechWindows,
    idle_frame_count,
    in_blocks,
)
from sadtalker_ext.errors import UnreadableAudio
from sadtalker_ext.motion.controls import CONTROLS, JAW, rest
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import MOTION_FPS, FloatArray, Motion, Speech

_VOICE_BANDS = slice(10, 50)
"""Mel bands of vowels."""
_SILENT, _LOUD = -2.0, 2.0
"""Mel levels at which the mouth counts as closed and as wide open in plots."""


def windows_of(speech: Speech | None, options: GenerateOptions) -> SpeechWindows:
    """Return the (T, 80, 16) float32 windows of speech, or of idling without it.

    Raises:
        UnreadableAudio: There is less sound than one video frame lasts.
    """
    if speech is None:
        return SpeechWindows(None, max(idle_frame_count(options.idle_seconds), 1))
    spectrogram, samples = mel.mel_of_blocks(mel.samples_16k(speech))
    frames = mel.frame_count(samples)
    if not frames:
        raise UnreadableAudio(
            f"At least 0.04 seconds of speech are needed, {speech.path.name} has "
            f"{samples / mel.RATE_HZ:.3f}.",
            hint="Use a longer recording.",
        )
    return SpeechWindows(spectrogram, frames)


def blink_ratio(
    frames: int, options: GenerateOptions, seed: int, *, driven: bool = False
) -> FloatArray:
    """Return the ratio the blink option asks for, (T,) float32; zeros for a video's blinks."""
    if driven:
        return no_blinks(frames)
    if options.blink == "original":
        # only Python's own generator repeats the reference's rhythm for a seed
        return original_blinks(frames, random.Random(seed))  # noqa: S311
    if options.blink == "natural":
        return natural_blinks(frames, options.blink_rate, np.random.default_rng(seed))
    return no_blinks(frames)


def speaking_rows(
    networks: Networks,
    source: FloatArray,
    windows: SpeechWindows,
    ratio: FloatArray,
    driven: DrivingRows,
    options: GenerateOptions,
    seed: int,
) -> FloatArray:
    """Return the model's rows (T, 70) float32: expression and smoothed head pose.

    With all amounts at 1 these are the reference's own numbers.

    Args:
        networks: The expression and the pose network are used.
        source: (73,) float32 row of the source picture.
        windows: (T, 80, 16) float32.
        ratio: (T,) float32 blink ratio; zeros when a video drives the lids.
        driven: Rows of driving videos.
        options: Style of head motion, amounts of head and mouth.
        seed: Seed of the pose noise.
    """
    frames = len(windows)
    pose = generate_pose(
        networks.pose,
        windows,
        source[POSE],
        style=options.pose_style,
        noise=draw_noise(frames, seed),
        device=networks.device,
    )
    expression = _expression(networks, source, windows, ratio, driven, options.mouth_scale)
    rows = np.concatenate([expression, smooth_pose(pose)], axis=1)
    if driven.head is not None:
        rows = add_reference_pose(rows, driven.head)
    return with_head_amounts(rows, source, options)


def _expression(
    networks: Networks,
    source: FloatArray,
    windows: SpeechWindows,
    ratio: FloatArray,
    driven: DrivingRows,
    mouth: float,
) -> FloatArray:
    """Return the expression (T, 64) float32, its speech made stronger or weaker.

    The network mixes speech and blinks. What it answers without blinks is the speech; only that
    is scaled, about its mean over the clip.
    """
    plain = np.repeat(source[None, :DRIVEN], len(windows), axis=0)
    reference = plain if driven.lids is None else reference_blink(plain, driven.lids)
    found = networks.expressions(windows, reference, ratio)
    if mouth == 1:
        return found
    spoken = networks.expressions(windows, plain, np.zeros_like(ratio))
    change: FloatArray = np.float32(mouth - 1) * (spoken - spoken.mean(axis=0))
    return found + change


def with_head_amounts(rows: FloatArray, source: FloatArray, options: GenerateOptions) -> FloatArray:
    """Return rows with more or less head movement; amounts of 1 leave them exactly as they are.

    Args:
        rows: (T, 70) float32.
        source: (73,) float32; amounts scale the departure from its pose.
        options: `head_motion` scales angles and translation, the amounts per axis one angle each.
    """
    amounts = np.full(POSE.stop - POSE.start, options.head_motion, np.float32)
    amounts[:3] *= (options.head_pitch, options.head_yaw, options.head_roll)
    if (amounts == 1).all():
        return rows
    changed = rows.copy()
    changed[:, POSE] = source[POSE] + amounts * (rows[:, POSE] - source[POSE])
    return changed


def reported_motion(
    rows: FloatArray,
    source: FloatArray,
    windows: SpeechWindows,
    ratio: FloatArray,
    warnings: tuple[str, ...] = (),
) -> Motion:
    """Say in neutral words what rows do.

    The model's angles turn about x right, y up and z towards the viewer, so yaw and pitch have
    the common signs and roll the opposite one. The model has no number for the jaw: the loudness
    of the voice stands for it.
    """
    frames = len(rows)
    angles = np.degrees(rows[:, ANGLES] - source[ANGLES])
    head = np.stack([angles[:, 1], angles[:, 0], -angles[:, 2]], axis=1)
    controls = rest(frames)
    controls[:, JAW] = _loudness(windows)
    return Motion(
        fps=MOTION_FPS,
        head=head.astype(np.float32),
        lids=np.repeat(ratio[:, None], 2, axis=1),
        gaze=np.zeros((frames, 2), np.float32),
        controls=controls,
        names=CONTROLS,
        warnings=warnings,
    )


def _loudness(windows: SpeechWindows) -> FloatArray:
    """Return how loud the voice is in every frame, (T,) float32, 0 to 1."""
    if windows.silent:
        return np.zeros(len(windows), np.float32)
    level = np.concatenate([part[:, _VOICE_BANDS].mean(axis=(1, 2)) for part in in_blocks(windows)])
    share: FloatArray = np.clip((level - _SILENT) / (_LOUD - _SILENT), 0, 1).astype(np.float32)
    return share
