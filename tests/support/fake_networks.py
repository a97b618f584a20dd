"""Stand-ins for the sadtalker engine's networks: quick, and telling what reached them.

`test_fakes.py` holds them against the real ones' signatures.
"""

import numpy as np
import torch

from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.errors import OutOfMemory


class FakeRenderer:
    """Draws each frame in the grey of its row's first number; remembers what it was asked.

    Args:
        room: Frames that fit into memory at once.
    """

    device = torch.device("cpu")

    def __init__(self, room=99):
        self.room = room
        self.batches = []
        self.asked = []
        self.redrawn = []

    @property
    def rows(self):
        """All driving rows of the last video; blocks overlap by what the network looks around."""
        return self.asked[-1]

    def prepare(self, picture, row):
        self.picture, self.row = picture, row
        return "face"

    def numbers(self):
        yield b"fake"

    def key_points(self, face, rows, camera=None):
        assert face == "face"
        self.asked.append(rows)
        self.camera = camera or {}
        return torch.from_numpy(rows)

    def redraw(self, pictures, rows, windows):
        """The pictures themselves, darker by how far the mouth is to go in the middle row."""
        if len(rows) > self.room:
            raise OutOfMemory("no room", hint="Smaller.")
        self.batches.append(len(rows))
        self.redrawn.extend(zip(pictures, rows, windows, strict=True))
        change = np.abs(windows[:, :64, 13] - rows[:, :64]).mean(1)
        return np.clip(pictures - change[:, None, None, None], 0, 255).astype(np.uint8)

    def widen(self):
        raise AssertionError("nothing is lost here")

    def draw(self, face, points, batch_size):
        for start in range(0, len(points), batch_size):
            part = points[start : start + batch_size]
            if len(part) > self.room:
                raise OutOfMemory("no room", hint="Smaller.")
            self.batches.append(len(part))
            for row in part:
                yield np.full((*self.picture.shape[:2], 3), int(row[0]), np.uint8)


class FakePose:
    def embed(self, windows):
        return windows[:, 0, :1, 0]

    def __call__(self, reference, noise, style, embeddings):
        self.style = style
        return noise[:, None, :6].expand(-1, 32, -1) * 0.1


def fake_expression(windows, reference, ratio):
    """Speech, blinks and the starting expression, each in its own share."""
    return reference + ratio + windows.mean(dim=(1, 2, 3))[:, None]


def fake_recon(pictures):
    """The brightness in the middle of each aligned picture, on top of a ramp."""
    ramp = torch.arange(257, dtype=torch.float32)[None] / 100
    return ramp + pictures[:, :, 80:144, 80:144].mean(dim=(1, 2, 3))[:, None]


def fake_networks(room=99):
    return Networks(
        recon=fake_recon, expression=fake_expression, pose=FakePose(), renderer=FakeRenderer(room)
    )
