"""Sampling rates and bit rates of the sound track."""

import pytest

from sadtalker_ext.encoder.sound import aac_bits, aac_rate


@pytest.mark.parametrize(
    ("given", "kept"),
    [(8000, 8000), (6000, 8000), (11025, 11025), (16000, 16000), (37800, 44100), (44100, 44100),
     (48000, 48000), (96000, 48000), (192000, 48000)],
)  # fmt: skip
def test_rates(given, kept):
    assert aac_rate(given) == kept


def test_bit_rates():
    assert aac_bits(44100, 2) == 256_000
    assert aac_bits(44100, 1) == 128_000
    assert aac_bits(8000, 1) == 48_000
