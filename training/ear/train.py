"""``python -m training.ear.train``: make speech, listen to it, train the small networks, save them.

Needs torch, espeakng-loader, and the recogniser's weights (``sadtalker weights fetch puppet``).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from sadtalker_ext.speech.hear.timing import NOISY_WEIGHTS, WEIGHTS, levelled
from sadtalker_ext.speech.ipa import PLAIN
from training.ear.examples import UNKNOWN, Example, make
from training.ear.network import LOST, TimingNet

ROWS = 300
BATCH = 16
RATE, GOING_ON_RATE = 3e-3, 1.5e-3
FLATTER = 0.3
"""Power of a sound's frequency by which it counts less: rare sounds are seen, too."""


def main() -> int:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=300, help="of speech")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--in-noise", action="store_true", help="go on with the second network")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    from sadtalker_ext.weights.manifest import RECOGNISER, VOCABULARY
    from sadtalker_ext.weights.store import WeightStore

    store = WeightStore.standard()
    files = [store.require(name).read_bytes() for name in (RECOGNISER, VOCABULARY)]
    examples = list(make(asked.minutes, asked.seed, *files, asked.workers, in_noise=asked.in_noise))
    if asked.in_noise:
        net = train(examples, asked.steps, lost=0.05, rate=GOING_ON_RATE, net=trained(1))
        np.savez_compressed(asked.out or NOISY_WEIGHTS, **net.arrays())
        return 0
    synthetic = [one for one in examples if ":" not in one.language]
    # one network hears synthetic voices alone, the other all of them, some of their features hidden
    nets = [train(synthetic, asked.steps, asked.seed, lost=0.0), train(examples, asked.steps)]
    arrays = {
        f"{number}.{name}": value
        for number, net in enumerate(nets)
        for name, value in net.arrays().items()
    }
    np.savez_compressed(asked.out or WEIGHTS, **arrays)
    return 0


def train(
    examples: Sequence[Example],
    steps: int,
    seed: int = 0,
    *,
    lost: float = LOST,
    rate: float = RATE,
    net: TimingNet | None = None,
) -> TimingNet:
    """Return a network trained on all examples but every 20th, which are reported.

    Args:
        examples: What it learns from.
        steps: Of the optimiser.
        seed: Repeats the training.
        lost: Share of the inputs that are hidden from it.
        rate: Of learning, at its highest.
        net: Goes on with this one; by default with a new one.
    """
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    ready = [(levelled(np.float32(one.mels)), one.hidden, one.labels) for one in examples]
    kept = [one for number, one in enumerate(ready) if number % 20 == 0]
    used = [one for number, one in enumerate(ready) if number % 20]
    # voices made from recordings count twice
    often = np.array([2.0 if ":" in one.language else 1.0 for one in examples])
    often = np.delete(often, np.arange(0, len(examples), 20))
    chosen = iter(chance.choice(len(used), steps * BATCH, p=often / often.sum()))
    net = net or TimingNet(lost)
    net.lost = lost
    weight = _weights([one[2] for one in used])
    loss_of = torch.nn.CrossEntropyLoss(weight, ignore_index=UNKNOWN, label_smoothing=0.02)
    optimiser = torch.optim.AdamW(net.parameters(), rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    began = time.monotonic()
    for step in range(steps):
        net.train()
        batch = [_crop(used[next(chosen)], chance) for _ in range(BATCH)]
        bands, rows, labels = (
            torch.from_numpy(np.stack(part)) for part in zip(*batch, strict=True)
        )
        loss = loss_of(net(bands, rows), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 250 == 0 or step == steps - 1:
            right = _accuracy(net, kept[:200])
            spent = time.monotonic() - began
            print(f"{step:5} loss {loss.item():.3f} kept {right:.3f} {spent:.0f} s", flush=True)
    return net.eval()


def trained(member: int) -> TimingNet:
    """Return one of the networks of the package, to go on with."""
    net = TimingNet()
    state = net.state_dict()
    with np.load(WEIGHTS) as arrays:
        for name, value in state.items():
            array = torch.from_numpy(arrays[f"{member}.{name}"].astype(np.float32))
            if value.ndim == 3:
                outputs, inputs, width = value.shape
                array = array.reshape(width, inputs, outputs).permute(2, 1, 0).contiguous()
            state[name] = array
    net.load_state_dict(state)
    return net


def _weights(labels: Sequence[np.ndarray]) -> torch.Tensor:
    counts = np.bincount(np.concatenate(labels), minlength=UNKNOWN + 1)[: len(PLAIN)] + 1.0
    weight = (counts / counts.sum()) ** -FLATTER
    return torch.from_numpy((weight / np.average(weight, weights=counts)).astype(np.float32))


def _crop(
    one: tuple[np.ndarray, np.ndarray, np.ndarray], chance: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (80, R), (144, R / 2) and (R,) of a stretch, with changes the network must bear."""
    bands, rows, labels = one
    first = 2 * int(chance.integers(max(1, (len(labels) - ROWS) // 2)))
    bands = bands[first : first + ROWS] + chance.normal(0, 0.15, (1, bands.shape[1]))
    bands = bands + chance.normal(0, 0.15)
    rows = rows[first // 2 : first // 2 + ROWS // 2].astype(np.float32)
    labels = labels[first : first + ROWS].astype(np.int64)
    lost = chance.random()
    if lost < 0.08:
        bands = np.zeros_like(bands)
    elif lost < 0.12:
        rows = np.zeros_like(rows)
    bands = np.pad(bands.astype(np.float32), ((0, ROWS - len(bands)), (0, 0)))
    rows = np.pad(rows, ((0, ROWS // 2 - len(rows)), (0, 0)))
    labels = np.pad(labels, (0, ROWS - len(labels)), constant_values=UNKNOWN)
    return bands.T.copy(), rows.T.copy(), labels


@torch.no_grad()
def _accuracy(net: TimingNet, kept: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> float:
    net.eval()
    right = total = 0
    for bands, rows, labels in kept:
        even = 2 * len(rows)
        padded = np.pad(bands, ((0, even - len(bands)), (0, 0)))
        answer = net(
            torch.from_numpy(padded.T.copy())[None],
            torch.from_numpy(rows.astype(np.float32).T.copy())[None],
        )[0].argmax(0)[: len(labels)].numpy()  # fmt: skip
        known = labels != UNKNOWN
        right += int((answer == labels)[known].sum())
        total += int(known.sum())
    return right / max(total, 1)


if __name__ == "__main__":
    sys.exit(main())
