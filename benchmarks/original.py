"""The original's own program, run from the user's checkout of it; nothing of it is in this project.

Its detectors are left out, because their weights are not part of its checkpoints: both programs are
given the same 68 landmarks. What newer packages no longer allow is bridged here, so that it runs
beside ours in one process.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import io
import os
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np

NEEDED = ("yacs", "skimage", "imageio", "imageio_ffmpeg", "pydub", "tqdm", "scipy", "librosa")
_DETECTORS = {
    "facexlib": (),
    "facexlib.alignment": ("landmark_98_to_68",),
    "facexlib.detection": ("init_detection_model",),
    "facexlib.utils": ("load_file_from_url",),
    "gfpgan": ("GFPGANer",),
    "kornia": (),
    "kornia.geometry": ("warp_affine",),
    "torchvision": (),
}
"""Packages that it imports and that no stage compared here calls."""


_OLD_NAMES = {
    "VisibleDeprecationWarning": DeprecationWarning,
    "float": builtins.float,
    "int": builtins.int,
}
"""What numpy no longer has."""


class Original:
    """Its classes and functions, by the stages of a job in `full` mode at 256.

    Args:
        folder: The checkout.
        checkpoints: A folder with its published files (or files with those names).
        mode: Its `preprocess`.
    """

    def __init__(self, folder: Path, checkpoints: Path, mode: str = "full") -> None:
        if not (folder / "src" / "facerender" / "animate.py").is_file():
            raise SystemExit(f"{folder} should be a checkout of OpenTalker/SadTalker.")
        missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise SystemExit(f"The original needs {', '.join(missing)}; install them first.")
        self._folder, self._checkpoints, self._mode = folder, checkpoints, mode
        self._scratch = tempfile.TemporaryDirectory(prefix="versus-")
        self.scratch = Path(self._scratch.name)
        _stand_in_for_detectors()
        for name, value in _OLD_NAMES.items():
            if not hasattr(np, name):
                setattr(np, name, value)
        sys.path.insert(0, str(folder))
        _put_ffmpeg_on_path(self.scratch)
        with _quiet():
            self._modules = {
                name: importlib.import_module(f"src.{name}")
                for name in (
                    "utils.preprocess",
                    "utils.croper",
                    "utils.init_path",
                    "utils.paste_pic",
                    "test_audio2coeff",
                    "generate_batch",
                    "generate_facerender_batch",
                    "facerender.animate",
                    "facerender.modules.make_animation",
                )
            }
        self._bridge()

    def _bridge(self) -> None:
        """Let it run with today's numpy, without its detectors."""
        preprocess, croper = self._modules["utils.preprocess"], self._modules["utils.croper"]
        preprocess.float = lambda value: builtins.float(np.ravel(value)[0])
        align = sys.modules[preprocess.align_img.__module__]
        align.float = preprocess.float
        solve = align.POS

        def flat(*values):
            shift, scale = solve(*values)
            return np.ravel(shift), scale

        align.POS = flat
        croper.KeypointExtractor = lambda _: None
        croper.Preprocesser.get_landmark = lambda *_: self.landmarks.copy()
        cropped = croper.Preprocesser.crop

        def crop(own, pictures, **options):
            done = cropped(own, pictures, **options)
            self._cut = done[0][0].shape[:2], done[1], done[2]
            return done

        croper.Preprocesser.crop = crop

    def load(self) -> None:
        """Make its three models, as it does for every job."""
        config = self._folder / "src" / "config"
        with _quiet():
            paths = self._modules["utils.init_path"].init_path(
                str(self._checkpoints), str(config), 256, False, self._mode
            )
            self.cropper = self._modules["utils.preprocess"].CropAndExtract(paths, "cpu")
            self.listener = self._modules["test_audio2coeff"].Audio2Coeff(paths, "cpu")
            self.painter = self._modules["facerender.animate"].AnimateFromCoeff(paths, "cpu")

    def analyse(self, picture: Path, landmarks: np.ndarray) -> None:
        """Crop the face and measure its coefficients."""
        self.landmarks = np.asarray(landmarks, np.float32)
        self.picture = picture
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        self.cropper.propress.predictor = types.SimpleNamespace(extract_keypoint=self._in_frame)
        with _quiet():
            self.first, self.crop, self.crop_info = self.cropper.generate(
                str(picture), str(folder), self._mode, source_image_flag=True, pic_size=256
            )

    def _in_frame(self, frames: list, _: str) -> np.ndarray:
        (height, width), crop, quad = self._cut
        shifted = self.landmarks - np.array(crop[:2], np.float32)
        if "ext" not in self._mode:
            shifted = shifted - np.array([int(quad[0]), int(quad[1])], np.float32)
        side = np.array(frames[0].size, np.float32)
        return (shifted * side / np.array([width, height], np.float32))[None]

    def listen(self, speech: Path) -> None:
        """Make the windows of the mel spectrogram."""
        self.speech = speech
        with _quiet():
            self.batch = self._modules["generate_batch"].get_data(
                self.first, str(speech), "cpu", None
            )

    def move(self) -> None:
        """Run the expression and the pose network."""
        with _quiet():
            self.coefficients = self.listener.generate(self.batch, str(self.scratch), 0, None)

    def inputs(self, batch: int) -> dict:
        """Return what its renderer reads."""
        with _quiet():
            data: dict = self._modules["generate_facerender_batch"].get_facerender_data(
                self.coefficients, self.crop, self.first, str(self.speech), batch,
                preprocess=self._mode, size=256,
            )  # fmt: skip
        return data

    def prepare(self, data: dict) -> None:
        """Find the key points of the picture, which it does once per job."""
        import torch

        with torch.no_grad():
            self._canonical = self.painter.kp_extractor(data["source_image"])

    def render(self, data: dict, steps: int) -> np.ndarray:
        """Return (T, 256, 256, 3) uint8: the first frames of each row of the batch, row by row."""
        painter = self.painter
        with _quiet():
            made = self._modules["facerender.modules.make_animation"].make_animation(
                data["source_image"],
                data["source_semantics"],
                data["target_semantics_list"][:, :steps],
                painter.generator,
                lambda _: self._canonical,
                painter.he_estimator,
                painter.mapping,
                use_exp=True,
            )
        flat = made.reshape((-1, *made.shape[2:])).permute(0, 2, 3, 1).numpy()
        from skimage import img_as_ubyte

        return img_as_ubyte(flat)

    def paste(self, frames: np.ndarray) -> Path:
        """Write the frames as its renderer does, and put them back into the picture."""
        imageio = importlib.import_module("imageio")
        small, target = self.scratch / "small.mp4", self.scratch / "full.mp4"
        with _quiet():
            imageio.mimsave(str(small), list(frames), fps=25.0)
            self._modules["utils.paste_pic"].paste_pic(
                str(small), str(self.picture), self.crop_info, str(self.speech), str(target),
                extended_crop="ext" in self._mode,
            )  # fmt: skip
        return target

    def close(self) -> None:
        """Remove what it wrote."""
        self._scratch.cleanup()


def _stand_in_for_detectors() -> None:
    for name, functions in _DETECTORS.items():
        with contextlib.suppress(ImportError, RuntimeError):  # or made for another torch
            importlib.import_module(name)
            continue
        module = types.ModuleType(name)
        for function in functions:
            setattr(module, function, None)
        sys.modules[name] = module


def _put_ffmpeg_on_path(folder: Path) -> None:
    """It calls `ffmpeg`; the one that imageio brings will do."""
    program = Path(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    place = folder / "bin"
    place.mkdir()
    (place / "ffmpeg").symlink_to(program)
    os.environ["PATH"] = f"{place}{os.pathsep}{os.environ['PATH']}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """It prints and draws progress bars."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        yield
