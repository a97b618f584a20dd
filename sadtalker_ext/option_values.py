"""The options as keyword arguments, for type checkers and editors."""

from __future__ import annotations

from typing import TypedDict


class OptionValues(TypedDict, total=False):
    """Every option by name; `python -m tests.support.option_values` writes this file anew."""

    engine: str
    preprocess: str
    size: int
    face_index: int
    face_points: str
    pose_style: int
    head_motion: float
    still: bool
    expression_scale: float
    mouth_scale: float
    blink: str
    blink_rate: float
    gaze: str
    eye_layer: bool
    head_yaw: float
    head_pitch: float
    head_roll: float
    yaw: str
    pitch: str
    roll: str
    reference_use: str
    emotion: str
    emotion_intensity: float
    acting: str
    timeline: str
    text: str
    voice: str
    speech_rate: float
    speech_pitch: float
    transcript: str
    idle_seconds: float
    audio_start: float
    audio_end: float
    pad_audio: float
    audio_track: int
    enhancer: str
    enhancer_strength: float
    upscaler: str
    output_side: int
    blend: str
    fps: float
    format: str
    alpha: bool
    quality: int
    captions: str
    batch_size: int
    precision: str
    landmarks: str
    original_crop: bool
    debug_overlay: bool
    seed: int
    mark: str
    label_language: str
    provenance: str
    consent_by: str
    keep_partial: bool
