"""``python -m benchmarks.versus REFERENCE_DIR``: the original's program and ours, stage by stage.

Both get the same weights, picture, landmarks and speech and take turns in one process, so that
other work on the machine slows both. REFERENCE_DIR is a checkout of OpenTalker/SadTalker that the
user has; nothing of it is in this project. Without ``--checkpoints`` both get test weights.

The seconds of a whole job are the sum of its stages, with the time per frame of the renderer and
of the way back into the picture taken times the frames of the speech. Peak memory is that of fresh
processes with one program each.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.original import Original
from benchmarks.ours import MODE, REACH, Ours
from benchmarks.pairs import Stages
from benchmarks.second import rows as second_rows
from benchmarks.second import second_jobs

SIDE = 1024


def compare(parsed: argparse.Namespace, folders: tuple[Path, Path]) -> dict[str, Any]:
    """Run both and return the rows."""
    from sadtalker_ext.inputs.audio import open_speech

    theirs, ours = Original(parsed.reference, folders[0], MODE), Ours(folders[1], parsed.blend)
    picture, landmarks, speech = subject(theirs.scratch, parsed)
    stages = Stages(parsed.rounds, parsed.stages)
    stages.pair("load", theirs.load, ours.load)
    stages.pair(
        "analyse",
        lambda: theirs.analyse(picture, landmarks),
        lambda: ours.analyse(picture, landmarks),
    )
    stages.pair("listen", lambda: theirs.listen(speech), lambda: ours.listen(speech))
    stages.pair("move", theirs.move, ours.move)
    data = theirs.inputs(parsed.batch)
    frame, row, rows, wanted = _same_inputs(data, parsed.frames)
    count = sum(map(len, wanted))
    stages.pair("prepare", lambda: theirs.prepare(data), lambda: ours.prepare(frame, row))
    drawn = stages.pair(
        "render", lambda: theirs.render(data, len(wanted[0])), lambda: ours.render(rows, wanted)
    )
    difference = np.abs(drawn[0].astype(int) - drawn[1])
    repeated = np.resize(drawn[0], (parsed.pasted, *drawn[0].shape[1:]))
    target = theirs.scratch / "ours.mp4"
    stages.pair("paste", lambda: theirs.paste(repeated), lambda: ours.paste(repeated, target))
    length = round(open_speech(speech).seconds * 25)
    whole = _whole_job(stages, length, count, parsed.pasted)
    again = second_jobs(ours, picture, landmarks, speech, stages)
    report = {
        "mode": MODE,
        "speech_frames": length,
        "rendered_frames": count,
        "pasted_frames": parsed.pasted,
        "batch_of_the_original": parsed.batch,
        "blend": parsed.blend,
        "stages": stages.rows(),
        "whole_job": whole,
        "second_job": second_rows(again, whole),
        "largest_difference": int(difference.max()),
        "values_that_differ": round(float((difference > 0).mean()), 5),
        "load_average": os.getloadavg()[0],
    }
    theirs.close()
    return report


def _same_inputs(data: dict, frames: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[range]]:
    """Return what our renderer reads, from what the original's does.

    The original divides the clip by its batch: each row of a batch draws another part of it.

    Returns:
        The source frame, its row, the rows of all frames, and the frames that are drawn.
    """
    windows = data["target_semantics_list"]
    batch, part = windows.shape[:2]
    each = min(part, -(-frames // batch))
    flat = windows.reshape(-1, *windows.shape[2:])
    return (
        data["source_image"][0].permute(1, 2, 0).numpy(),
        data["source_semantics"][0, :, 0].numpy(),
        # the middle of a frame's window is its own row
        np.ascontiguousarray(flat[:, :, REACH].numpy()),
        [range(number * part, number * part + each) for number in range(batch)],
    )


def _whole_job(stages: Stages, length: int, rendered: int, pasted: int) -> dict[str, Any]:
    """Return the seconds of a job of all frames from those of its stages."""
    factor = {"render": length / rendered, "paste": length / pasted}
    totals = [stages.total(which, factor) for which in (0, 1)]
    return {
        "original_s": round(totals[0], 1),
        "ours_s": round(totals[1], 1),
        "ratio": round(totals[0] / totals[1], 3),
    }


def subject(folder: Path, parsed: argparse.Namespace) -> tuple[Path, np.ndarray, Path]:
    """Return the picture of 1024 pixels, its landmarks, and the speech as both read it."""
    import wave

    import cv2

    from benchmarks.subject import PORTRAIT, SPEECH
    from sadtalker_ext.inputs.audio import open_speech
    from sadtalker_ext.inputs.image import read_picture
    from sadtalker_ext.portrait.find import find_face
    from sadtalker_ext.portrait.landmarks68 import landmarks_68
    from sadtalker_ext.portrait.models import FaceModels
    from sadtalker_ext.weights.store import WeightStore

    given = read_picture(parsed.picture or PORTRAIT).pixels
    scale = SIDE / max(given.shape[:2])
    large = cv2.resize(given, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    picture = folder / "picture.png"
    cv2.imwrite(str(picture), large[:, :, ::-1])
    face = find_face(read_picture(picture), FaceModels(WeightStore.standard()))
    speech = open_speech(parsed.speech or SPEECH, end=parsed.seconds)
    sound = np.concatenate(list(speech.read(16000)))
    path = folder / "speech.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((sound.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return picture, landmarks_68(face.points), path


def one_alone(parsed: argparse.Namespace, folders: tuple[Path, Path]) -> int:
    """Run a short job of one program and print the peak of this process's memory in MB."""
    if parsed.alone == "original":
        theirs = Original(parsed.reference, folders[0], MODE)
        picture, landmarks, speech = subject(theirs.scratch, parsed)
        theirs.load()
        theirs.analyse(picture, landmarks)
        theirs.listen(speech)
        theirs.move()
        data = theirs.inputs(parsed.batch)
        theirs.prepare(data)
        theirs.paste(theirs.render(data, 1))
        theirs.close()
    else:
        ours = Ours(folders[1], parsed.blend)
        with tempfile.TemporaryDirectory() as scratch:
            picture, landmarks, speech = subject(Path(scratch), parsed)
            ours.load()
            ours.analyse(picture, landmarks)
            ours.listen(speech)
            ours.move()
            ours.prepare(ours.framing.frame, ours.framing.row)
            drawn = ours.render(ours.rows, [range(parsed.batch)])
            ours.paste(drawn, Path(scratch) / "ours.mp4")
    print(_own_peak_mb())
    return 0


def _own_peak_mb() -> int:
    """Return the peak memory of this process since its program began.

    On Linux `ru_maxrss` would count what the process was before: a copy of a large parent.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _peaks() -> dict[str, Any]:
    peaks = {}
    for name in ("original", "ours"):
        words = [sys.executable, "-m", "benchmarks.versus", *sys.argv[1:], "--alone", name]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        peaks[name] = int(done.stdout.strip().splitlines()[-1])
    return {
        "original_mb": peaks["original"],
        "ours_mb": peaks["ours"],
        "ours_to_original": round(peaks["ours"] / peaks["original"], 3),
    }


@contextlib.contextmanager
def checkpoints(given: Path | None) -> Iterator[tuple[Path, Path]]:
    """Give the folder of both programs: the user's, or two with the same test weights."""
    if given is not None:
        yield given, given
        return
    from tests.support.keyed_checkpoints import original_and_ours

    yield original_and_ours()


def main() -> int:
    """Compare, print and save."""
    from benchmarks.run import machine
    from benchmarks.table import versus_table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reference", type=Path, metavar="REFERENCE_DIR")
    parser.add_argument("--checkpoints", type=Path, help="a folder with the published files")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--speech", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0, help="of the speech (default: 5)")
    parser.add_argument("--frames", type=int, default=2, help="rendered in each round")
    parser.add_argument("--pasted", type=int, default=25, help="pasted in each round")
    parser.add_argument("--batch", type=int, default=2, help="of the original (its default: 2)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--stages", nargs="+", help="stages that are measured in all rounds; the others once"
    )
    parser.add_argument("--blend", choices=("soft", "poisson"), default="soft")
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--alone", choices=("original", "ours"), help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the results here")
    parsed = parser.parse_args()
    with checkpoints(parsed.checkpoints) as folders:
        if parsed.alone:
            return one_alone(parsed, folders)
        result = compare(parsed, folders)
        if not parsed.no_memory:
            result["peak_memory"] = _peaks()
    report = {"machine": machine(), "results": {"versus": result}}
    print(versus_table(report))
    if parsed.json:
        parsed.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
