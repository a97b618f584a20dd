"""Picture synthesis by spatially adaptive normalisation (SPADE, Park et al. 2019).

Attribute names equal the keys of the checkpoint component `generator.decoder`.

"seg" is the (B, 256, h, w) map that steers every normalisation, h = w = S / 4. Maps lie in memory
channels last, as the convolutions of processors and graphics cards want them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.geometry import number
from sadtalker_ext.engines.sadtalker.nets.layers import constant
from sadtalker_ext.engines.sadtalker.nets.stretched import stretched_conv, tap_bias, tap_kernels
from sadtalker_ext.engines.sadtalker.nets.winograd import transformed_kernel, winograd_conv

HIDDEN = 128
SEG = 256
EPS = 1e-5
SLOPE = 0.2


class SpectralConv2d(nn.Module):
    """Convolution whose weight is divided by its stored estimate of the largest singular value.

    The two vectors are used as they are stored: no power iteration, no normalisation. (B, a, H, W)
    to (B, b, H, W).
    """

    weight_u: Tensor
    weight_v: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, *, bias: bool = True) -> None:
        super().__init__()
        self.padding = kernel // 2
        self.weight_orig = nn.Parameter(torch.zeros(outputs, inputs, kernel, kernel))
        self.register_buffer("weight_u", torch.zeros(outputs))
        self.register_buffer("weight_v", torch.zeros(inputs * kernel * kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.weight: nn.Parameter | None = None
        self.tiles: nn.Parameter | None = None

    def effective_weight(self) -> Tensor:
        """Return weight_orig / sigma."""
        if self.weight is not None:
            return self.weight
        sigma = self.weight_u @ (self.weight_orig.flatten(1) @ self.weight_v)
        return self.weight_orig / sigma

    @torch.no_grad()
    def fold(self) -> None:
        """Divide once, for good."""
        if self.weight is None:
            self.weight = constant(self.effective_weight())
            self.weight_orig = constant(torch.empty(0))
            self.weight_u = self.weight_v = torch.empty(0)

    @torch.no_grad()
    def use_tiles(self) -> None:
        """Convolve by Winograd's algorithm from now on: 3x3, float32, maps with even sides."""
        if self.tiles is None:
            self.tiles = constant(transformed_kernel(self.effective_weight()))
            self.weight = constant(torch.empty(0))

    def forward(self, x: Tensor) -> Tensor:
        if self.tiles is not None:
            return winograd_conv(x, self.tiles, self.bias)
        return functional.conv2d(x, self.effective_weight(), self.bias, padding=self.padding)


class Spade(nn.Module):
    """Scale and shift per pixel, steered by seg, of a map that is already normalised.

    x (B, n, H, W), hidden (B, 128, H, W) from `hidden` or `SharedMaps`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.mlp_shared: nn.Module = nn.Sequential(nn.Conv2d(SEG, HIDDEN, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(HIDDEN, channels, 3, padding=1)
        self.mlp_beta: nn.Module = nn.Conv2d(HIDDEN, channels, 3, padding=1)

    @torch.no_grad()
    def fold(self) -> None:
        """Stack 1 + gamma and beta."""
        gamma, beta = self.mlp_gamma, self.mlp_beta
        if not isinstance(beta, nn.Conv2d):
            return
        gamma.weight = constant(torch.cat([gamma.weight, beta.weight]))
        gamma.bias = constant(torch.cat([_bias(gamma) + 1, _bias(beta)]))
        self.mlp_beta = nn.Identity()

    def hidden(self, seg: Tensor, scale: int) -> Tensor:
        """Return (B, 128, scale * h, scale * w) of seg (B, 256, h, w)."""
        if scale > 1:
            seg = functional.interpolate(seg, scale_factor=scale)
        maps: Tensor = self.mlp_shared(seg)
        return maps

    def terms(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return factor and shift, both (B, n, H, W)."""
        both = self.mlp_gamma(hidden)
        if isinstance(self.mlp_beta, nn.Identity):
            return both[:, : self.channels], both[:, self.channels :]
        return 1 + both, self.mlp_beta(hidden)

    def forward(self, x: Tensor, hidden: Tensor, *, into: Tensor | None = None) -> Tensor:
        factor, shift = self.terms(hidden)
        return torch.addcmul(shift, x, factor, out=into)


class SharedMaps(nn.Module):
    """The first convolutions of the SPADEs of one block, which read the same seg, as one.

    Args:
        spades: Where the convolutions are taken from, and taken away.
        enlarged: Whether the block's map is larger than seg.
    """

    def __init__(self, spades: list[Spade], *, enlarged: bool) -> None:
        super().__init__()
        convolutions = [cast("nn.Conv2d", spade.mlp_shared[0]) for spade in spades]  # type: ignore[index]
        weight = torch.cat([conv.weight for conv in convolutions])
        bias = torch.cat([_bias(conv) for conv in convolutions])
        self.enlarged = enlarged
        self.weight = constant(tap_kernels(weight) if enlarged else weight)
        self.bias = constant(tap_bias(bias) if enlarged else bias)
        for spade in spades:
            spade.mlp_shared = nn.Identity()

    def one(self, seg: Tensor, scale: int, number: int) -> Tensor:
        """Return the map of one SPADE of an enlarged block, with a third of the memory of all."""
        part = slice(number * HIDDEN, (number + 1) * HIDDEN)
        weight, bias = (
            torch.unflatten(value, 0, (9, -1))[:, part].flatten(0, 1)
            for value in (self.weight, self.bias)
        )
        return stretched_conv(seg, weight, bias, scale)

    def forward(self, seg: Tensor, scale: int) -> Sequence[Tensor]:
        if self.enlarged:
            if seg.device.type == "cpu":
                return _Lazily(self, seg, scale)
            maps = stretched_conv(seg, self.weight, self.bias, scale)
        else:
            maps = functional.conv2d(seg, self.weight, self.bias, padding=1)
            functional.relu(maps, inplace=True)
        return torch.split(maps, HIDDEN, dim=1)


class _Lazily(Sequence[Tensor]):
    """The maps of an enlarged block, each made when it is asked for and kept by nobody."""

    def __init__(self, shared: SharedMaps, seg: Tensor, scale: int) -> None:
        self._shared, self._seg, self._scale = shared, seg, scale

    def __getitem__(self, number: int) -> Tensor:  # type: ignore[override]
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._shared.one(self._seg, self._scale, number)

    def __len__(self) -> int:
        return len(self._shared.bias) // (9 * HIDDEN)


def _bias(conv: nn.Conv2d) -> Tensor:
    if conv.bias is None:
        raise ValueError("a convolution of a SPADE block has a bias")
    return conv.bias


def instance_normal(x: Tensor) -> Tensor:
    """Bring each channel of each (B, C, H, W) map to mean 0 and deviation 1.

    The deviation, unlike its square, fits into float16 whenever the values do.
    """
    deviation, mean = torch.std_mean(x, (2, 3), correction=0, keepdim=True)
    return (x - mean).div_(torch.hypot(deviation, number(EPS**0.5, x.device)))


class SpadeBlock(nn.Module):
    """Residual block of two steered convolutions. (B, a, H, W) to (B, b, H, W) or doubled.

    With `enlarge` the input is enlarged by repetition first; its statistics are those of the small
    map, so it is normalised before that. Only blocks that change the width enlarge.
    """

    def __init__(self, inputs: int, outputs: int, *, enlarge: bool = False) -> None:
        super().__init__()
        middle = min(inputs, outputs)
        self.enlarge = enlarge
        self.conv_0 = SpectralConv2d(inputs, middle, 3)
        self.conv_1 = SpectralConv2d(middle, outputs, 3)
        self.norm_0 = Spade(inputs)
        self.norm_1 = Spade(middle)
        self.conv_s: SpectralConv2d | None = None
        self.shared: SharedMaps | None = None
        if inputs != outputs:
            self.conv_s = SpectralConv2d(inputs, outputs, 1, bias=False)
            self.norm_s = Spade(inputs)

    @property
    def merged(self) -> bool:
        """Whether the shift of the shortcut skips its convolution."""
        return self.conv_s is not None and self.shared is not None

    def _spades(self) -> list[Spade]:
        return [self.norm_0, self.norm_1, *([self.norm_s] if self.conv_s is not None else [])]

    @torch.no_grad()
    def fold(self) -> None:
        """Join the shared convolutions, and merge the shortcut's 1x1 into its shift."""
        if self.shared is not None:
            return
        self.shared = SharedMaps(self._spades(), enlarged=self.enlarge)
        if self.conv_s is None:
            return
        self.conv_s.fold()
        beta = cast("nn.Conv2d", self.norm_s.mlp_beta)
        mix = self.conv_s.effective_weight()[:, :, 0, 0].double()
        kind = beta.weight.dtype
        weight = torch.einsum("oc,cihw->oihw", mix, beta.weight.double())
        beta.weight = constant(weight.to(kind))
        beta.bias = constant((mix @ _bias(beta).double()).to(kind))

    def forward(self, x: Tensor, seg: Tensor) -> Tensor:
        small = instance_normal(x)
        normal = self._enlarged(small)
        scale = normal.shape[-1] // seg.shape[-1]
        hidden: Sequence[Tensor]
        if self.shared is None:
            hidden = tuple(spade.hidden(seg, scale) for spade in self._spades())
        else:
            hidden = self.shared(seg, scale)
        # on a processor memory counts: the large map is written over and made again
        spare = self.enlarge and x.device.type == "cpu"
        y = self.norm_0(normal, hidden[0], into=normal if spare else None)
        y = self.conv_0(functional.leaky_relu(y, SLOPE, inplace=True))
        if spare:
            normal = small
        y = self.norm_1(instance_normal(y), hidden[1])
        y = self.conv_1(functional.leaky_relu(y, SLOPE, inplace=True))
        if self.conv_s is None:
            return y.add_(x)
        if spare:
            normal = self._enlarged(small)
        if not self.merged:
            return y + self.conv_s(self.norm_s(normal, hidden[2]))
        factor, shift = self.norm_s.terms(hidden[2])
        scaled = normal.mul_(factor) if spare else normal * factor
        return y.add_(self.conv_s(scaled)).add_(shift)

    def _enlarged(self, normal: Tensor) -> Tensor:
        return functional.interpolate(normal, scale_factor=2) if self.enlarge else normal


class SpadeDecoder(nn.Module):
    """Picture from the warped features. (B, 256, h, w) to (B, 3, 4h, 4w) float32 in (0, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Conv2d(SEG, 512, 3, padding=1)
        self.G_middle_0 = SpadeBlock(512, 512)
        self.G_middle_1 = SpadeBlock(512, 512)
        self.G_middle_2 = SpadeBlock(512, 512)
        self.G_middle_3 = SpadeBlock(512, 512)
        self.G_middle_4 = SpadeBlock(512, 512)
        self.G_middle_5 = SpadeBlock(512, 512)
        self.up_0 = SpadeBlock(512, 256, enlarge=True)
        self.up_1 = SpadeBlock(256, 64, enlarge=True)
        self.conv_img = nn.Conv2d(64, 3, 3, padding=1)

    def use_tiles(self) -> None:
        """Convolve by Winograd's algorithm where that pays on a processor: 512 channels to 512.

        Paired on two cores: 0.70 of the plain convolution's processor time there; 0.85 from 256
        to 512 channels; 1.2 to 1.9 from 512 to 256, from 256 to 256 and from 128 to more.
        """
        middle = (self.G_middle_0, self.G_middle_1, self.G_middle_2)
        for block in (*middle, self.G_middle_3, self.G_middle_4, self.G_middle_5):
            block.conv_0.use_tiles()
            block.conv_1.use_tiles()

    def forward(self, seg: Tensor) -> Tensor:
        x = self.fc(seg)
        x = self.G_middle_1(self.G_middle_0(x, seg), seg)
        x = self.G_middle_3(self.G_middle_2(x, seg), seg)
        x = self.G_middle_5(self.G_middle_4(x, seg), seg)
        x = self.up_1(self.up_0(x, seg), seg)
        x = functional.leaky_relu(x, SLOPE)
        return torch.sigmoid(self.conv_img(x).float())
