"""The small models of faces and hands, loaded when first used."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.errors import WeightsCorrupt, WeightsMissing
from sadtalker_ext.portrait.detect import Detector
from sadtalker_ext.portrait.mesh import Mesher
from sadtalker_ext.portrait.segment import Segmenter
from sadtalker_ext.weights import manifest
from sadtalker_ext.weights.store import WeightStore

if TYPE_CHECKING:
    from sadtalker_ext.portrait.hands import HandFinder

logger = logging.getLogger(__name__)

_OF_HANDS = (manifest.PALMS, manifest.HAND)


class FaceModels:
    """Detector, mesh, matte and hands; each is read from the store when it is first asked for.

    Args:
        store: Where the files are; the usual search order when not given.
    """

    def __init__(self, store: WeightStore | None = None) -> None:
        self._store = store if store is not None else WeightStore.standard()
        self._hands: HandFinder | None = None

    def require(self, name: str) -> Path:
        """Return the path of another verified weight file of the store.

        Raises:
            WeightsMissing: It was not fetched yet.
            WeightsCorrupt: It is not the published file.
        """
        return self._store.require(name)

    @cached_property
    def detector(self) -> Detector:
        """Finds faces.

        Raises:
            WeightsMissing: The file was not fetched yet.
        """
        return Detector(self._store.require(manifest.DETECTOR))

    @cached_property
    def mesher(self) -> Mesher:
        """Finds the 478 points of a face.

        Raises:
            WeightsMissing: The file was not fetched yet.
        """
        return Mesher(self._store.require(manifest.MESH))

    @cached_property
    def segmenter(self) -> Segmenter:
        """Separates the person from the background.

        Raises:
            WeightsMissing: The file was not fetched yet.
        """
        return Segmenter(self._store.require(manifest.SEGMENTER))

    @property
    def hands(self) -> HandFinder | None:
        """Finds hands; None while its files are missing or damaged: everything works without."""
        if self._hands is None:
            self._hands = self._found_hands()
        return self._hands

    def _found_hands(self) -> HandFinder | None:
        from sadtalker_ext.portrait.hands import HandFinder

        try:
            return HandFinder(*(self._store.require(name) for name in _OF_HANDS))
        except WeightsMissing:
            return None
        except WeightsCorrupt as error:
            logger.warning("Hands are not looked for: %s", error)
            return None
