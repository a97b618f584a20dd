"""The faces of the last pictures: whoever looks at one twice waits once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sadtalker_ext.kept import Kept, content_key
from sadtalker_ext.types import Face, Picture

if TYPE_CHECKING:
    from sadtalker_ext.portrait.models import FaceModels

_PICTURES = 32


class KnownFaces:
    """Finds the faces of pictures, and remembers them.

    Args:
        models: Gives the face models when they are needed.
    """

    def __init__(self, models: Callable[[], FaceModels]) -> None:
        self._models = models
        self._known: Kept[tuple[Face, ...]] = Kept(_PICTURES)

    def faces(self, picture: Picture) -> list[Face]:
        """Return all faces, largest first.

        Raises:
            WeightsMissing: The face models were not fetched yet.
        """
        # needs OpenCV; a tab must be able to appear and say that it is missing
        from sadtalker_ext.portrait.find import find_faces

        placed = str(sorted(picture.face_points.items()))
        key = content_key(picture.pixels, picture.landmarks, placed)
        return list(self._known.of(key, lambda: tuple(find_faces(picture, self._models()))))

    def face(self, picture: Picture, index: int) -> Face:
        """Return one face; raises as `find_face` does."""
        from sadtalker_ext.portrait.find import choose_face

        return choose_face(self.faces(picture), picture, index)
