"""Restorers and upscalers of the WebUI."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.errors import OutOfMemory, WeightsMissing
from sadtalker_ext.host.lent import restorers, upscalers

torch = pytest.importorskip("torch")


class Net(torch.nn.Module):
    """Negates a picture; counts where it was sent."""

    def __init__(self):
        super().__init__()
        self.places, self.calls = [], []

    def to(self, device):
        self.places.append(str(device))
        return self

    def forward(self, faces, **given):
        self.calls.append((tuple(faces.shape), given))
        if len(faces) > 4:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return (-faces,)


class Restorer:
    """As the host's: `net` is loaded on first use."""

    def __init__(self, name, net=None, fail=None):
        self._name, self.net, self._fail = name, None, fail
        self._loaded = net or Net()

    def name(self):
        return self._name

    def get_device(self):
        return "cpu"

    def load_net(self):
        if self._fail:
            raise self._fail
        return self._loaded


def faces(count=2):
    return np.random.default_rng(1).integers(0, 256, (count, 512, 512, 3), dtype=np.uint8)


def test_faces_go_through_the_hosts_network():
    net = Net()
    found = restorers([Restorer("GFPGAN", net), Restorer("Mystery")], lambda: 0.5)
    assert list(found) == ["gfpgan"]
    picture = faces()
    restored = found["gfpgan"](picture)
    assert restored.dtype == np.uint8
    assert np.abs(restored.astype(int) - (255 - picture.astype(int))).max() <= 1
    assert net.calls == [((2, 3, 512, 512), {"return_rgb": False})]


def test_the_hosts_weight_for_codeformer_counts():
    net = Net()
    restorers([Restorer("CodeFormer", net)], lambda: 0.3)["codeformer"](faces(1))
    assert net.calls[0][1] == {"weight": 0.3, "adain": True}


def test_a_network_that_cannot_be_loaded_is_an_error_and_not_an_unchanged_face():
    one = restorers([Restorer("GFPGAN", fail=ValueError("no model"))], lambda: 0.5)["gfpgan"]
    with pytest.raises(WeightsMissing, match="no model"):
        one(faces())


def test_the_network_goes_back_to_ram():
    net = Net()
    one = restorers([Restorer("GFPGAN", net)], lambda: 0.5)["gfpgan"]
    one.release()
    assert net.places == [], "nothing was loaded, nothing moves"
    one(faces(1))
    one.release()
    assert net.places[-1] == "cpu"


def test_no_memory_left_has_a_name():
    one = restorers([Restorer("GFPGAN")], lambda: 0.5)["gfpgan"]
    with pytest.raises(OutOfMemory, match="5 faces"):
        one(faces(5))


def upscaler(name, enlarge):
    return SimpleNamespace(name=name, data_path="p", scaler=SimpleNamespace(upscale=enlarge))


def test_upscalers_are_called_with_their_model():
    seen = []

    def enlarge(image, factor, path):
        seen.append((factor, path))
        return image.resize((int(image.width * factor), int(image.height * factor)))

    found = upscalers([upscaler("None", enlarge), upscaler("Lanczos", enlarge)])
    assert list(found) == ["Lanczos"]
    assert found["Lanczos"](np.zeros((20, 30, 3), np.uint8), 2.0).shape == (40, 60, 3)
    assert seen == [(2.0, "p")]


def test_an_upscaler_that_hands_the_picture_back_has_failed():
    found = upscalers([upscaler("ESRGAN", lambda image, *_: image)])
    with pytest.raises(WeightsMissing, match="ESRGAN"):
        found["ESRGAN"](np.zeros((20, 30, 3), np.uint8), 2.0)


@pytest.mark.parametrize("words", ["CUDA Out Of Memory", "not enough GPU video memory available"])
def test_an_upscaler_without_memory(words):
    def fail(image: Image.Image, *_):
        raise RuntimeError(words)

    with pytest.raises(OutOfMemory, match="30x20"):
        upscalers([upscaler("E", fail)])["E"](np.zeros((20, 30, 3), np.uint8), 2.0)
