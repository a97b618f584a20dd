"""From the renderer's numbers to frames, and back into the picture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sadtalker_ext.engines.sadtalker.frames import to_aspect, to_uint8
from tests.golden.folder import GoldenFolder
from tests.golden.registry import EXACT, Stage, compare, stages
from tests.golden.stages.picture import has_pictures, picture

FILE = "small_ops.npz"


@stages("small_ops", FILE)
def small_operations(folder: GoldenFolder) -> Iterator[Stage]:
    arrays = folder.arrays(FILE)
    if "ubyte_in" in arrays:
        yield compare(folder, FILE, "ubyte_out", to_uint8(arrays["ubyte_in"]), EXACT)
    for key in arrays:
        size = re.fullmatch(r"resize_(\d+)x(\d+)", key)
        source = folder.noted(FILE, key, r"(frame_\w+)\.\w+")
        if size and source and has_pictures(folder, source[0]):
            resized = to_aspect(picture(folder, source[0]), (int(size[1]), int(size[2])))
            yield compare(folder, FILE, key, resized, EXACT)
