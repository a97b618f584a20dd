"""Face restorers and upscalers lent by the WebUI; its objects come in as arguments."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from sadtalker_ext.errors import OutOfMemory, WeightsMissing, is_out_of_memory
from sadtalker_ext.types import ImageArray, Upscaler

log = logging.getLogger(__name__)

# what the host calls its restorers, and how each network wants to be called
RESTORERS: Mapping[str, Callable[[Any, Any, float], Any]] = {
    "gfpgan": lambda net, faces, _weight: net(faces, return_rgb=False)[0],
    "codeformer": lambda net, faces, weight: net(faces, weight=weight, adain=True)[0],
}


class LentRestorer:
    """One of the host's face restorers, used on aligned faces.

    The host's own `restore` is not used: when weights are absent it returns the picture unchanged
    without an error.

    Args:
        name: The option's value.
        restorer: The host's object; its `net` is loaded by `load_net` and shared with the host.
        weight: Returns the host's setting for CodeFormer, 0 (strongest) to 1.
    """

    def __init__(self, name: str, restorer: Any, weight: Callable[[], float]) -> None:
        self._name = name
        self._restorer = restorer
        self._weight = weight

    def __call__(self, faces: ImageArray) -> ImageArray:
        """Restore (N, 512, 512, 3) uint8 RGB faces; see `Enhancer`.

        Raises:
            WeightsMissing: The host has no weights for it and could not fetch them.
            OutOfMemory: The device has no room for N faces.
        """
        import torch

        net = self._network()
        device = self._restorer.get_device()
        net.to(device)
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(faces)).to(device)
            batch = batch.permute(0, 3, 1, 2).float() / 127.5 - 1
            try:
                restored = RESTORERS[self._name](net, batch, self._weight())
            except RuntimeError as error:
                raise_if_out_of_memory(error, f"{self._name} on {len(faces)} faces")
                raise
            pixels = (restored.float().clamp(-1, 1) + 1) * 127.5
            result: ImageArray = pixels.round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return result

    def release(self) -> None:
        """Leave the network in RAM, where the host keeps it."""
        if self._restorer.net is not None:
            self._restorer.net.to("cpu")

    def _network(self) -> Any:
        if self._restorer.net is None:
            try:
                self._restorer.net = self._restorer.load_net()
            except Exception as error:
                raise WeightsMissing(
                    f"The WebUI could not load {self._name} ({type(error).__name__}: {error}).",
                    hint="Use it once in the Extras tab, which downloads it, or choose another "
                    "enhancer.",
                ) from error
        return self._restorer.net


def restorers(lent: Iterable[Any], weight: Callable[[], float]) -> dict[str, LentRestorer]:
    """Return the host's restorers we know how to call, by option value."""
    found = {str(one.name()).lower(): one for one in lent}
    return {
        name: LentRestorer(name, found[name], weight)
        for name in RESTORERS
        if hasattr(found.get(name), "load_net")
    }


def upscalers(lent: Iterable[Any]) -> dict[str, Upscaler]:
    """Return the host's upscalers by the names in its menus."""
    return {one.name: _upscaler(one) for one in lent if one.name != "None"}


def _upscaler(lent: Any) -> Upscaler:
    def enlarge(picture: ImageArray, factor: float) -> ImageArray:
        image = Image.fromarray(picture)
        try:
            larger = lent.scaler.upscale(image, factor, lent.data_path)
        except RuntimeError as error:
            raise_if_out_of_memory(error, f"{lent.name} on {image.width}x{image.height}")
            raise
        if larger.size == image.size and factor > 1:
            # the host logs a failed load and hands the picture back
            raise WeightsMissing(
                f"The WebUI could not load the upscaler {lent.name}.",
                hint="Use it once in the Extras tab, which downloads it, or choose another one.",
            )
        return np.asarray(larger.convert("RGB"))

    return enlarge


def raise_if_out_of_memory(error: RuntimeError, work: str) -> None:
    """Turn torch's complaint about memory into ours."""
    if is_out_of_memory(error):
        raise OutOfMemory(
            f"The device has no memory left for {work}.",
            hint="Close other programs that use it, or choose a smaller size.",
        ) from error
