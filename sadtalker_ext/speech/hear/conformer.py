"""A small Conformer that turns sound into phones, in plain numpy.

The network is the acoustic model of the ``hama`` package (Apache-2.0): log-mel bands, one
convolution of stride 2, four Conformer blocks (Gulati et al., "Conformer: convolution-augmented
transformer for speech recognition", 2020) without position codes, and a CTC head. Only its weights
are read, as data.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.speech.hear.tensors import read_tensors
from sadtalker_ext.types import FloatArray

HOP = 160
"""Samples at 16 kHz between two rows of log-mel bands."""
MELS = 80
WIDTH = 144
"""Values per row of the network."""

_WINDOW, _REACH = 400, 200
_BLOCKS, _HEADS = 4, 4
_KERNEL = 31
_QUIETEST = 1e-10
_EXTRA = ("<wb>", "<blank>")
_PREFIX = "acoustic_model.model."


@dataclass(frozen=True, slots=True, eq=False)
class Posteriors:
    """What the network makes of one piece of sound; T rows every 20 ms, M rows every 10 ms.

    Row t belongs to the moment 0.02 t seconds, row m to 0.01 m.

    Attributes:
        mels: (M, 80) float32 logarithm of the power in mel bands.
        hidden: (T, 144) float32 output of the last block.
        log_probs: (T, V) float32 logarithm of the probability of each symbol.
    """

    mels: FloatArray
    hidden: FloatArray
    log_probs: FloatArray


class Conformer:
    """The network with its weights and its vocabulary.

    Args:
        weights: The bytes of ``asr_waveform.hama``.
        vocabulary: The bytes of ``g2p_vocab.json``.

    Attributes:
        symbols: V strings: IPA symbols, then ``<wb>`` (between words) and ``<blank>``.

    Raises:
        WeightsCorrupt: The files are not what they should be.
    """

    def __init__(self, weights: bytes, vocabulary: bytes) -> None:
        named = read_tensors(weights)
        self.symbols = (*_decoder_symbols(vocabulary), *_EXTRA)
        try:
            self._w = {name.removeprefix(_PREFIX): value for name, value in named.items()}
            self._real = self._w["stft_real_kernel"].reshape(-1, _WINDOW).T.copy()
            self._imaginary = self._w["stft_imag_kernel"].reshape(-1, _WINDOW).T.copy()
            self._bands = self._w["mel_fb"]
            self._stem = self._w["onnx::Conv_801"].transpose(2, 1, 0).reshape(-1, WIDTH).copy()
            self._head = _matrix(self._w["proj.weight"])
            self._head_bias = self._w["proj.bias"]
            self._blocks = [_Block(self._w, number) for number in range(_BLOCKS)]
        except KeyError as error:
            raise WeightsCorrupt(f"The phone recogniser lacks the tensor {error}.") from error

    @property
    def blank(self) -> int:
        """Index of the symbol that means: nothing new."""
        return len(self.symbols) - 1

    def mels(self, samples: FloatArray) -> FloatArray:
        """Return (N // 160 + 1, 80) float32 log-mel bands of (N,) samples at 16 kHz in [-1, 1].

        A window of 25 ms is centred at each multiple of 10 ms; the edges are reflected.
        """
        count = len(samples) // HOP + 1
        if len(samples) <= _REACH:  # too short to be reflected
            samples = np.pad(samples, (0, _REACH + 1 - len(samples)))
        padded = np.pad(samples.astype(np.float32, copy=False), _REACH, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP][:count]
        power = np.square(windows @ self._real) + np.square(windows @ self._imaginary)
        mels: FloatArray = np.log(np.maximum(power @ self._bands, _QUIETEST))
        return mels

    def __call__(
        self, samples: FloatArray, step: Callable[[float], None] | None = None
    ) -> Posteriors:
        """Listen to one piece, (N,) samples at 16 kHz in [-1, 1], of at most about 30 seconds.

        Args:
            samples: The sound.
            step: Told after each block how much of the work is done, 0..1.
        """
        mels = self.mels(samples)
        padded = np.pad(mels, ((1, 2), (0, 0)))
        count = (len(mels) + 1) // 2
        taps = [padded[shift : shift + 2 * count : 2] for shift in range(3)]
        x = _gelu(np.concatenate(taps, axis=1) @ self._stem + self._w["onnx::Conv_802"])
        for number, block in enumerate(self._blocks, 1):
            x = block(x)
            if step is not None:
                step(number / len(self._blocks))
        scores = x @ self._head + self._head_bias
        scores -= scores.max(axis=1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return Posteriors(mels, x, scores)


class _Block:
    """One Conformer block: half a feed-forward, attention, convolution, half a feed-forward."""

    def __init__(self, weights: dict[str, FloatArray], number: int) -> None:
        first, convolution = 829 + 9 * number, 804 + 3 * number
        self._w = {
            name.removeprefix(f"blocks.{number}."): value
            for name, value in weights.items()
            if name.startswith(f"blocks.{number}.")
        }
        matrix = [weights[f"onnx::MatMul_{first + k}"] for k in (0, 1, 2, 6, 7, 8)]
        self._ffn = {"ffn1": (matrix[0], matrix[1]), "ffn2": (matrix[4], matrix[5])}
        self._qkv, self._out = matrix[2], matrix[3]
        self._taps = weights[f"onnx::Conv_{convolution}"].reshape(WIDTH, _KERNEL).T.copy()
        self._taps_bias = weights[f"onnx::Conv_{convolution + 1}"]
        self._gate = _matrix(self._w["conv.pointwise1.weight"])
        self._mix = _matrix(self._w["conv.pointwise2.weight"])

    def __call__(self, x: FloatArray) -> FloatArray:
        x = x + 0.5 * self._feed_forward(x, "ffn1")
        x = x + self._attention(self._norm(x, "attn_norm"))
        x = x + self._convolution(self._norm(x, "conv.norm"))
        x = x + 0.5 * self._feed_forward(x, "ffn2")
        return self._norm(x, "norm")

    def _norm(self, x: FloatArray, name: str) -> FloatArray:
        centred = x - x.mean(axis=1, keepdims=True)
        spread = np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + np.float32(1e-5))
        scaled: FloatArray = centred / spread * self._w[f"{name}.weight"] + self._w[f"{name}.bias"]
        return scaled

    def _feed_forward(self, x: FloatArray, name: str) -> FloatArray:
        inner, outer = self._ffn[name]
        wide = _silu(self._norm(x, f"{name}.norm") @ inner + self._w[f"{name}.fc1.bias"])
        result: FloatArray = wide @ outer + self._w[f"{name}.fc2.bias"]
        return result

    def _attention(self, x: FloatArray) -> FloatArray:
        together = x @ self._qkv + self._w["attn.in_proj_bias"]
        heads = together.reshape(len(x), 3, _HEADS, -1).transpose(1, 2, 0, 3)
        scores = heads[0] @ (heads[1] * np.float32(1 / 6)).transpose(0, 2, 1)
        scores -= scores.max(axis=2, keepdims=True)
        np.exp(scores, out=scores)
        mixed = (scores @ heads[2]) / scores.sum(axis=2, keepdims=True)
        joined = mixed.transpose(1, 0, 2).reshape(len(x), WIDTH)
        result: FloatArray = joined @ self._out + self._w["attn.out_proj.bias"]
        return result

    def _convolution(self, x: FloatArray) -> FloatArray:
        wide = x @ self._gate + self._w["conv.pointwise1.bias"]
        gated = wide[:, :WIDTH] * _sigmoid(wide[:, WIDTH:])
        padded = np.pad(gated, ((_KERNEL // 2, _KERNEL // 2), (0, 0)))
        total = np.tile(self._taps_bias, (len(x), 1))
        for shift in range(_KERNEL):
            total += padded[shift : shift + len(x)] * self._taps[shift]
        result: FloatArray = _silu(total) @ self._mix + self._w["conv.pointwise2.bias"]
        return result


def _matrix(weight: FloatArray) -> FloatArray:
    """Return the (in, out) matrix of an (out, in, 1) convolution."""
    return np.ascontiguousarray(weight[:, :, 0].T)


def _decoder_symbols(vocabulary: bytes) -> list[str]:
    try:
        decoder = json.loads(vocabulary)["decoder"]
        if isinstance(decoder, dict):
            return [name for name, _ in sorted(decoder.items(), key=lambda pair: int(pair[1]))]
        return [str(name) for name in decoder]
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsCorrupt(
            f"The phone recogniser's vocabulary cannot be read: {error}."
        ) from error


def _sigmoid(x: FloatArray) -> FloatArray:
    half: FloatArray = np.float32(0.5) * np.tanh(np.float32(0.5) * x) + np.float32(0.5)
    return half


def _silu(x: FloatArray) -> FloatArray:
    return x * _sigmoid(x)


def _gelu(x: FloatArray) -> FloatArray:
    """Return x times the normal distribution function.

    The error function is formula 7.1.26 of Abramowitz and Stegun, right to 1.5e-7.
    """
    z = np.abs(x) * np.float32(np.sqrt(0.5))
    t: FloatArray = np.float32(1) / (np.float32(1) + np.float32(0.3275911) * z)
    series: FloatArray = np.full_like(t, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = series * t + np.float32(factor)
    error: FloatArray = np.sign(x) * (np.float32(1) - series * t * np.exp(-np.square(z)))
    result: FloatArray = np.float32(0.5) * x * (np.float32(1) + error)
    return result
