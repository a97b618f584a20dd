"""The one host and the one service of this process; they outlive every "Reload UI"."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.errors import FETCH, WeightsMissing
from sadtalker_ext.host.webui import WebUIHost
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import EngineStatus, Service
from sadtalker_ext.types import VideoFile
from sadtalker_ext.weights.manifest import WeightFile
from sadtalker_ext.weights.store import WeightStore

if TYPE_CHECKING:
    from sadtalker_ext.service import DubRequest, Elsewhere, Request

DOWNLOAD = "Use the download button in the section Engine of the SadTalker tab."
PUT = "Put the file into the folder SadTalker of the WebUI's models, or choose something else."
RESTART = "Restart the WebUI completely: its start adds missing packages by our installer."


class WebUIService(Service):
    """A service whose jobs the WebUI sees in its bar, and stops with its buttons.

    Weights are fetched into the WebUI's own folder for models.
    """

    def __init__(self, host: WebUIHost) -> None:
        store = WeightStore.standard(host_folders=host.weight_dirs())
        store.download_folder = host.weight_dirs()[-1]
        super().__init__(host, store, advise=advise)
        self.host = host
        host.release = self.close

    def generate(
        self, request: Request, progress: Progress, elsewhere: Elsewhere | None = None
    ) -> VideoFile:
        """Make one video; see `Service`.

        The WebUI's flags for precision count unless one is chosen.
        """
        options = self._precise(request.options, self.choose(request.options.engine))
        with self._explained(options):
            request = dataclasses.replace(request, options=options)
            return super().generate(request, self.host.mirrored(progress), elsewhere)

    def dub(self, request: DubRequest, progress: Progress) -> VideoFile:
        """Dub one video, or let people of a picture talk; as `generate`."""
        options = self._precise(request.options, self._engines.to_dub(request.options.engine).name)
        with self._explained(options):
            request = dataclasses.replace(request, options=options)
            return super().dub(request, self.host.mirrored(progress))

    def _precise(self, options: GenerateOptions, engine: str) -> GenerateOptions:
        """Return the options with the host's precision, unless one was chosen.

        An engine without networks on the device has none: nobody asked it for one.
        """
        heeded = any(one.name == engine and "precision" in one.options for one in self.specs)
        if heeded and options.precision == "auto" and self.host.precision() != "auto":
            return dataclasses.replace(options, precision=self.host.precision())
        return options

    @contextlib.contextmanager
    def _explained(self, options: GenerateOptions) -> Iterator[None]:
        """Say of missing weights what the WebUI's user can do."""
        try:
            yield
        except WeightsMissing as error:
            if error.remedy == FETCH:
                # the button fetches what an engine needs, not size 512 or a face restorer
                chosen = self.choose(options.engine)
                offered = any(
                    self.lacking(one.name)
                    for one in self.specs
                    if one.built_in or one.name == chosen
                )
                error.hint, error.remedy = (DOWNLOAD if offered else PUT), ""
            raise


def advise(spec: EngineSpec, status: EngineStatus, absent: Sequence[WeightFile]) -> EngineStatus:
    """Say what to do in words that fit the WebUI, where nobody types pip commands."""
    if not absent:
        return dataclasses.replace(status, hint=RESTART)
    if spec.extra:
        # our installer adds the packages at the start after the weights have come
        reason = f"The weights of the {spec.name} engine are not installed."
        hint = "Download them here, then restart the WebUI once."
        return dataclasses.replace(status, reason=reason, hint=hint)
    return status


@functools.cache
def service() -> WebUIService:
    """Return the service, made when first asked for."""
    return WebUIService(WebUIHost())


def host() -> WebUIHost:
    """Return the host of the service."""
    return service().host
