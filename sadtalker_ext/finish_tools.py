"""Where face restorers and upscalers come from: the host, or a weight file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from sadtalker_ext.errors import InvalidOption, WeightsMissing
from sadtalker_ext.host.base import Host
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import Enhancer, Upscaler
from sadtalker_ext.weights.manifest import declared
from sadtalker_ext.weights.store import WeightStore

if TYPE_CHECKING:
    from sadtalker_ext.compositor.finish import FinishTools
    from sadtalker_ext.portrait.models import FaceModels

NONE = "none"
_SHOWN = 12


def needs_device(options: GenerateOptions) -> bool:
    """Tell whether finishing the frames takes the device, whatever engine renders them."""
    restores = options.enhancer != NONE and options.enhancer_strength > 0
    return restores or options.upscaler not in ("", NONE)


class ToolBox:
    """Finds tools by the options; what was loaded last is kept for the next job.

    Args:
        host: Its restorers and upscalers are preferred.
        store: Weight files for the others.
        models: The face models, to follow the face.
    """

    def __init__(self, host: Host, store: WeightStore, models: Callable[[], FaceModels]) -> None:
        self._host = host
        self._store = store
        self._models = models
        self._restorer: tuple[str, Enhancer] | None = None
        self._upscaler: tuple[str, Upscaler] | None = None

    def tools(self, options: GenerateOptions) -> FinishTools | None:
        """Return what these options need, or None when they need nothing.

        Raises:
            InvalidOption: There is no such upscaler.
            WeightsMissing: A weight file was not found.
            WeightsCorrupt, WeightsMismatch: It cannot be used.
            PackageMissing: A package is not installed.
        """
        if not (needs_device(options) or options.debug_overlay):
            return None
        # needs OpenCV; a tab must be able to appear and say that it is missing
        from sadtalker_ext.compositor.finish import FinishTools
        from sadtalker_ext.portrait.follow import FaceFollower
        from sadtalker_ext.portrait.topology import triangles

        restores = options.enhancer != NONE and options.enhancer_strength > 0
        return FinishTools(
            follow=lambda start: FaceFollower(self._models(), start),
            triangles=triangles(),
            enhancer=self._find_enhancer(options.enhancer) if restores else None,
            upscaler=self._find_upscaler(options.upscaler),
        )

    def close(self) -> None:
        """Let go of loaded networks; safe to call twice."""
        self._restorer = self._upscaler = None

    def _find_enhancer(self, name: str) -> Enhancer:
        lent = self._host.enhancers().get(name)
        if lent is not None:
            return lent
        if self._restorer is None or self._restorer[0] != name:
            self._restorer = None  # the old one goes before the new one comes
            self._restorer = (name, self._load_restorer(name))
        return self._restorer[1]

    def _load_restorer(self, name: str) -> Enhancer:
        from sadtalker_ext.compositor.restorers import RESTORERS, build_restorer
        from sadtalker_ext.weights.model_file import read_tensors

        files = RESTORERS[name].files
        found = next((file for file in files if self._store.find(file) is not None), files[0])
        if self._store.find(found) is None and declared(found) is None:
            raise WeightsMissing(
                f"The enhancer {name} needs the weight file {found}, which was not found.",
                hint=f"Put it in one of {', '.join(map(str, self._store.folders))}.",
            )
        return build_restorer(name, read_tensors(self._store.require(found)), self._host.device())

    def _find_upscaler(self, name: str) -> Upscaler | None:
        if name in ("", NONE):
            return None
        lent = self._host.upscalers()
        for known, upscaler in lent.items():
            if known.casefold() == name.casefold():
                return upscaler
        # only names: an option may come from outside, and must not reach other files
        if PurePosixPath(name).name != name or PureWindowsPath(name).name != name:
            raise InvalidOption(
                f"Option upscaler should be a name without folders, found {name!r}."
            )
        if self._upscaler is None or self._upscaler[0] != name:
            self._upscaler = None
            self._upscaler = (name, self._load_upscaler(name, list(lent)))
        return self._upscaler[1]

    def _load_upscaler(self, name: str, known: list[str]) -> Upscaler:
        from sadtalker_ext.compositor.upscale import build_upscaler
        from sadtalker_ext.weights.model_file import read_tensors

        if self._store.find(name) is None:
            names = f"Known here: {', '.join(known[:_SHOWN])}. Or put" if known else "Put"
            raise InvalidOption(
                f"There is no upscaler called {name!r}.",
                hint=f"{names} a model file of that name in one of "
                f"{', '.join(map(str, self._store.folders))}.",
            )
        return build_upscaler(read_tensors(self._store.require(name)), self._host.device())
