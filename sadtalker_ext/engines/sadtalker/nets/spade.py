"""Picture synthesis by spatially adaptive normalisation (SPADE, Park et al. 2019).

Attribute names equal the keys of the checkpoint component `generator.decoder`.

"seg" is the (B, 256, h, w) map that steers every normalisation, h = w = S / 4.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from sadtalker_ext.engines.sadtalker.nets.layers import constant

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

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.effective_weight(), self.bias, padding=self.padding)


class Spade(nn.Module):
    """Scale and shift per pixel, steered by seg, of a map that is already normalised.

    x (B, n, H, W), seg (B, 256, h, w) with H a multiple (1, 2 or 4) of h.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.mlp_shared = nn.Sequential(nn.Conv2d(SEG, HIDDEN, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(HIDDEN, channels, 3, padding=1)
        self.mlp_beta: nn.Module = nn.Conv2d(HIDDEN, channels, 3, padding=1)
        self.taps: nn.Parameter | None = None

    @torch.no_grad()
    def fold(self) -> None:
        """Stack 1 + gamma and beta, and lay out the shared kernel for `stretched_conv`."""
        gamma, beta = self.mlp_gamma, self.mlp_beta
        if not isinstance(beta, nn.Conv2d):
            return
        gamma.weight = constant(torch.cat([gamma.weight, beta.weight]))
        gamma.bias = constant(torch.cat([_bias(gamma) + 1, _bias(beta)]))
        self.mlp_beta = nn.Identity()
        weight = self._shared().weight
        self.taps = constant(weight.permute(2, 3, 0, 1).reshape(-1, SEG, 1, 1).contiguous())

    def _shared(self) -> nn.Conv2d:
        return cast("nn.Conv2d", self.mlp_shared[0])

    def hidden(self, seg: Tensor, scale: int) -> Tensor:
        """Return (B, 128, scale * h, scale * w)."""
        if scale == 1:
            return self.mlp_shared(seg)
        if self.taps is None:
            return self.mlp_shared(functional.interpolate(seg, scale_factor=scale))
        products = torch.unflatten(functional.conv2d(seg, self.taps), 1, (3, 3, HIDDEN))
        return stretched_conv(products, _bias(self._shared()), scale)

    def terms(self, seg: Tensor, scale: int) -> tuple[Tensor, Tensor]:
        """Return factor and shift, both (B, n, scale * h, scale * w)."""
        hidden = self.hidden(seg, scale)
        if self.taps is None:
            return 1 + self.mlp_gamma(hidden), self.mlp_beta(hidden)
        both = self.mlp_gamma(hidden)
        return both[:, : self.channels], both[:, self.channels :]

    def forward(self, x: Tensor, seg: Tensor) -> Tensor:
        factor, shift = self.terms(seg, x.shape[-1] // seg.shape[-1])
        return torch.addcmul(shift, x, factor)


def _bias(conv: nn.Conv2d) -> Tensor:
    if conv.bias is None:
        raise ValueError("a convolution of a SPADE block has a bias")
    return conv.bias


def stretched_conv(products: Tensor, bias: Tensor, scale: int) -> Tensor:
    """Finish ReLU(3x3 convolution) of a map enlarged by repetition, without enlarging its input.

    Inside an enlarged pixel only the first, the inner and the last position differ per axis, so
    3x3 results exist; each is a sum of the nine products of the small map with one tap.

    Args:
        products: (B, 3, 3, C, h, w), tap row and tap column first.
        bias: (C,).
        scale: 2 (no inner position) or 4.

    Returns:
        (B, C, scale * h, scale * w).
    """
    order = (0, 2) if scale == 2 else (0, 1, 1, 2)
    rows = _positions(products.unbind(1), axis=-2)  # 3 x (B, 3, C, h, w)
    lines = []
    for row in rows:
        cells = _positions(row.unbind(1), axis=-1)  # 3 x (B, C, h, w)
        done = [functional.relu(cell + bias[:, None, None]) for cell in cells]
        lines.append(torch.stack([done[i] for i in order], dim=-1).flatten(-2))
    return torch.stack([lines[i] for i in order], dim=-2).flatten(-3, -2)


def _positions(taps: tuple[Tensor, ...], axis: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sum three taps for the first, an inner and the last position of an enlarged pixel."""
    before, here, after = taps
    head, tail = ((0, 0, 1, 0), (0, 0, 0, 1)) if axis == -2 else ((1, 0), (0, 1))
    length = before.shape[axis]
    earlier = functional.pad(before.narrow(axis, 0, length - 1), head)
    later = functional.pad(after.narrow(axis, 1, length - 1), tail)
    return earlier + here + after, before + here + after, before + here + later


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
        self.merged = False
        if inputs != outputs:
            self.conv_s = SpectralConv2d(inputs, outputs, 1, bias=False)
            self.norm_s = Spade(inputs)

    @torch.no_grad()
    def fold(self) -> None:
        """Let the shift of the shortcut skip its 1x1 convolution, which is merged into it."""
        if self.conv_s is None or not isinstance(self.norm_s.mlp_beta, nn.Conv2d):
            return
        self.conv_s.fold()
        mix, beta = self.conv_s.effective_weight()[:, :, 0, 0].double(), self.norm_s.mlp_beta
        kind = beta.weight.dtype
        weight = torch.einsum("oc,cihw->oihw", mix, beta.weight.double())
        beta.weight = constant(weight.to(kind))
        beta.bias = constant((mix @ _bias(beta).double()).to(kind))
        self.merged = True

    def forward(self, x: Tensor, seg: Tensor) -> Tensor:
        normal = functional.instance_norm(x, eps=EPS)
        if self.enlarge:
            normal = functional.interpolate(normal, scale_factor=2)
        y = self.conv_0(functional.leaky_relu(self.norm_0(normal, seg), SLOPE, inplace=True))
        y = self.norm_1(functional.instance_norm(y, eps=EPS), seg)
        y = self.conv_1(functional.leaky_relu(y, SLOPE, inplace=True))
        if self.conv_s is None:
            return y + x
        if not self.merged:
            return y + self.conv_s(self.norm_s(normal, seg))
        factor, shift = self.norm_s.terms(seg, normal.shape[-1] // seg.shape[-1])
        return y + self.conv_s(normal * factor) + shift


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

    def forward(self, seg: Tensor) -> Tensor:
        x = self.fc(seg)
        x = self.G_middle_1(self.G_middle_0(x, seg), seg)
        x = self.G_middle_3(self.G_middle_2(x, seg), seg)
        x = self.G_middle_5(self.G_middle_4(x, seg), seg)
        x = self.up_1(self.up_0(x, seg), seg)
        return torch.sigmoid(self.conv_img(functional.leaky_relu(x, SLOPE)).float())
