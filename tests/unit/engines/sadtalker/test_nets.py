"""The networks: their keys are the checkpoint's, and every shortcut equals the plain way."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.dense_motion import DenseMotion
from sadtalker_ext.engines.sadtalker.nets.expnet import ExpNet
from sadtalker_ext.engines.sadtalker.nets.generator import Generator, ResidualBlock3d
from sadtalker_ext.engines.sadtalker.nets.geometry import (
    grid,
    sample,
    sample_shifted,
    shift_weights,
)
from sadtalker_ext.engines.sadtalker.nets.kp_detector import BlurAndThin
from sadtalker_ext.engines.sadtalker.nets.layers import (
    ConvBlock2d,
    DownBlock3d,
    StoredNorm,
    UpBlock3d,
    fold,
)
from sadtalker_ext.engines.sadtalker.nets.mapping import MappingNet
from sadtalker_ext.engines.sadtalker.nets.posenet import PoseNet, ResidualConv
from sadtalker_ext.engines.sadtalker.nets.recon import Bottleneck, ReconNet
from sadtalker_ext.engines.sadtalker.nets.spade import (
    SharedMaps,
    Spade,
    SpadeBlock,
    SpectralConv2d,
    instance_normal,
)
from sadtalker_ext.weights.checkpoint import is_used
from tests.golden.keyed_weights import MAPPINGS, PACKAGED, rows_of
from tests.golden.networks import BUILDERS
from tests.unit.engines.sadtalker.random_networks import assert_close, fill, rand


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_keys_and_shapes_are_those_of_the_published_file(name):
    mapping = name.startswith("mapping_")
    file = MAPPINGS[70 if name.endswith("229") else 73] if mapping else PACKAGED
    kind = "mapping" if mapping else name
    published = {
        canonical.removeprefix(f"{name}."): shape
        for _, canonical, shape, _ in rows_of(file)
        if canonical.startswith(f"{name}.")
    }
    wanted = {key: shape for key, shape in published.items() if is_used(kind, key)}
    with torch.device("meta"):
        network = BUILDERS[name]()
    found = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert found == wanted
    assert wanted


@pytest.mark.parametrize(
    ("build", "inputs"),
    [
        (lambda: ConvBlock2d(5, 7), (2, 5, 9, 6)),
        (lambda: DownBlock3d(3, 4), (2, 3, 5, 6, 8)),
        (lambda: UpBlock3d(4, 3), (2, 4, 3, 5, 7)),
        (lambda: UpBlock3d(4, 3), (1, 4, 1, 1, 1)),
        (lambda: ResidualBlock3d(4), (2, 4, 3, 5, 6)),
        (lambda: ResidualConv(6, 8, (2, 1)), (2, 6, 8, 6)),
        (lambda: Bottleneck(8, 4, 2), (2, 8, 10, 10)),
        (lambda: Bottleneck(16, 4, 1), (2, 16, 7, 9)),
        (lambda: SpectralConv2d(5, 6, 3), (2, 5, 8, 9)),
        (lambda: SpectralConv2d(5, 6, 1, bias=False), (2, 5, 8, 9)),
    ],
)
def test_folding_changes_no_number(build, inputs):
    plain = fill(build())
    folded = copy.deepcopy(plain)
    fold(folded)
    x = rand(*inputs)
    wanted = plain(x.clone())
    assert_close(folded(x.clone()), wanted)
    fold(folded)  # a second time does nothing
    assert_close(folded(x.clone()), wanted)
    assert not [module for module in folded.modules() if is_foldable(folded, module)]


def is_foldable(network, module):
    """Find normalisations that are still computed though a convolution is in front of them."""
    if not isinstance(module, StoredNorm):
        return False
    names = {id(child): name for name, child in network.named_modules()}
    return names[id(module)] not in ("norm1", "conv_block.0")


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_the_shared_convolutions_never_enlarge_their_input(scale):
    spades = [fill(Spade(6), seed) for seed in (0, 1)]
    seg = rand(2, 256, 3, 5)
    wanted = [spade.hidden(seg, scale) for spade in spades]
    shared = SharedMaps(spades, enlarged=scale > 1)
    for maps, other in zip(shared(seg, scale), wanted, strict=True):
        assert_close(maps, other)
    assert all(isinstance(spade.mlp_shared, nn.Identity) for spade in spades)


def test_maps_are_brought_to_mean_zero_and_deviation_one():
    x = 3 * rand(2, 4, 6, 5) + 7
    x[0, 0] = 0.25
    assert_close(instance_normal(x.clone()), functional.instance_norm(x, eps=1e-5))


def test_a_wide_map_is_normalised_in_float16():
    """Its variance of 90,000 is more than float16 holds."""
    x = 300 * rand(1, 2, 32, 32)
    assert_close(instance_normal(x.half()).float(), functional.instance_norm(x), 2e-3)


def test_a_block_normalises_before_enlarging():
    block = fill(SpadeBlock(8, 4, enlarge=True))
    x, seg = rand(1, 8, 4, 4), rand(1, 256, 4, 4)
    got = block(x, seg)
    block.enlarge = False
    assert_close(got, block(functional.interpolate(x, scale_factor=2), seg))


@pytest.mark.parametrize(("outputs", "enlarge"), [(8, False), (4, False), (4, True)])
def test_folding_a_block_changes_no_number(outputs, enlarge):
    plain = fill(SpadeBlock(8, outputs, enlarge=enlarge))
    folded = copy.deepcopy(plain)
    fold(folded)
    fold(folded)
    assert folded.merged is (outputs != 8)
    x, seg = rand(2, 8, 3, 5), rand(2, 256, 3, 5)
    assert_close(folded(x, seg), plain(x, seg))


def test_sigma_divides_with_the_stored_vectors_as_they_are():
    conv = fill(SpectralConv2d(3, 4, 3))
    conv.weight_u.mul_(2)
    sigma = conv.weight_u @ (conv.weight_orig.flatten(1) @ conv.weight_v)
    x = rand(1, 3, 5, 5)
    wanted = functional.conv2d(x, conv.weight_orig / sigma, conv.bias, padding=1)
    assert_close(conv(x), wanted)


def test_the_grid_ends_at_one_and_looking_it_up_does_not_return_the_volume():
    places = grid(3, 4, 5)
    assert places.shape == (3, 4, 5, 3)
    assert places[0, 0, 0].tolist() == [-1, -1, -1]
    assert places[2, 3, 4].tolist() == [1, 1, 1]
    assert places[0, 0, 4].tolist() == [1, -1, -1]
    assert places[0, 3, 0].tolist() == [-1, 1, -1]
    volume = rand(1, 1, 3, 4, 5)
    assert (sample(volume, places[None]) - volume).abs().max() > 0.1


def test_looking_up_reads_index_i_at_the_other_convention():
    """Index i of a line of W values is read at i * W / (W - 1) - 0.5."""
    width = 8
    ramp = torch.arange(1.0, width + 1)
    line = shift_weights(torch.zeros(1), width)[0] @ ramp
    for i in range(width):
        place = i * width / (width - 1) - 0.5
        below = int(place // 1)
        values = [float(ramp[j]) if 0 <= j < width else 0.0 for j in (below, below + 1)]
        part = place - below
        assert line[i] == pytest.approx(values[0] * (1 - part) + values[1] * part, abs=1e-5)


def test_constant_shifts_separate_by_axis():
    volume, shifts = rand(2, 3, 4, 5), 0.7 * rand(6, 3)
    shifts[0] = 0
    shifts[1] = torch.tensor([3.0, 0.0, 0.0])  # everything outside
    fields = grid(3, 4, 5) + shifts[:, None, None, None]
    wanted = sample(volume.expand(6, -1, -1, -1, -1), fields)
    got = sample_shifted(volume, shifts)
    assert_close(got, wanted)
    assert got[1].abs().max() == 0


def test_heat_is_a_gaussian_of_variance_one_hundredth():
    with torch.device("meta"):
        motion = DenseMotion()
    points = 0.5 * rand(2, 15, 3)
    got = motion.heat(points, 8)
    places = grid(16, 8, 8)
    distance = ((places - points[:, :, None, None, None]) ** 2).sum(-1)
    assert_close(got, torch.exp(-distance / 0.02))


def test_the_deformation_blends_motions_and_cuts_small_entries():
    mask = torch.softmax(4 * rand(2, 16, 3, 4, 5), dim=1)
    shifts = rand(2, 16, 3)
    assert (mask < 0.001).any()
    cut = torch.where(mask < 0.001, torch.zeros(()), mask)
    motions = grid(3, 4, 5) + shifts[:, :, None, None, None]
    wanted = (cut.unsqueeze(-1) * motions).sum(dim=1)
    assert_close(DenseMotion.deform(mask, shifts), wanted)


def test_the_blur_keeps_every_fourth_pixel_from_the_first():
    blur = BlurAndThin()
    blur.weight[:, :, 6, 6] = 1
    picture = rand(1, 3, 16, 12)
    assert torch.equal(blur(picture), picture[:, :, ::4, ::4])


def test_shapes_of_the_small_networks():
    with torch.device("meta"):
        assert ReconNet()(torch.empty(2, 3, 224, 224)).shape == (2, 257)
        heads = MappingNet(73)(torch.empty(5, 73, 27))
        assert [tuple(head.shape) for head in heads] == [(5, 66)] * 3 + [(5, 3), (5, 45)]
        windows = torch.empty(4, 1, 80, 16)
        assert ExpNet()(windows, torch.empty(4, 64), torch.empty(4, 1)).shape == (4, 64)
        pose = PoseNet()
        assert pose.embed(windows).shape == (4, 512)
        style = torch.zeros(2, dtype=torch.long)
        motion = pose(torch.empty(2, 6), torch.empty(2, 64), style, torch.empty(2, 32, 512))
        assert motion.shape == (2, 32, 6)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("side", [256, 512])
@pytest.mark.parametrize("device", [None, "cpu", "cuda"])
def test_the_renderer_takes_every_precision_and_both_sizes(kind, side, device):
    """Shapes and number kinds through the whole network, without computing anything."""
    with torch.device("meta"), torch.no_grad():
        network = Generator()
        if device is not None:
            fold(network)
        network.set_precision(kind)
        if device is not None:
            network.arrange(device)
        source = network.encode(torch.empty(1, 3, side, side), torch.empty(1, 15, 3))
        assert {value.dtype for value in source} == {torch.float32}
        assert source.volume.shape == (1, 32, 16, side // 4, side // 4)
        batch = 1 if device == "cpu" else 5
        picture = network(source, torch.empty(batch, 15, 3))
    assert picture.shape == (batch, 3, side, side)
    assert picture.dtype == torch.float32


def test_no_network_counts_batches_or_needs_training():
    for build in BUILDERS.values():
        with torch.device("meta"):
            network = build()
        assert not [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
