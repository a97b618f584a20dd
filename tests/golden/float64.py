"""Float64 values of recorded network stages: the yardstick of `registry.Rounding`.

`truth` returns, for the stages of one recording, what the network yields in float64. It is computed
by the networks of the product before they are folded, with the keyed weights widened to float64
(exactly), on the recorded inputs. Two details need care:

* The product turns some values back to float32 (`Tensor.float()`), so that low precisions stay
  harmless. `unrounded` takes that away while the float64 network runs. Grids stay the float32
  numbers that the original used too.
* The renderer cuts entries of its mask below 0.001 to zero (`DenseMotion.deform`). Among a million
  entries some lie so close to the cut that rounding decides, and one such entry moves the values
  behind it by 0.001 and more: no rounding of those, but another decision. `Cut` finds these
  entries, reads the original's decision from its recorded deformation where that shows it, and
  gives the same decision to the float64 network and to the float32 network under test. Entries
  further from the cut than `MARGIN` times the original's own largest relative error there
  are never touched.

A float64 picture takes a minute or two, so the values of our copied recordings lie in
`data/float64.npz`, written by `python -m tests.golden.float64`. They are found by a digest of the
recorded array, whatever its file is called; anything without an entry is computed on the spot.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from sadtalker_ext.engines.sadtalker.nets.dense_motion import SMALLEST_MASK, DenseMotion
from sadtalker_ext.engines.sadtalker.nets.geometry import grid
from tests.golden.folder import GoldenFolder
from tests.golden.networks import keyed_network
from tests.golden.registry import Stage, Topic, compare, topics

SHIPPED = Path(__file__).parent / "data" / "float64.npz"
CUT = "-cut"
MARGIN = 4.0

Values = Mapping[str, Any]


class _Unrounded(TorchFunctionMode):
    def __torch_function__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is Tensor.float:
            return args[0]
        if func is torch.conv3d:
            return _by_depth(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _by_depth(
    volume: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve a volume one layer of depth after the other.

    Torch unrolls float64 volumes before it multiplies: for the 7 x 7 x 7 kernel of the mask all
    layers at once take 20 GB.
    """
    rest = (stride, padding, dilation)
    deep, high, wide = padding if isinstance(padding, tuple) else (padding,) * 3
    if weight.shape[2] == 1 or any(step not in (1, (1, 1, 1)) for step in (stride, dilation)):
        return torch.conv3d(volume, weight, bias, *rest, groups)
    padded = nn.functional.pad(volume, (0, 0, 0, 0, deep, deep))
    layers = range(padded.shape[2] - weight.shape[2] + 1)
    return torch.cat(
        [
            torch.conv3d(
                padded[:, :, at : at + weight.shape[2]],
                weight,
                bias,
                padding=(0, high, wide),
                groups=groups,
            )
            for at in layers
        ],
        dim=2,
    )


@contextmanager
def unrounded() -> Iterator[None]:
    """Let float64 values stay so where the product asks for float32."""
    with torch.inference_mode(), _Unrounded():
        yield


def float64_network(folder: GoldenFolder, name: str) -> nn.Module:
    """Return a component with the folder's keyed weights in float64, not folded."""
    return keyed_network(name, folder.seed).double()


def digest(folder: GoldenFolder, file: str, key: str) -> str:
    """Name a recorded array by its weights' seed, its key, its thinning and its bytes."""
    array = np.ascontiguousarray(folder.arrays(file)[key])
    text = f"{folder.seed}|{key}|{array.shape}|{folder.shape(file, key)}|".encode()
    return hashlib.sha256(text + array.tobytes()).hexdigest()[:24]


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, np.ndarray]:
    """Return float64 minus recorded value per digest; float32 holds that difference well enough."""
    if not SHIPPED.exists():
        return {}
    with np.load(SHIPPED) as stored:
        return {name: stored[name] for name in stored.files}


def truth(
    folder: GoldenFolder, file: str, keys: list[str], make: Callable[[], Values]
) -> dict[str, np.ndarray]:
    """Return the float64 values of the stages `keys`, thinned as the recording is.

    Args:
        folder: The recordings.
        file: The `.npz` that holds the stages.
        keys: Names of the stages.
        make: Computes them all in float64; called only when one is not shipped.
    """
    known, recorded = shipped(), folder.arrays(file)
    names = {key: digest(folder, file, key) for key in keys}
    if all(name in known for name in names.values()):
        return {key: recorded[key].astype(np.float64) + known[names[key]] for key in keys}
    made = make()
    return {key: folder.thin(file, key, made[key]) for key in keys}


def by_truth(
    folder: GoldenFolder, file: str, seen: Values, make: Callable[[], Values]
) -> Iterator[Stage]:
    """Yield every recorded float stage that was computed, with its float64 values beside it."""
    recorded = folder.arrays(file)
    keys = [key for key in recorded if key in seen and recorded[key].dtype == np.float32]
    exact = truth(folder, file, keys, make)
    for key in keys:
        noted = folder.index.get(file, {}).get(key, {}).get("float32_noise", {}).get("mean")
        stage = compare(folder, file, key, seen[key])
        yield dataclasses.replace(stage, truth=exact[key], noise=noted)


class Cut:
    """The decisions of one recording at the mask's cut, for every network that replays it.

    Attributes:
        places: Flat numbers of the undecided mask entries.
        kept: Whether each of them is kept rather than cut to zero.
    """

    def __init__(self, places: np.ndarray, kept: np.ndarray) -> None:
        self.places = places
        self.kept = kept

    @classmethod
    def shipped(cls, folder: GoldenFolder, file: str) -> Cut | None:
        """Return the decisions that travel with the float64 values of this recording."""
        if "dm_mask" not in folder.arrays(file):
            return None
        code = shipped().get(digest(folder, file, "dm_mask") + CUT)
        return None if code is None else cls(code // 2, code % 2 == 1)

    @property
    def code(self) -> np.ndarray:
        """Return twice the places, plus one where kept, as they are shipped."""
        return 2 * self.places.astype(np.int64) + self.kept

    @classmethod
    def of(cls, folder: GoldenFolder, file: str, mask: Tensor, shifts: Tensor) -> Cut:
        """Find the undecided entries of a float64 (1, 16, D, H, W) mask and decide them."""
        flat = mask.reshape(-1).numpy()
        seen = folder.thin(file, "dm_mask", mask).reshape(-1)
        error = np.abs(folder.arrays(file)["dm_mask"].reshape(-1) / seen - 1).max()
        places = np.flatnonzero(np.abs(flat / SMALLEST_MASK - 1) <= MARGIN * error)
        cut = cls(places, flat[places] >= SMALLEST_MASK)
        if "deformation" in folder.arrays(file):
            cut.kept ^= cut._decided_otherwise(folder, file, mask, shifts)
        return cut

    def _decided_otherwise(
        self, folder: GoldenFolder, file: str, mask: Tensor, shifts: Tensor
    ) -> np.ndarray:
        """Tell which entries, taken the other way, bring the deformation to the recorded one."""
        field = DenseMotion.deform(self.steer(mask), shifts)[0].reshape(-1, 3).numpy()
        missing = recorded_field(folder, file).reshape(-1, 3) - field
        positions = grid(*mask.shape[2:]).reshape(-1, 3).double().numpy()
        otherwise = np.zeros(len(self.places), bool)
        for number, place in enumerate(self.places):
            trial, voxel = divmod(int(place), len(positions))
            change = (positions[voxel] + shifts[0, trial].numpy()) * mask.reshape(-1)[place].item()
            change *= -1 if self.kept[number] else 1
            with_it = missing[voxel] - change
            if np.nansum(with_it**2) < np.nansum(missing[voxel] ** 2):
                otherwise[number], missing[voxel] = True, with_it
        return otherwise

    def steer(self, mask: Tensor) -> Tensor:
        """Move undecided entries that are on the other side of the cut onto it, or just below."""
        flat = mask.reshape(-1).clone()
        places, kept = torch.from_numpy(self.places), torch.from_numpy(self.kept)
        values = flat[places]
        edge = torch.tensor(SMALLEST_MASK, dtype=mask.dtype)
        below = torch.nextafter(edge, edge - 1)
        flat[places] = torch.where(kept, values.clamp(min=edge), values.clamp(max=below))
        return flat.reshape(mask.shape)


def recorded_field(folder: GoldenFolder, file: str) -> np.ndarray:
    """Return the whole recorded deformation, NaN where it was not stored."""
    whole = np.full(np.prod(folder.shape(file, "deformation")), np.nan)
    stored = folder.arrays(file)["deformation"].reshape(-1)
    whole[:: -(-whole.size // stored.size)] = stored
    return whole


@contextmanager
def steered(motion: DenseMotion, cut: Callable[[Tensor, Tensor], Cut]) -> Iterator[None]:
    """Give a motion network the recording's decisions at the cut while the context is open."""
    original = motion.deform

    def deform(mask: Tensor, shifts: Tensor) -> Tensor:
        return original(cut(mask, shifts).steer(mask), shifts)

    motion.deform = deform  # type: ignore[method-assign]
    try:
        yield
    finally:
        del motion.deform


def computed(folder: GoldenFolder, topics: Iterable[Topic]) -> dict[str, np.ndarray]:
    """Compute afresh what `data/float64.npz` holds: differences and decisions, by digest."""
    made: dict[str, np.ndarray] = {}
    for topic in topics:
        for stage in topic.run(folder):
            if stage.truth is not None:
                file, key = stage.name.split(":")
                difference = stage.truth - stage.wanted.astype(np.float64)
                made[digest(folder, file, key)] = difference.astype(np.float32)
    for name, cut in folder.scratch.items():
        if isinstance(cut, Cut):
            made[digest(folder, name.removesuffix(CUT), "dm_mask") + CUT] = cut.code
    return made


def main() -> None:
    """Write `data/float64.npz` from scratch, for the recordings beside it."""
    SHIPPED.unlink(missing_ok=True)
    made = computed(GoldenFolder(SHIPPED.parent), topics())
    np.savez_compressed(SHIPPED, **made)  # type: ignore[arg-type]  # numpy's stub wants no names


if __name__ == "__main__":
    main()
