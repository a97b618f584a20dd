"""Where the networks of clear speech are unsure, the one that learned from noise is asked."""

import numpy as np
import pytest

from sadtalker_ext.speech.hear import recogniser as module
from sadtalker_ext.speech.hear.conformer import MELS, WIDTH, Posteriors
from sadtalker_ext.speech.hear.recogniser import Recogniser
from sadtalker_ext.speech.hear.timing import noisy_net, timing_nets
from sadtalker_ext.speech.ipa import PLAIN

SYMBOLS = ("p", "a", "<wb>", "<blank>")
OPEN, LIPS = PLAIN.index("a"), PLAIN.index("p")


class Deaf:
    """Hears nothing in particular."""

    symbols = SYMBOLS

    def __call__(self, samples):
        rows = len(samples) // 320 + 1
        scores = np.full((rows, len(SYMBOLS)), np.log(1 / len(SYMBOLS)), np.float32)
        return Posteriors(
            np.zeros((2 * rows, MELS), np.float32), np.zeros((rows, WIDTH), np.float32), scores
        )


def saying(sound, probability):
    """A network that always says the same."""
    rest = (1 - probability) / (len(PLAIN) - 1)

    def answer(heard, loud):
        scores = np.full((len(heard.mels), len(PLAIN)), np.log(rest), np.float32)
        scores[:, sound] = np.log(probability)
        return scores

    return answer


@pytest.mark.parametrize(("probability", "chosen"), [(0.97, OPEN), (0.15, LIPS)])
def test_the_network_of_noise_is_asked_by_those_that_are_unsure(monkeypatch, probability, chosen):
    monkeypatch.setattr(module, "timing_nets", lambda: saying(OPEN, probability))
    monkeypatch.setattr(module, "noisy_net", lambda: saying(LIPS, 0.9))
    heard = Recogniser(Deaf())(np.zeros(16000, np.float32))
    assert set(heard.sounds.argmax(axis=1)) == {chosen}
    assert (heard.sure.mean() < module.CLEAR) == (chosen == LIPS)


def test_its_weights_are_those_of_another_network_of_the_same_kind():
    clear = timing_nets()._members[1]._w
    noisy = noisy_net()._w
    assert {name: value.shape for name, value in noisy.items()} == {
        name: value.shape for name, value in clear.items()
    }
    assert any(not np.allclose(noisy[name], clear[name], atol=1e-3) for name in noisy)
