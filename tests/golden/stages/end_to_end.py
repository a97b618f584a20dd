"""The end-to-end cases: every network on recorded inputs, then the whole way from the files."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import cast

import numpy as np
import torch

from sadtalker_ext.engines.sadtalker import mel
from sadtalker_ext.engines.sadtalker.alignment import align, aligned_picture
from sadtalker_ext.engines.sadtalker.blink import original_blinks
from sadtalker_ext.engines.sadtalker.coefficients import coefficient_row
from sadtalker_ext.engines.sadtalker.crop import CropMode, cut, square_frame
from sadtalker_ext.engines.sadtalker.frames import frame_size, to_aspect
from sadtalker_ext.engines.sadtalker.nets.expnet import ExpNet
from sadtalker_ext.engines.sadtalker.nets.generator import Generator
from sadtalker_ext.engines.sadtalker.nets.kp_detector import KeypointDetector
from sadtalker_ext.engines.sadtalker.nets.mapping import MappingNet
from sadtalker_ext.engines.sadtalker.nets.posenet import PoseNet
from sadtalker_ext.engines.sadtalker.pose import chunk_windows, draw_noise, generate_pose
from sadtalker_ext.engines.sadtalker.render import Renderer
from sadtalker_ext.engines.sadtalker.semantics import (
    driving_rows,
    driving_windows,
    source_row,
    source_window,
)
from sadtalker_ext.engines.sadtalker.smoothing import smooth_pose
from sadtalker_ext.engines.sadtalker.windows import speech_windows
from sadtalker_ext.motion.view import view_path
from tests.golden.folder import GoldenFolder
from tests.golden.links import frame_path, prepared_case_of
from tests.golden.networks import activation_tolerance, heads, mapping_for, network, outputs_of
from tests.golden.registry import FRAMES, PICTURE, Stage, compare, stages
from tests.golden.stages.case_rows import frames_of, options_of, source_of
from tests.golden.stages.networks import picture_tensor
from tests.golden.stages.picture import crop_cases, picture, plan_of
from tests.golden.stages.speech import samples_of

DECODER = "netG.decoder"


def speech_file_of(folder: GoldenFolder, case: str) -> str:
    """Return the `audio_*.npz` of a case: as long as the case, and with its embedding."""
    frames = frames_of(folder, case)
    recorded = folder.files("audio_*.npz")
    fitting = [file for file in recorded if folder.shape(file, "indiv_mels")[0] == frames]
    if not fitting:
        raise LookupError(f"no recorded speech has the {frames} frames of {case}")
    if len(fitting) == 1:
        return fitting[0]
    wanted = folder.arrays(f"{case}.npz")["expnet_embedding"]

    def distance(file: str) -> float:
        found = embedding_of(folder, folder.arrays(file)["indiv_mels"])
        return float(np.abs(folder.thin(f"{case}.npz", "expnet_embedding", found) - wanted).mean())

    return min(fitting, key=distance)


def embedding_of(folder: GoldenFolder, windows: np.ndarray) -> np.ndarray:
    """Return ExpNet's (T, 512) view of the speech."""
    with torch.inference_mode():
        net = cast("ExpNet", network(folder, "audio2exp"))
        return net.embed(torch.from_numpy(windows).unsqueeze(1)).numpy()


def expressions(
    folder: GoldenFolder, windows: np.ndarray, reference: np.ndarray, ratio: np.ndarray
) -> np.ndarray:
    """Return (T, 64) expressions."""
    inputs = (windows[:, None], reference[:, :64], ratio[:, None])
    with torch.inference_mode():
        tensors = (torch.from_numpy(np.ascontiguousarray(part, np.float32)) for part in inputs)
        found: np.ndarray = network(folder, "audio2exp")(*tensors).numpy()
        return found


def poses(
    folder: GoldenFolder, windows: np.ndarray, reference: np.ndarray, style: int, noise: np.ndarray
) -> np.ndarray:
    """Return (T, 6) poses before smoothing."""
    net = cast("PoseNet", network(folder, "audio2pose"))
    return generate_pose(net, windows, reference, style=style, noise=noise)


@stages("e2e_speech", "e2e_*.npz", "audio_*.npz")
def speech_networks(folder: GoldenFolder) -> Iterator[Stage]:
    """Expression and pose networks of every case, from recorded windows."""
    for case in folder.cases():
        file = f"{case}.npz"
        recorded = folder.arrays(file)
        windows = folder.arrays(speech_file_of(folder, case))["indiv_mels"]
        seen = {
            "expnet_embedding": embedding_of(folder, windows),
            "exp": expressions(folder, windows, recorded["ref"], recorded["ratio"]),
            **pose_steps(folder, case, windows),
        }
        for key, value in seen.items():
            if key in recorded:
                yield compare(folder, file, key, value, activation_tolerance(folder, file, key))


def pose_steps(folder: GoldenFolder, case: str, windows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the recorded steps of the pose network."""
    recorded = folder.arrays(f"{case}.npz")
    watched = {
        "embedding": "audio_encoder",
        "pose_mlp_in": f">{DECODER}.MLP",
        "pose_mlp_out": f"{DECODER}.MLP",
        "pose_unet": f"{DECODER}.resunet",
    }
    style = options_of(folder, case)["pose_style"]
    with outputs_of(network(folder, "audio2pose"), **watched) as seen:
        raw = poses(folder, windows, recorded["ref"][0, 64:70], style, recorded["pose_z"])
    order = chunk_windows(len(windows)) - 1
    used = order.reshape(-1) if len(windows) > order.shape[1] else np.unique(order)
    return {
        "pose_embedding": seen["embedding"].numpy()[used],
        "pose_mlp_in": seen["pose_mlp_in"].numpy(),
        "pose_mlp_out": seen["pose_mlp_out"].numpy(),
        "pose_unet": seen["pose_unet"].squeeze(1).numpy(),
        "pose_raw": raw,
    }


@stages("pose_units", "pose_units.npz", "audio_*.npz", "e2e_*.npz")
def pose_lengths(folder: GoldenFolder) -> Iterator[Stage]:
    """The pose network on lengths around the limits of its chunks."""
    file = "pose_units.npz"
    recorded = folder.arrays(file)
    for key in recorded:
        found = re.fullmatch(r"T(\d+)_style(\d+)_z", key)
        if not found:
            continue
        frames, style = int(found[1]), int(found[2])
        doc = r"(audio_\w+) indiv_mels\[\(arange\(T\)\*(\d+)\) % n\]; ref = (\w+) ref\[0\]"
        noted = folder.noted(file, key, doc)
        speech, step, case = noted or (
            folder.files("audio_*.npz")[0].removesuffix(".npz"),
            "3",
            next(iter(folder.cases())),
        )
        windows = folder.arrays(f"{speech}.npz")["indiv_mels"]
        chosen = windows[np.arange(frames) * int(step) % len(windows)]
        reference = folder.arrays(f"{case}.npz")["ref"][0, 64:70]
        pose = poses(folder, chosen, reference, style, recorded[key])
        yield compare(folder, file, key.removesuffix("z") + "pose", pose)


def renderer(folder: GoldenFolder) -> Renderer:
    """Return the product's renderer with the folder's keyed weights."""
    if "renderer" not in folder.scratch:
        folder.scratch["renderer"] = Renderer(
            cast("Generator", network(folder, "generator")),
            cast("KeypointDetector", network(folder, "kp_extractor")),
            [cast("MappingNet", mapping_for(folder, numbers)) for numbers in (70, 73)],
        )
    found: Renderer = folder.scratch["renderer"]
    return found


def recorded_rows(folder: GoldenFolder, case: str, driving: np.ndarray, source: np.ndarray):
    """Return the rows that drive the renderer, with the case's options."""
    options = options_of(folder, case)
    return driving_rows(
        driving,
        source,
        full=CropMode(options["preprocess"]).goes_back,
        still=options["still"],
        expression_scale=options["exp_scale"],
    )


def camera_of(folder: GoldenFolder, case: str) -> dict[str, np.ndarray]:
    """Return the free view of a case, degrees per frame and axis."""
    noted = folder.notes[case].get("camera", {})
    return {
        axis: view_path(noted[axis], frames_of(folder, case)).astype(np.float32)
        for axis in ("yaw", "pitch", "roll")
        if noted.get(axis)
    }


def rendered_frames(folder: GoldenFolder, case: str) -> np.ndarray:
    """Return the frame numbers that were rendered; padding shows the last frame."""
    return np.minimum(folder.arrays(f"{case}.npz")["rendered_frames"], frames_of(folder, case) - 1)


@stages("e2e_points", "e2e_*.npz", "inputs/frame_*.png")
def point_networks(folder: GoldenFolder) -> Iterator[Stage]:
    """Mapping network and key points of every case, from recorded rows."""
    for case in folder.cases():
        file = f"{case}.npz"
        recorded = folder.arrays(file)
        source = recorded["source_semantics"]
        rows = recorded_rows(folder, case, recorded["coeff_pred"], source_of(folder, case))
        chosen = rendered_frames(folder, case)
        net = mapping_for(folder, len(source))
        with torch.inference_mode():
            still = net(torch.from_numpy(source_window(source)[None]))
            moving = net(torch.from_numpy(driving_windows(rows)[chosen]))
        frame = picture(folder, f"frame_{prepared_case_of(folder, case)}")
        face = renderer(folder).prepare(frame, source)
        points = renderer(folder).key_points(face, rows, camera_of(folder, case))
        seen = {
            "he_source": heads(still),
            "he_driving": heads(moving),
            "kp_canonical": face.canonical,
            "kp_source": face.source.points[0],
            "kp_driving": points[torch.from_numpy(chosen)],
        }
        for key, value in seen.items():
            if key in recorded:
                yield compare(folder, file, key, value)


@stages("e2e_pictures", "e2e_*.npz", "inputs/frame_*.png")
def pictures(folder: GoldenFolder) -> Iterator[Stage]:
    """The renderer's numbers of every case, from recorded key points.

    The whole way is judged by its grey levels: a rounding difference in the key points can carry
    an entry of the mask over the cut at 0.001, which moves single values of a picture.
    """
    generator = cast("Generator", network(folder, "generator"))
    for case in folder.cases():
        file = f"{case}.npz"
        recorded = folder.arrays(file)
        if not {"prediction_first", "prediction_last"} & set(recorded):
            continue
        frame = picture_tensor(frame_path(folder, prepared_case_of(folder, case)))
        source = torch.from_numpy(recorded["kp_source"])[None]
        for key, place in (("prediction_first", 0), ("prediction_last", -1)):
            if key in recorded:
                driving = torch.from_numpy(recorded["kp_driving"][place])[None]
                with torch.inference_mode():
                    made = generator(generator.encode(frame, source), driving)
                yield compare(folder, file, key, made[0], PICTURE)


@stages("e2e_frames", "e2e_*.npz", "preprocess.npz", "inputs/source_*", "inputs/audio_*")
def whole_way(folder: GoldenFolder) -> Iterator[Stage]:
    """From picture, landmarks and sound file to uint8 frames, nothing recorded in between."""
    for case in folder.cases():
        file = f"{case}.npz"
        recorded = folder.arrays(file)
        if "frames_uint8" not in recorded:
            continue
        prepared = prepared_case_of(folder, case)
        frame, source = source_picture(folder, prepared)
        driving = driving_from_files(folder, case, source)
        yield compare(folder, file, "coeff_pred", driving)
        rows = recorded_rows(folder, case, driving, source)
        options = options_of(folder, case)
        full = CropMode(options["preprocess"]).goes_back
        face = renderer(folder).prepare(frame, source_row(source, full=full))
        points = renderer(folder).key_points(face, rows, camera_of(folder, case))
        chosen = points[torch.from_numpy(rendered_frames(folder, case))]
        square = np.stack(list(renderer(folder).draw(face, chosen, options["batch_size"])))
        if "frames_uint8_square" in recorded:
            kept = square[: len(recorded["frames_uint8_square"])]
            yield compare(folder, file, "frames_uint8_square", kept, FRAMES)
        size = frame_size(len(frame), tuple(folder.crop_info[prepared][0]))
        shaped = np.stack([to_aspect(picture, size) for picture in square])
        yield compare(folder, file, "frames_uint8", shaped, FRAMES)


def source_picture(folder: GoldenFolder, prepared: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the square frame and its (73,) row, from the picture file and its landmarks."""
    name, mode, side = crop_cases(folder)[prepared]
    whole = picture(folder, f"source_{name}")
    frame = square_frame(cut(whole, plan_of(folder, name), mode), side)
    alignment = align(folder.arrays("preprocess.npz")[f"{prepared}_landmarks"], (side, side))
    aligned = aligned_picture(frame, alignment).astype(np.float32) / 255
    with torch.inference_mode():
        tensor = torch.from_numpy(aligned).permute(2, 0, 1).unsqueeze(0)
        recovered = network(folder, "face_3drecon")(tensor)[0].numpy()
    return frame, coefficient_row(recovered, alignment)


def driving_from_files(folder: GoldenFolder, case: str, source: np.ndarray) -> np.ndarray:
    """Return (T, 70) driving rows from the sound file and the seeds in the notes."""
    options = options_of(folder, case)
    if options.get("ref"):  # the notes do not say which video gave what
        return folder.arrays(f"{case}.npz")["coeff_pred"]
    samples = samples_of(folder, speech_file_of(folder, case))
    frames = mel.frame_count(len(samples))
    windows = speech_windows(mel.mel_spectrogram(samples), frames)
    ratio = original_blinks(frames, random.Random(options["py_seed"]))
    reference = np.repeat(source[None, :70], frames, axis=0)
    expression = expressions(folder, windows, reference, ratio)
    noise = draw_noise(frames, options["torch_seed"])
    pose = poses(folder, windows, source[64:70], options["pose_style"], noise)
    return np.concatenate([expression, smooth_pose(pose)], axis=1)
