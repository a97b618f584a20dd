"""The soft blend with its large steps in torch: the frames of the processor's way."""

import numpy as np
import pytest

from sadtalker_ext.compositor.lay import Compositor, Role
from sadtalker_ext.compositor.paste_back import Blend, Placer
from sadtalker_ext.types import Face, FollowedFace, Patch, Picture, Shot

torch = pytest.importorskip("torch")
SIZE = 300, 240
BOX = (60, 20, 240, 200)


def drawn(shift=0.0, size=SIZE):
    """A face-like disc before stripes, moved sideways."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    stripes = 110 + 60 * np.sin(x / 7)[..., None] * np.float32([1.0, 0.8, 0.6])
    inside = ((x - 150 - shift) / 60) ** 2 + ((y - 110) / 75) ** 2 < 1
    skin = np.float32([210, 170, 150]) + 12 * np.sin((x - shift) / 3)[..., None]
    return np.clip(np.where(inside[..., None], skin, stripes), 0, 255).astype(np.uint8)


def outline():
    angle = np.linspace(0, 2 * np.pi, 478, endpoint=False)
    ring = np.stack([150 + 55 * np.cos(angle), 110 + 70 * np.sin(angle), 0 * angle], axis=1)
    return ring.astype(np.float32)


def frame(shift):
    left, top, right, bottom = BOX
    return np.ascontiguousarray(drawn(shift)[top:bottom, left:right])


@pytest.mark.parametrize("shift", [0.0, 3.0, -8.0])
@pytest.mark.parametrize("box", [BOX, (-20, -10, 260, 270)])
def test_both_ways_agree_within_one_level(shift, box):
    plain = Placer(drawn(), box, points=outline())
    there = Placer(drawn(), box, points=outline(), device="cpu")
    assert there._soft._layers is not None
    wanted, got = (one.place(frame(shift), (shift, 0.0, 0.0)) for one in (plain, there))
    difference = np.abs(wanted.astype(int) - got)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.03
    if shift:
        assert np.abs(wanted.astype(int) - drawn()).max() > 20, "the frame should be seen"


def test_outside_the_mask_the_picture_is_kept_bit_by_bit():
    """Where the head has not moved; only the mouth is another one."""
    shown = frame(0.0)
    shown[110:130, 70:110] = 40
    placed = Placer(drawn(), BOX, points=outline(), device="cpu").place(shown)
    changed = (placed != drawn()).any(axis=2)
    assert changed[135:145, 135:165].all()
    assert not changed[:, :65].any()
    assert not changed[:25].any()


def test_without_room_the_processor_goes_on(monkeypatch):
    there = Placer(drawn(), BOX, points=outline(), device="cpu")
    wanted = Placer(drawn(), BOX, points=outline()).place(frame(3.0))

    def full(*_):
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(type(there._soft._layers), "mixed", full)
    assert np.array_equal(there.place(frame(3.0)), wanted)
    assert there._soft._layers is None


@pytest.mark.parametrize("blend", list(Blend))
@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_no_frame(blend, threads):
    face = Face(points=outline(), box=(95, 40, 205, 180), score=1.0)
    shot = Shot(
        picture=Picture(pixels=drawn(), name="one.png"),
        frames=lambda: iter([drawn()] * 12),
        face=lambda index: FollowedFace(index=index, at=lambda _: face),
        held=True,
    )
    patches = [Patch(pixels=frame(n / 2), place=BOX, head=(n / 2, 0.0, 0.0)) for n in range(12)]
    role = Role(patches=iter(patches), place=BOX, points=outline())
    frames = list(Compositor(shot, blend, threads=threads).frames([role]))
    placer = Placer(drawn(), BOX, blend=blend, points=outline())
    assert len(frames) == 12
    for got, patch in zip(frames, patches, strict=True):
        assert np.array_equal(got, placer.place(patch.pixels, patch.head))


def test_what_depends_on_the_picture_is_computed_once_for_all_threads(monkeypatch):
    made = []

    class Counted(Placer):
        def __init__(self, *rest, **more):
            made.append(1)
            super().__init__(*rest, **more)

    monkeypatch.setattr("sadtalker_ext.compositor.lay.Placer", Counted)
    shot = Shot(
        picture=Picture(pixels=drawn(), name="one.png"),
        frames=lambda: iter([drawn()] * 12),
        face=lambda index: pytest.fail(f"face {index} is asked for"),
        held=True,
    )
    patches = (Patch(pixels=frame(n / 2), place=BOX) for n in range(12))
    role = Role(patches=patches, place=BOX, points=outline())
    assert len(list(Compositor(shot, Blend.SOFT, threads=3).frames([role]))) == 12
    assert len(made) == 1
