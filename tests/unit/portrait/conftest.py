"""The face models and the example portrait."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import Picture
from sadtalker_ext.weights.store import WeightStore

PORTRAIT = Path(__file__).resolve().parents[3] / "examples" / "portrait.png"


@pytest.fixture(scope="session")
def models():
    """The face models; the test command of quickstart.py fetches them before the tests."""
    store = WeightStore.standard()
    absent = [file.name for file in store.missing(["face"])]
    assert not absent, (
        f"The tests need the face models {absent}: run `python3 quickstart.py test`, "
        "or `sadtalker weights fetch puppet` first."
    )
    return FaceModels(store)


@pytest.fixture(scope="session")
def portrait():
    """The example portrait as RGB."""
    with Image.open(PORTRAIT) as image:
        return Picture(pixels=np.array(image.convert("RGB")), name=PORTRAIT.name)
