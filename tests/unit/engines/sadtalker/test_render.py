"""The renderer: streaming, batches, precisions and compiling, with keyed weights.

Pictures are 128 pixels wide, the smallest the networks take, to keep this quick.
"""

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from sadtalker_ext.engines.sadtalker import render
from sadtalker_ext.engines.sadtalker.nets.generator import Generator
from sadtalker_ext.engines.sadtalker.nets.spade import SpectralConv2d
from sadtalker_ext.engines.sadtalker.render import Renderer
from sadtalker_ext.errors import InvalidOption, OutOfMemory
from tests.golden.keyed_weights import unit_values
from tests.golden.networks import keyed_network

SIDE = 128
FRAMES = 60


def coefficient_rows():
    """A face at rest whose expression alone changes in the middle, by a tenth of its range."""
    row = (0.4 * unit_values("test", "row", 70)).astype(np.float32)
    rows = np.repeat(row[None], FRAMES, axis=0)
    rows[FRAMES // 2 :, :64] += (0.1 * unit_values("test", "speech", 64)).astype(np.float32)
    return row, rows


@pytest.fixture(scope="module")
def picture():
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    bands = [np.sin(9 * x + 4 * y), np.cos(7 * x * y), np.sin(12 * y)]
    return (127 + 120 * np.stack(bands, axis=-1)).astype(np.uint8)


@pytest.fixture(scope="module")
def networks():
    return {name: keyed_network(name) for name in ("generator", "kp_extractor", "mapping_00229")}


@pytest.fixture(scope="module")
def renderer(networks):
    return Renderer(*networks.values())


@pytest.fixture(scope="module")
def face(renderer, picture):
    return renderer.prepare(picture, coefficient_rows()[0])


@pytest.fixture(scope="module")
def points(renderer, face):
    """Key points of five frames: silence, three of the change, and speech."""
    every = renderer.key_points(face, coefficient_rows()[1])
    return every[[0, 27, 30, 33, FRAMES - 1]]


@pytest.fixture(scope="module")
def frames(renderer, face, points):
    return list(renderer.draw(face, points, 1))


def ends(renderer, face, points):
    """Render silence and speech as floats, (2, 3, S, S)."""
    with torch.inference_mode():
        pair = [renderer._draw(face.source, points[[place]]) for place in (0, -1)]
    return torch.cat(pair)


@pytest.fixture(scope="module")
def exact(renderer, face, points):
    return ends(renderer, face, points)


def test_frames_are_pictures_that_move(frames, picture):
    assert len(frames) == 5
    for frame in frames:
        assert frame.shape == picture.shape
        assert frame.dtype == np.uint8
        assert frame.flags.writeable
        assert frame.std() > 10
    moved = np.abs(frames[0].astype(int) - frames[-1])
    assert moved.mean() > 0.5


@pytest.mark.parametrize(("batch", "count"), [(2, 3), (5, 5)])
def test_the_batch_size_changes_no_frame(renderer, face, points, frames, batch, count):
    together = list(renderer.draw(face, points[:count], batch))
    assert len(together) == count
    for one, other in zip(frames, together, strict=False):
        difference = np.abs(one.astype(int) - other)
        assert difference.max() <= 1
        assert (difference > 0).mean() < 1e-3


def test_frames_come_one_batch_at_a_time(renderer, face, points, monkeypatch):
    sizes = []

    def draw(source, driving):
        sizes.append(len(driving))
        return torch.zeros(len(driving), 3, SIDE, SIDE)

    monkeypatch.setattr(renderer, "_draw", draw)
    stream = renderer.draw(face, points, 2)
    assert sizes == []
    assert not torch.is_inference_mode_enabled()
    next(stream)
    assert sizes == [2]
    assert not torch.is_inference_mode_enabled()
    assert len(list(stream)) == 4
    assert sizes == [2, 2, 1]


def test_levels_are_rounded_half_to_even(renderer, face, points, monkeypatch):
    """0.5 / 255 and its like are exact enough in float32 to be ties again."""
    levels = torch.tensor([0.0, 0.5, 1.5, 2.5, 254.5, 255.0])
    ties = (levels / 255) * 255 == levels
    row = (levels / 255).expand(1, 3, 1, -1)
    monkeypatch.setattr(renderer, "_draw", lambda _source, _driving: row)
    frame = next(renderer.draw(face, points[:1], 1))
    assert frame.shape == (1, 6, 3)
    assert ties[1:3].all()
    assert frame[0, :3, 0].tolist() == [0, 0, 2]
    assert frame[0, 5, 0] == 255


def test_frames_and_draw_agree(renderer, face, points, monkeypatch):
    seen = []

    def draw(source, driving):
        seen.append(driving)
        return torch.zeros(len(driving), 3, SIDE, SIDE)

    monkeypatch.setattr(renderer, "_draw", draw)
    assert len(list(renderer.frames(face, coefficient_rows()[1], batch_size=25))) == FRAMES
    assert torch.equal(torch.cat(seen)[[0, 27, 30, 33, FRAMES - 1]], points)


def test_many_frames_are_mapped_in_pieces(renderer, face, monkeypatch):
    rows = coefficient_rows()[1]
    whole = renderer.key_points(face, rows)
    monkeypatch.setattr(render, "MAPPING_BATCH", 7)
    assert torch.allclose(renderer.key_points(face, rows), whole, atol=1e-5)


def test_a_free_view_replaces_only_its_axis(renderer, face):
    rows = coefficient_rows()[1]
    own = renderer.key_points(face, rows)
    degrees = np.linspace(-20, 20, FRAMES).astype(np.float32)
    turned = renderer.key_points(face, rows, {"yaw": degrees})
    assert (turned - own).abs().max() > 0.05
    assert torch.allclose(turned[..., 1], own[..., 1], atol=0.2)
    assert (turned[1:] - turned[:-1]).abs().amax(dim=(1, 2)).min() > 1e-4


def test_floats_and_bytes_prepare_alike(renderer, face, picture):
    floats = picture.astype(np.float32) / 255
    again = renderer.prepare(floats, coefficient_rows()[0])
    assert torch.equal(again.canonical, face.canonical)
    assert all(map(torch.equal, again.source, face.source))


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("no room"),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("There is not enough GPU video memory available!"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"),
    ],
)
def test_running_out_of_memory_says_what_to_do(renderer, face, points, monkeypatch, error):
    def full(source, driving):
        raise error

    monkeypatch.setattr(renderer, "_draw", full)
    with pytest.raises(OutOfMemory, match="no room for 5 frames") as caught:
        next(renderer.draw(face, points, 5))
    assert "batch size" in caught.value.hint


@pytest.mark.parametrize(("device", "offered"), [("cpu", False), ("mps", True)])
def test_only_another_device_is_told_to_use_the_processor(
    renderer, face, points, monkeypatch, device, offered
):
    def full(source, driving):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(renderer, "_draw", full)
    monkeypatch.setattr(renderer, "device", torch.device(device))
    with pytest.raises(OutOfMemory) as caught:
        next(renderer.draw(face, points, 5))
    assert ("CPU" in caught.value.hint) == offered


def assert_lips_still_move(got, exact, *, mean, correlation):
    """The pictures are close, and what speech changes in them is the same change."""
    assert torch.isfinite(got).all()
    assert (got - exact).abs().mean() < mean
    change, wanted = (pair[1] - pair[0] for pair in (got, exact))
    both = torch.corrcoef(torch.stack([change.flatten(), wanted.flatten()]))[0, 1]
    assert both > correlation
    assert 0.8 < change.std() / wanted.std() < 1.25


def test_frozen_lips_would_be_seen(exact):
    frozen = exact[[0, 0]]
    with pytest.raises(AssertionError):
        assert_lips_still_move(frozen, exact, mean=1.0, correlation=-2)


class WideProducts(TorchFunctionMode):
    """Convolutions of bfloat16 values as float32 sums, rounded to bfloat16 at their end.

    That is what instructions for bfloat16 do. Without them torch takes a minute per convolution,
    hours for a picture. Everything else of the network runs in bfloat16 as it is.
    """

    def __init__(self):
        super().__init__()
        self.widened = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func not in (torch.conv2d, torch.conv3d) or args[0].dtype != torch.bfloat16:
            return func(*args, **kwargs)
        self.widened += 1
        wide = [value.float() if isinstance(value, torch.Tensor) else value for value in args]
        named = {k: v.float() if isinstance(v, torch.Tensor) else v for k, v in kwargs.items()}
        return func(*wide, **named).to(torch.bfloat16)


def assert_bfloat16_stays_close(networks, face, points, exact):
    low = Renderer(copy.deepcopy(networks["generator"]), *tail(networks), dtype=torch.bfloat16)
    assert_lips_still_move(ends(low, face, points), exact, mean=0.01, correlation=0.95)


def test_bfloat16_stays_close(networks, face, points, exact):
    with WideProducts() as mode:
        assert_bfloat16_stays_close(networks, face, points, exact)
    assert mode.widened > 100


@pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(),
    reason="needs a processor with instructions for bfloat16; others take hours",
)
def test_the_processors_own_bfloat16_stays_close(networks, face, points, exact):
    assert_bfloat16_stays_close(networks, face, points, exact)


def tail(networks):
    return networks["kp_extractor"], networks["mapping_00229"]


def test_float16_rounding_stays_close(networks, face, points, exact):
    """The rounding of float16 everywhere it happens on a GPU, with products summed in float32.

    Processors without float16 arithmetic take minutes for real float16; the GPU test does it.
    """
    generator = copy.deepcopy(networks["generator"])
    generator.set_precision(torch.float16).set_precision(torch.float32)
    convolutions = (nn.Conv2d, nn.Conv3d, SpectralConv2d)
    motion = generator.dense_motion_network
    per_frame = (
        motion.hourglass,
        motion.mask,
        motion.occlusion,
        generator.third,
        generator.fourth,
        generator.decoder,
    )
    for module in itertools.chain.from_iterable(part.modules() for part in per_frame):
        if isinstance(module, convolutions):
            module.register_forward_pre_hook(lambda _m, inputs: (inputs[0].half().float(),))
            module.register_forward_hook(lambda _m, _i, output: output.half().float())
    with torch.inference_mode():
        got = torch.cat([generator(face.source, points[[place]]) for place in (0, -1)])
    assert_lips_still_move(got, exact, mean=0.002, correlation=0.995)


def test_float16_is_refused_where_it_takes_minutes(networks):
    with pytest.raises(InvalidOption, match="needs a GPU") as caught:
        Renderer(networks["generator"], *tail(networks), dtype=torch.float16)
    assert "bfloat16" in caught.value.hint


def test_precision_leaves_what_is_done_once_alone():
    with torch.device("meta"):
        network = Generator().set_precision(torch.bfloat16)
    kinds = {name: value.dtype for name, value in network.named_parameters()}
    assert kinds["decoder.fc.weight"] == torch.bfloat16
    assert kinds["dense_motion_network.mask.weight"] == torch.bfloat16
    once = ("first.", "down_blocks.", "second.", "resblocks_3d.", "dense_motion_network.compress")
    assert {kind for name, kind in kinds.items() if name.startswith(once)} == {torch.float32}


def test_compiling_changes_no_frame(networks, face, points, frames):
    """The whole per-frame network is traced; the last batch keeps its shape."""
    compiled = Renderer(networks["generator"], *tail(networks), compile_backend="aot_eager")
    got = list(compiled.draw(face, points[:1], 2))
    assert len(got) == 1
    assert np.abs(frames[0].astype(int) - got[0]).max() <= 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler imports its own past
def test_inductor_stays_close(networks, face, points, exact):
    """Needs a C++ compiler and takes minutes."""
    compiled = Renderer(networks["generator"], *tail(networks), compile_backend="inductor")
    assert_lips_still_move(ends(compiled, face, points), exact, mean=1e-4, correlation=0.9999)


def test_nothing_is_compiled_or_lowered_unless_asked(renderer):
    assert renderer.dtype == torch.float32
    assert renderer._draw == renderer._generator.forward


@pytest.mark.gpu
@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
def test_the_gpu_agrees(networks, picture, points, exact, kind):
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        there = Renderer(
            copy.deepcopy(networks["generator"]),
            *(copy.deepcopy(network) for network in tail(networks)),
            device="cuda",
            dtype=kind,
        )
        face = there.prepare(picture, coefficient_rows()[0])
        got = ends(there, face, points.cuda()).cpu()
    mean = 1e-5 if kind == torch.float32 else 0.01
    assert_lips_still_move(got, exact, mean=mean, correlation=0.95)
