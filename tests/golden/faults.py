"""Faults to plant in a network, to see that the golden check finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import torch
from torch import Tensor, nn

from sadtalker_ext.engines.sadtalker.nets import layers, spade
from tests.golden.folder import GoldenFolder
from tests.golden.networks import keyed_network

Fault = Callable[[nn.Module], None]


def scaled(name: str, factor: float = 1.01, entry: int | None = None) -> Fault:
    """Return a fault that multiplies a weight, or only one number of it."""

    def plant(network: nn.Module) -> None:
        flat = weight_of(network, name).view(-1)
        part = flat if entry is None else flat[entry : entry + 1]
        part.mul_(factor)

    return plant


def swapped(name: str, first: int = 0, second: int = 1) -> Fault:
    """Return a fault that swaps two output channels of a weight."""

    def plant(network: nn.Module) -> None:
        weight = weight_of(network, name)
        weight[[first, second]] = weight[[second, first]]

    return plant


def weight_of(network: nn.Module, name: str) -> Tensor:
    module, _, leaf = name.rpartition(".")
    found: Tensor = getattr(network.get_submodule(module), leaf)
    return found.data
