"""Test weights that anyone can recompute: each tensor is a formula of its key, shape and seed.

Integers come from SplitMix64 started at the SHA-256 of the key, everything else is a correctly
rounded double operation, so all machines get the same bits. The published key and shape tables
are in `data/manifests.json.gz`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import os
import re
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

MANIFESTS = Path(__file__).parent / "data" / "manifests.json.gz"
PACKAGED = "SadTalker_V0.0.2_256.safetensors"
MAPPINGS = {70: "mapping_00229-model.pth.tar", 73: "mapping_00109-model.pth.tar"}
SPECTRAL_SCALE = 3.0
SPAN = 2.0**24

GAINS = tuple(
    (re.compile(pattern), gain)
    for pattern, gain in (
        (r"^face_3drecon\.backbone\.layer\d\.\d+\.conv3\.weight$", 0.5),
        (r"^face_3drecon\.final_layers\.[0124]\.weight$", 0.12),
        (r"^face_3drecon\.final_layers\.3\.weight$", 0.03),
        (r"^face_3drecon\.final_layers\.[56]\.weight$", 0.06),
        (r"audio_encoder\.(1|2|4|5|7|8|10)\.conv_block\.0\.weight$", 0.35),
        (r"audio_encoder\.(9|11|12)\.conv_block\.0\.weight$", 1.2),
        (r"audio_encoder\.\d+\.conv_block\.0\.weight$", 0.7),
        (r"^audio2exp\.mapping1\.weight$", 0.5),
        (r"^audio2pose\.netG\.\w+\.resunet\..*conv_block\.5\.weight$", 0.4),
        (r"^audio2pose\.netG\.\w+\.resunet\..*conv_skip\.0\.weight$", 0.7),
        (r"^audio2pose\.netG\.\w+\.resunet\.output_layer\.0\.weight$", 0.3),
        (r"^he_estimator\.block.*conv3\.weight$", 0.5),
        (r"^generator\.resblocks_3d\..*conv2\.weight$", 0.5),
        (r"^generator\.decoder\..*mlp_(gamma|beta)\.weight$", 0.35),
        (r"^generator\.decoder\..*conv_[01s]\.weight_orig$", 0.4),
        (r"^generator\.decoder\.conv_img\.weight$", 0.5),
        (r"^generator\.dense_motion_network\.mask\.weight$", 1.2),
        (r"^generator\.dense_motion_network\.occlusion\.weight$", 1.0),
        (r"^generator\.first\.conv\.weight$", 1.5),
        (r"^kp_extractor\.predictor\.down_blocks\.down0\.conv\.weight$", 1.5),
        (r"^kp_extractor\.kp\.weight$", 0.8),
        (r"^mapping_\d+\.fc_(yaw|pitch|roll)\.weight$", 0.15),
        (r"^mapping_\d+\.fc_(t|exp)\.weight$", 0.008),
    )
)

Array = npt.NDArray[np.generic]


def odd_integers(seed: str, key: str, count: int) -> npt.NDArray[np.int64]:
    """Return `count` odd integers in (-2**24, 2**24) that depend only on the seed and the key."""
    digest = hashlib.sha256(f"{seed}|{key}".encode()).digest()
    start = np.uint64(int.from_bytes(digest[:8], "little"))
    with np.errstate(over="ignore"):
        state = np.arange(1, count + 1, dtype=np.uint64)
        state *= np.uint64(0x9E3779B97F4A7C15)
        state += start
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            state ^= state >> np.uint64(shift)
            state *= np.uint64(factor)
        state ^= state >> np.uint64(31)
    draws = (state >> np.uint64(40)).astype(np.int64)
    return 2 * draws + (1 - 2**24)


def unit_values(seed: str, key: str, count: int) -> npt.NDArray[np.float64]:
    """Return `count` doubles spread evenly over (-1, 1)."""
    return odd_integers(seed, key, count) / SPAN


def gain_of(key: str) -> float:
    """Return the factor that keeps the activations behind this weight in a sane range."""
    return next((gain for pattern, gain in GAINS if pattern.search(key)), 1.0)


def kernel_values(seed: str, key: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return the base of a (rows, inputs, taps...) weight as (rows, inputs * taps) doubles."""
    rows, inputs = shape[:2]
    taps = math.prod(shape[2:])
    columns = inputs * taps
    values = odd_integers(seed, key, rows * columns).reshape(rows, inputs, taps)
    divisor = 1
    if taps > 1:
        shared = odd_integers(seed, f"{key}|c", rows * inputs).reshape(rows, inputs, 1)
        values = 8 * shared + math.floor(2.4 * math.sqrt(taps) + 0.5) * values
        divisor = 8
    values = values.reshape(rows, columns)
    if inputs >= 4:
        values = values * columns - values.sum(axis=1, keepdims=True)
        divisor *= columns
    return values / (divisor * taps * SPAN)


def blur_kernel(shape: tuple[int, ...]) -> Array:
    """Return the 13 x 13 Gaussian of sigma 1.5 that the key point detector stores."""
    offsets = np.arange(shape[-1], dtype=np.float64) - (shape[-1] - 1) / 2
    profile = np.exp(-offsets * offsets / (2 * 1.5**2))
    kernel = np.outer(profile, profile)
    wide = np.broadcast_to(kernel / kernel.sum(), shape)
    return np.ascontiguousarray(wide, dtype=np.float32)


def _matrix_weight(seed: str, key: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    weight = kernel_values(seed, key, shape) * (math.sqrt(9.0 / shape[1]) * gain_of(key))
    if key == "mapping_00109.first.0.weight":
        weight.reshape(shape)[:, 70:] *= 1 / 64
    if key.endswith("weight_orig"):
        stem = key.removesuffix("weight_orig")
        rows, columns = weight.shape
        left = math.sqrt(3.0 / rows) * unit_values(seed, f"{stem}weight_u", rows)
        right = math.sqrt(3.0 / columns) * unit_values(seed, f"{stem}weight_v", columns)
        weight = SPECTRAL_SCALE * (weight + left[:, None] * right[None, :])
    return weight


def keyed_tensor(key: str, shape: tuple[int, ...], seed: str) -> Array:
    """Return the test tensor of a canonical key (`component.name`)."""
    leaf = key.rsplit(".", 1)[-1]
    count = math.prod(shape)
    if leaf == "num_batches_tracked":
        return np.array(1000, dtype=np.int64)
    if key == "kp_extractor.down.weight":
        return blur_kernel(shape)
    if leaf in ("weight", "weight_orig") and len(shape) > 1:
        return _matrix_weight(seed, key, shape).reshape(shape).astype(np.float32)
    offset, scale = {
        "running_var": (1.0, 0.5),
        "running_mean": (0.0, 0.2),
        "classbias": (0.0, 1.5),
        "weight_u": (0.0, math.sqrt(3.0 / count)),
        "weight_v": (0.0, math.sqrt(3.0 / count)),
        "weight": (1.0, 0.2),
        "bias": (0.0, 0.1),
    }[leaf]
    values = scale * unit_values(seed, key, count)
    return (offset + values if offset else values).reshape(shape).astype(np.float32)


@lru_cache(maxsize=1)
def manifests() -> dict[str, list[list[object]]]:
    """Return per published file its rows [key, canonical key, shape, top-level entry or None]."""
    tables: dict[str, list[list[object]]] = json.loads(gzip.decompress(MANIFESTS.read_bytes()))
    return tables


def rows_of(file_name: str) -> Iterator[tuple[str, str, tuple[int, ...], str | None]]:
    """Yield (published key, canonical key, shape, top-level entry) of one published file."""
    for key, canonical, shape, entry in manifests()[file_name]:
        yield key, canonical, tuple(shape), entry  # type: ignore[misc, arg-type]


def component(name: str, seed: str = "golden") -> dict[str, Array]:
    """Return the tensors of one component by the key inside it, from a cache on disk.

    `name` is `face_3drecon`, `audio2exp`, `audio2pose`, `generator`, `kp_extractor`,
    `mapping_00109` or `mapping_00229`.
    """
    from safetensors.numpy import load_file, save_file

    mark = hashlib.sha256(Path(__file__).read_bytes() + seed.encode()).hexdigest()[:16]
    owner = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"sadtalker-keyed-weights-{owner}-{mark}"
    path = folder / f"{name}.safetensors"
    if path.exists():
        return load_file(path)
    file_name = f"{name}-model.pth.tar" if name.startswith("mapping_") else PACKAGED
    tensors = {
        canonical.removeprefix(f"{name}."): keyed_tensor(canonical, shape, seed)
        for _, canonical, shape, _ in rows_of(file_name)
        if canonical.startswith(f"{name}.")
    }
    folder.mkdir(mode=0o700, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    save_file(tensors, part)
    part.replace(path)
    return tensors
