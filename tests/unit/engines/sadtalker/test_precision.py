"""The renderer in other number formats, compiled, and on a GPU: close to float32."""

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from sadtalker_ext.engines.sadtalker.nets.generator import Generator
from sadtalker_ext.engines.sadtalker.nets.spade import SpectralConv2d
from sadtalker_ext.engines.sadtalker.render import Renderer
from sadtalker_ext.engines.sadtalker.transfer import PrecisionLost
from sadtalker_ext.errors import InvalidOption
from tests.unit.engines.sadtalker.small_face import coefficient_rows, ends


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


@pytest.mark.slow
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


def test_the_layout_for_graphics_cards_draws_the_same(networks, face, points, exact):
    """On the processor, which computes the same operations."""
    generator = copy.deepcopy(networks["generator"])
    generator.arrange("cuda")
    with torch.inference_mode():
        got = torch.cat([generator(face.source, points[[place]]) for place in (0, -1)])
    assert (got - exact).abs().max() < 2e-3
    assert_lips_still_move(got, exact, mean=1e-5, correlation=0.99999)


def test_what_exceeds_float16_is_seen_and_drawn_again(renderer, face, points, monkeypatch):
    """A picture of infinities would be a black one."""
    monkeypatch.setattr(renderer, "dtype", torch.float16)
    monkeypatch.setattr(
        renderer, "_draw", lambda _source, driving: torch.full((len(driving), 3, 4, 4), torch.inf)
    )
    with pytest.raises(PrecisionLost):
        next(renderer.draw(face, points, 2))
    renderer.widen()
    assert renderer.dtype == torch.float32
    assert len(list(renderer.draw(face, points, 2))) == 5


@pytest.mark.slow
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
