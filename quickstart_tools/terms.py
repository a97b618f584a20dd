"""Words that the parts of quickstart.py share."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints"
PYTHONS = ((3, 10), (3, 11), (3, 12), (3, 13), (3, 14))
"""Versions that a constraints file is made for, where an interpreter is found."""

# Asked for by exact version before anything else can pull another build of it; the network's
# numbers in tests/golden were compared with this version. Spandrel needs a torchvision, and the
# newest one would bring another torch.
TORCH = ("torch==2.13.0", "torchvision==0.28.0")


class Stop(Exception):
    """Ends the run with a sentence for people."""


class Unreachable(Stop):
    """The package index did not answer."""


def say(text: str) -> None:
    """Print a step."""
    print(f"quickstart: {text} ...", flush=True)


def note(text: str) -> None:
    """Print a remark."""
    print(f"quickstart: {text}", flush=True)
