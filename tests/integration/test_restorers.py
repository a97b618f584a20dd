"""Published restorers through spandrel, with random values in the published layout."""

import sys

import numpy as np
import pytest

from sadtalker_ext.compositor import picture_network
from sadtalker_ext.compositor.picture_network import build_model
from sadtalker_ext.compositor.restorers import RESTORERS, build_restorer
from sadtalker_ext.compositor.upscale import build_upscaler
from sadtalker_ext.errors import OutOfMemory, PackageMissing, WeightsMismatch
from sadtalker_ext.weights.model_file import read_tensors

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def spandrel():
    """Import spandrel; a torchvision built for another torch needs its operators declared first."""
    try:
        import torchvision  # noqa: F401
    except ImportError:
        pytest.skip("torchvision is not installed")
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        for name in [one for one in sys.modules if one.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        yield pytest.importorskip("spandrel")
        library._destroy()
        return
    yield pytest.importorskip("spandrel")


def small_esrgan(seed=0):
    """Tensors of a 2x network in the plain ESRGAN layout, one block, 8 channels."""
    generator = torch.Generator().manual_seed(seed)

    def layer(name, out, into, side=3):
        weight = torch.randn(out, into, side, side, generator=generator) * 0.02
        return {f"{name}.weight": weight, f"{name}.bias": torch.zeros(out)}

    tensors = layer("model.0", 8, 3)
    for dense in (1, 2, 3):
        for step in range(1, 6):
            out = 32 if step < 5 else 8
            prefix = f"model.1.sub.0.RDB{dense}.conv{step}.0"
            tensors |= layer(prefix, out, 8 + 32 * (step - 1))
    tensors |= layer("model.1.sub.1", 8, 8)
    tensors |= layer("model.3", 8, 8)
    tensors |= layer("model.5", 8, 8)
    return tensors | layer("model.7", 3, 8)


def test_an_upscaler_is_recognised_by_its_tensors(spandrel):
    upscale = build_upscaler(small_esrgan(), "cpu")
    picture = np.random.default_rng(0).integers(0, 255, (40, 56, 3)).astype(np.uint8)
    found = upscale(picture, 2.0)
    assert found.shape == (80, 112, 3)
    assert found.dtype == np.uint8
    assert upscale(picture, 3.0).shape == (160, 224, 3)


def test_tensors_of_something_else_are_refused(spandrel):
    with pytest.raises(WeightsMismatch, match="no network"):
        build_model({"some.weight": torch.zeros(3)}, "cpu")
    broken = small_esrgan()
    del broken["model.3.bias"]
    with pytest.raises(WeightsMismatch):
        build_model(broken, "cpu")


def test_an_upscaler_is_no_restorer(spandrel):
    with pytest.raises(WeightsMismatch, match="GFPGAN"):
        build_restorer("gfpgan", small_esrgan(), "cpu")


def test_the_prefix_of_parallel_training_is_taken_off(spandrel):
    wrapped = {f"module.{key}": value for key, value in small_esrgan().items()}
    assert build_model(wrapped, "cpu").scale == 2


def test_a_missing_or_broken_package_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(PackageMissing) as caught:
        build_model({}, "cpu")
    assert "pip install spandrel torchvision" in caught.value.hint
    with pytest.raises(PackageMissing, match="spandrel_extra_arches") as caught:
        build_model({}, "cpu", extra=True)
    assert "spandrel_extra_arches" in caught.value.hint


@pytest.mark.parametrize(
    ("problem", "mapped"),
    [
        (torch.cuda.OutOfMemoryError("CUDA out of memory."), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"), True),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("shapes differ"), False),
    ],
)
def test_every_kind_of_lacking_memory_is_one_error(problem, mapped):
    def run(pictures):
        raise problem

    with pytest.raises(OutOfMemory if mapped else RuntimeError):
        picture_network.on_arrays(run, "cpu")(np.zeros((1, 8, 8, 3), np.uint8))


def test_arrays_go_through_a_network_and_come_back_rounded():
    seen = []

    def run(tensor):
        seen.append(tensor)
        return tensor * 2 - 0.1

    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    found = picture_network.on_arrays(run, "cpu")(levels)
    assert seen[0].shape == (1, 3, 16, 16)
    wanted = np.rint(np.clip(levels / 255 * 2 - 0.1, 0, 1) * 255)
    assert np.abs(found - wanted).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gfpgan", "restoreformer", "codeformer"])
def test_a_restorer_with_random_values_restores_faces(spandrel, tmp_path, name):
    """The file is made here in the published layout; it takes about 350 MB."""
    path = tmp_path / RESTORERS[name].files[0]
    torch.save({"params_ema": random_network(name).state_dict()}, path)
    enhance = build_restorer(name, read_tensors(path), "cpu")
    faces = np.random.default_rng(0).integers(0, 255, (2, 512, 512, 3)).astype(np.uint8)
    found = enhance(faces)
    assert found.shape == faces.shape
    assert found.dtype == np.uint8
    # no noise of its own, so no flicker; and faces do not see each other
    alone = enhance(faces[1:])
    assert np.abs(found[1:].astype(int) - alone).max() <= 2


def random_network(name):
    if name == "gfpgan":
        from spandrel.architectures.GFPGAN import GFPGAN

        return GFPGAN(
            out_size=512,
            num_style_feat=512,
            channel_multiplier=2,
            fix_decoder=False,
            num_mlp=8,
            input_is_latent=True,
            different_w=True,
            narrow=1,
            sft_half=True,
        )
    if name == "codeformer":
        pytest.importorskip("spandrel_extra_arches")
        from spandrel_extra_arches.architectures.CodeFormer import CodeFormer

        return CodeFormer()
    from spandrel.architectures.RestoreFormer import RestoreFormer

    return RestoreFormer(
        n_embed=1024,
        embed_dim=256,
        ch=64,
        out_ch=3,
        ch_mult=(1, 2, 2, 4, 4, 8),
        num_res_blocks=2,
        attn_resolutions=(16,),
        dropout=0.0,
        in_channels=3,
        resolution=512,
        z_channels=256,
        double_z=False,
        enable_mid=True,
        head_size=8,
    )
