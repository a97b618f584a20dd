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
from sadtalker_ext.engines.sadtalker.nets.steering import SEG, SharedMaps, Spade, bias_of
from sadtalker_ext.engines.sadtalker.nets.winograd import transformed_kernel, winograd_conv

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
        beta.bias = constant((mix @ bias_of(beta).double()).to(kind))

    def forward(self, x: Tensor, seg: Tensor) -> Tensor:
        small = instance_normal(x)
        normal = self._enlarged(small)
        scale = int(normal.shape[-1] // seg.shape[-1])  # a plain number also in a trace
        hidden: Sequence[Tensor]
        if self.shared is None:
            hidden = tuple(spade.hidden(seg, scale) for spade in self._spades())
        else:
            hidden = self.shared(seg, scale)
        # on a processor memory counts: the large map is written over and made again
        spare = self.enlarge and self.shared is not None and x.device.type == "cpu"
        norm = self.norm_0.write_over if spare else self.norm_0
        y = norm(normal, hidden[0])
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
        if spare:
            shift = self.norm_s.scale_over(normal, hidden[2])
            return y.add_(self.conv_s(normal)).add_(shift)
        factor, shift = self.norm_s.terms(hidden[2])
        return y.add_(self.conv_s(normal * factor)).add_(shift)

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
