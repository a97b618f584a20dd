"""What a frame costs, counted without computing anything: products, and launches on a device.

A view is no launch; neither is memory that is only asked for.
"""

from collections import Counter

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sadtalker_ext.engines.sadtalker.nets.generator import Generator
from sadtalker_ext.engines.sadtalker.nets.layers import fold

ORIGINALS_GMAC = 601.6
BATCH = 16


class Counting(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.launches = Counter()
        self.products = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        returned = func._schema.returns
        views = returned and all(
            one.alias_info is not None and not one.alias_info.is_write for one in returned
        )
        name = func.overloadpacket.__name__
        if not views and "empty" not in name and name != "_unsafe_view":
            self.launches[name] += 1
        if name == "convolution":
            self.products += found.numel() * args[1][0].numel()
        elif name in ("mm", "bmm"):
            self.products += args[0].numel() * args[1].shape[-1]
        elif name in ("addmm", "baddbmm"):
            raise AssertionError(f"{name} is not counted")
        return found


def counted(device, kind, batch):
    with torch.device("meta"), torch.no_grad():
        network = Generator()
        fold(network)
        network.set_precision(kind).arrange(device)
        source = network.encode(torch.empty(1, 3, 256, 256), torch.empty(1, 15, 3))
        driving = torch.empty(batch, 15, 3)
        network(source, driving)  # what is kept from frame to frame is made here
        with Counting() as counting:
            network(source, driving)
    return counting


def test_a_graphics_card_launches_at_most_20_times_per_frame():
    counting = counted("cuda", torch.float16, BATCH)
    assert sum(counting.launches.values()) / BATCH <= 20, counting.launches.most_common(12)


def test_a_processor_multiplies_at_most_72_percent_as_often_as_the_original():
    assert counted("cpu", torch.float32, 1).products / 1e9 <= 0.72 * ORIGINALS_GMAC


@pytest.mark.parametrize(
    ("operation", "products"), [("conv2d", 27 * 4 * 25), ("matmul", 3 * 4 * 5)]
)
def test_products_are_counted(operation, products):
    with torch.device("meta"), Counting() as counting:
        if operation == "conv2d":
            torch.conv2d(torch.empty(1, 3, 5, 5), torch.empty(4, 3, 3, 3), padding=1)
        else:
            torch.empty(3, 4) @ torch.empty(4, 5)
    assert counting.products == products
