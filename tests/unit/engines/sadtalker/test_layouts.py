"""Other orders of memory and of arithmetic, which change no number."""

import pytest
import torch
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.layers import (
    DownBlock3d,
    LayeredConv3d,
    UpBlock3d,
    fold,
    to_channels_last,
)
from sadtalker_ext.engines.sadtalker.nets.winograd import transformed_kernel, winograd_conv
from tests.unit.engines.sadtalker.random_networks import assert_close, fill, rand


@pytest.mark.parametrize(("batch", "height", "width"), [(1, 4, 6), (2, 8, 4), (3, 2, 2)])
@pytest.mark.parametrize("tiles", [1, 3, 1024])
@pytest.mark.parametrize("bias", [True, False])
def test_convolution_by_tiles(monkeypatch, batch, height, width, tiles, bias):
    monkeypatch.setattr("sadtalker_ext.engines.sadtalker.nets.winograd._TILES", tiles)
    x, weight = rand(batch, 5, height, width), rand(7, 5, 3, 3, seed=2)
    shift = rand(7, seed=3) if bias else None
    wanted = functional.conv2d(x, weight, shift, padding=1)
    assert_close(winograd_conv(x, transformed_kernel(weight), shift), wanted)


def test_tiles_are_nearer_to_the_exact_sums():
    """What makes the algorithm harmless for the recorded stages."""
    x, weight = rand(1, 512, 16, 16), rand(64, 512, 3, 3, seed=2)
    exact = functional.conv2d(x.double(), weight.double(), padding=1)
    plain = (functional.conv2d(x, weight, padding=1) - exact).abs().max()
    assert (winograd_conv(x, transformed_kernel(weight)) - exact).abs().max() < 2 * plain


@pytest.mark.parametrize("kernel", [3, 7])
def test_taps_along_the_depth_as_channels(kernel):
    conv = fill(LayeredConv3d(5, 3, kernel))
    x = rand(2, 5, 6, 4, 7)
    wanted = conv(x)
    conv.use_layers()
    conv.use_layers()
    assert_close(conv(x.contiguous(memory_format=torch.channels_last_3d)), wanted)
    assert conv(x.double().float()).dtype == torch.float32


@pytest.mark.parametrize("build", [lambda: DownBlock3d(3, 4), lambda: UpBlock3d(3, 4)])
def test_the_layout_in_memory_changes_no_number(build):
    block = fill(build())
    fold(block)
    x = rand(2, 3, 5, 6, 8)
    wanted = block(x)
    to_channels_last(block)
    got = block(x.contiguous(memory_format=torch.channels_last_3d))
    assert_close(got, wanted)
    assert got.stride(1) == 1
