"""Ten drawn faces that no detector finds, and where their eyes, mouths and chins are.

Animals, anime, a statue, a doll, a mask, a robot: everything about them is known, because
everything is drawn here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.types import ImageArray, Picture
from tests.support.odd_canvas import SIDE, Canvas, FacePlan, Point

__all__ = ["SIDE", "OddFace", "odd_faces"]


@dataclass(frozen=True, kw_only=True, eq=False)
class OddFace:
    """A drawn face.

    Attributes:
        name: What it shows.
        pixels: (512, 512, 3) uint8 RGB.
        points: By the names of `face_points.NAMES`, as shares of the picture.
    """

    name: str
    pixels: ImageArray
    points: dict[str, Point]

    @property
    def picture(self) -> Picture:
        return Picture(pixels=self.pixels, name=f"{self.name}.png")


def odd_faces() -> list[OddFace]:
    return [draw() for draw in _DRAWN]


def _cat() -> OddFace:
    plan = FacePlan(eye=(62, 235), eye_size=(34, 27), brow=(64, 190), nose=292,
                 mouth=(40, 330, 318, 344), chin=375, cheek=(140, 270), forehead=140)  # fmt: skip
    fur, dark, c = (196, 142, 84), (150, 98, 50), Canvas((120, 150, 130), 1)
    c.oval((256, 470), (150, 120), fur)
    for side in (-1, 1):
        c.shape([(256 + side * 60, 160), (256 + side * 150, 60), (256 + side * 145, 220)], fur)
        c.shape([(256 + side * 85, 150), (256 + side * 138, 90), (256 + side * 132, 190)],
                (225, 170, 160))  # fmt: skip
    c.oval((256, 260), (145, 122), fur)
    for x in (-40, 0, 40):
        c.line([(256 + x * 0.7, 190), (256 + x, 145)], dark, 5)
    c.oval((232, 325), (38, 30), (238, 222, 200))
    c.oval((280, 325), (38, 30), (238, 222, 200))
    c.oval((256, 352), (30, 24), (238, 222, 200))
    c.eyes(plan, (190, 200, 80), (150, 175, 50), slit=True, share=0.95)
    c.shape([(240, 284), (272, 284), (256, 302)], (190, 100, 100))
    c.line([(256, 302), (256, 322)], (90, 50, 40), 2)
    c.line([(216, 326), (232, 333), (256, 325), (280, 333), (296, 326)], (90, 50, 40), 2.5)
    for side in (-1, 1):
        for drop in (-8, 4, 16):
            c.line([(256 + side * 45, 320 + drop / 2), (256 + side * 150, 312 + drop)],
                   (245, 240, 230), 1)  # fmt: skip
    return OddFace(name="cat", pixels=c.rough(4), points=plan.points())


def _dog() -> OddFace:
    plan = FacePlan(eye=(64, 205), eye_size=(24, 20), brow=(62, 170), nose=280,
                 mouth=(62, 345, 325, 362), chin=395, cheek=(130, 260), forehead=115)  # fmt: skip
    coat, c = (120, 82, 54), Canvas((170, 190, 205), 2)
    c.oval((256, 480), (140, 120), coat)
    c.oval((256, 240), (128, 135), coat)
    for side in (-1, 1):
        c.oval((256 + side * 140, 230), (42, 105), (82, 54, 34), -side * 12)
    c.oval((256, 330), (86, 76), (222, 200, 172))
    c.shape([(238, 120), (274, 120), (286, 270), (226, 270)], (222, 200, 172))
    c.eyes(plan, (70, 45, 25), (60, 36, 18), share=0.95)
    c.oval((256, 278), (34, 24), (28, 24, 26))
    c.oval((246, 270), (10, 6), (110, 110, 115))
    c.line([(256, 300), (256, 335)], (60, 40, 30), 3)
    c.line([(194, 338), (222, 350), (256, 338), (290, 350), (318, 338)], (60, 40, 30), 3)
    return OddFace(name="dog", pixels=c.rough(4), points=plan.points())


def _owl() -> OddFace:
    plan = FacePlan(eye=(68, 215), eye_size=(46, 44), brow=(72, 150), nose=262,
                 mouth=(24, 292, 272, 312), chin=350, cheek=(150, 250), forehead=110)  # fmt: skip
    c = Canvas((40, 48, 80), 3)
    c.oval((256, 470), (165, 170), (120, 96, 70))
    c.oval((256, 240), (160, 140), (136, 108, 78))
    for side in (-1, 1):
        c.shape([(256 + side * 70, 125), (256 + side * 140, 50), (256 + side * 150, 190)],
                (110, 84, 58))  # fmt: skip
        c.oval((256 + side * 68, 220), (78, 82), (206, 184, 150))
    c.eyes(plan, (240, 190, 50), (240, 170, 30), share=0.9)
    c.shape([(256, 250), (284, 286), (256, 318), (228, 286)], (224, 176, 70))
    c.line([(230, 290), (256, 294), (282, 290)], (120, 84, 30), 2)
    return OddFace(name="owl", pixels=c.rough(5), points=plan.points())


def _sketch() -> OddFace:
    """A girl as comics draw her: lines on paper, huge eyes, hardly a nose."""
    plan = FacePlan(eye=(70, 285), eye_size=(40, 54), brow=(70, 212), nose=348,
                 mouth=(16, 384, 380, 389), chin=436, cheek=(136, 300), forehead=170)  # fmt: skip
    c, ink = Canvas((250, 250, 246), 4), (40, 38, 44)
    c.line(
        [(118, 250), (122, 330), (180, 402), (256, 440), (332, 402), (390, 330), (394, 250)], ink, 2
    )
    c.arc((256, 240), (180, 190), 160, 380, ink, 2.5)
    for x in (-110, -60, -10, 40, 90):
        c.line(
            [(256 + x, 80), (256 + x - 26, 180), (256 + x + 6, 222), (256 + x + 40, 120)], ink, 2
        )
    (ex, ey), (ew, eh) = plan.eye, plan.eye_size
    for side in (-1, 1):
        at = (256 + side * ex, ey)
        c.oval(at, (0.8 * ew, eh), (190, 196, 210))
        c.oval((at[0], ey + 6), (0.6 * ew, 0.75 * eh), (96, 104, 130))
        c.oval((at[0] + 10, ey - 20), (13, 16), (255, 255, 255))
        c.oval((at[0] - 12, ey + 22), (7, 8), (255, 255, 255))
        c.arc((at[0], ey), (ew, eh), 195, 345, ink, 6)
        c.line([(at[0] - 24, 216), (at[0], 210), (at[0] + 24, 216)], ink, 2)
    c.line([(240, 384), (256, 387), (272, 384)], ink, 2)
    return OddFace(name="sketch", pixels=c.rough(1), points=plan.points())


def _lion() -> OddFace:
    """A lion of stone."""
    plan = FacePlan(eye=(88, 190), eye_size=(22, 12), brow=(88, 160), nose=292,
                 mouth=(74, 358, 340, 378), chin=412, cheek=(128, 265), forehead=120)  # fmt: skip
    stone, dark, c = (176, 172, 160), (128, 124, 114), Canvas((84, 96, 110), 5)
    for turn in range(0, 360, 20):
        angle = np.radians(turn)
        c.oval((256 + 150 * np.cos(angle), 256 + 150 * np.sin(angle)), (52, 40), dark, turn)
    c.oval((256, 256), (134, 150), stone)
    for side in (-1, 1):
        c.oval((256 + side * 110, 130), (34, 34), stone)
        c.oval((256 + side * 88, 190), (26, 16), (104, 100, 92))
        c.oval((256 + side * 88, 191), (22, 12), (150, 146, 136))
        c.line([(256 + side * 52, 176), (256 + side * 88, 162), (256 + side * 120, 176)], dark, 4)
    c.shape([(218, 180), (294, 180), (300, 270), (212, 270)], (192, 188, 176))
    c.oval((212, 334), (64, 46), (194, 190, 178))
    c.oval((300, 334), (64, 46), (194, 190, 178))
    c.oval((256, 380), (40, 26), (186, 182, 170))
    c.shape([(206, 266), (306, 266), (256, 312)], (96, 92, 84))
    c.line([(256, 306), (256, 346)], (96, 92, 84), 3)
    c.line([(182, 356), (222, 368), (256, 354), (290, 368), (330, 356)], (80, 76, 70), 3.5)
    return OddFace(name="stone lion", pixels=c.rough(8), points=plan.points())


def _rag_doll() -> OddFace:
    """Buttons for eyes, a sewn mouth."""
    plan = FacePlan(eye=(74, 225), eye_size=(32, 32), brow=(74, 180), nose=290,
                 mouth=(90, 345, 336, 354), chin=408, cheek=(150, 270), forehead=120)  # fmt: skip
    c, thread = Canvas((150, 176, 150), 6), (236, 226, 200)
    for x in range(-150, 151, 30):
        c.line([(256 + x, 140), (256 + 1.3 * x, 60)], (170, 60, 50), 9)
    c.oval((256, 260), (158, 150), (120, 96, 70))
    (ex, ey), _ = plan.eye, plan.eye_size
    for side in (-1, 1):
        c.oval((256 + side * ex, ey), (32, 32), (190, 60, 60))
        c.oval((256 + side * ex, ey), (24, 24), (224, 96, 80))
        for x, y in ((-7, -7), (7, -7), (-7, 7), (7, 7)):
            c.oval((256 + side * ex + x, ey + y), (4, 4), (20, 24, 40))
        c.line([(256 + side * ex - 7, ey - 7), (256 + side * ex + 7, ey + 7)], (230, 230, 220), 2)
    c.shape([(256, 268), (270, 292), (242, 292)], (220, 110, 60))
    c.line([(166, 345), (256, 345), (346, 345)], thread, 3)
    for x in range(-80, 81, 20):
        c.line([(256 + x, 335), (256 + x, 355)], thread, 2.5)
    return OddFace(name="rag doll", pixels=c.rough(9), points=plan.points())


def _mask() -> OddFace:
    """A mask of painted wood with horns and stripes."""
    plan = FacePlan(eye=(66, 215), eye_size=(40, 16), brow=(66, 165), nose=305,
                 mouth=(60, 365, 348, 384), chin=440, cheek=(124, 260), forehead=95)  # fmt: skip
    c, wood = Canvas((236, 226, 200), 7), (132, 44, 36)
    for side in (-1, 1):
        c.shape([(256 + side * 60, 110), (256 + side * 150, 30), (256 + side * 118, 170)],
                (226, 214, 180))  # fmt: skip
    c.shape(
        [(150, 110), (362, 110), (386, 260), (320, 430), (256, 452), (192, 430), (126, 260)], wood
    )
    for drop in range(0, 50, 14):
        c.line([(170, 120 + drop), (256, 142 + drop), (342, 120 + drop)], (240, 200, 70), 4)
    c.eyes(plan, (240, 214, 90), (30, 24, 22), share=1.0)
    for side in (-1, 1):
        c.line(
            [(256 + side * 20, 196), (256 + side * 66, 166), (256 + side * 112, 192)],
            (20, 18, 18),
            9,
        )
        for drop in range(3):
            c.line([(256 + side * 60, 262 + 20 * drop), (256 + side * 110, 250 + 20 * drop)],
                   (245, 240, 225), 5)  # fmt: skip
    c.shape([(238, 190), (274, 190), (306, 318), (206, 318)], (164, 60, 46))
    c.shape([(196, 365), (256, 346), (316, 365), (256, 386)], (20, 14, 14))
    c.line([(196, 365), (316, 365)], (245, 240, 225), 4)
    return OddFace(name="mask", pixels=c.rough(5), points=plan.points())


def _robot() -> OddFace:
    plan = FacePlan(eye=(78, 200), eye_size=(44, 30), brow=(78, 152), nose=280,
                 mouth=(84, 352, 330, 374), chin=418, cheek=(158, 265), forehead=110)  # fmt: skip
    c = Canvas((30, 34, 44), 8)
    c.shape([(96, 100), (416, 100), (416, 420), (96, 420)], (150, 158, 168))
    c.shape([(220, 420), (292, 420), (292, 512), (220, 512)], (100, 106, 114))
    c.line([(256, 100), (256, 55)], (120, 126, 134), 5)
    c.oval((256, 50), (12, 12), (230, 60, 50))
    for side in (-1, 1):
        x = 256 + side * 78
        c.shape([(x - 44, 170), (x + 44, 170), (x + 44, 230), (x - 44, 230)], (16, 30, 40))
        c.shape([(x - 14, 182), (x + 14, 182), (x + 14, 218), (x - 14, 218)], (60, 220, 240))
        c.oval((256 + side * 140, 400), (6, 6), (90, 96, 104))
    c.shape([(172, 330), (340, 330), (340, 374), (172, 374)], (40, 44, 52))
    for x in range(180, 340, 20):
        c.line([(x, 330), (x, 374)], (120, 126, 134), 3)
    c.line([(172, 352), (340, 352)], (16, 18, 24), 3)
    return OddFace(name="robot", pixels=c.rough(2), points=plan.points())


def _frog() -> OddFace:
    plan = FacePlan(eye=(128, 140), eye_size=(38, 34), brow=(128, 96), nose=255,
                 mouth=(120, 325, 312, 342), chin=395, cheek=(172, 270), forehead=80)  # fmt: skip
    green, c = (96, 160, 70), Canvas((190, 214, 226), 9)
    c.oval((256, 480), (150, 110), green)
    c.oval((256, 275), (178, 130), green)
    for side in (-1, 1):
        c.oval((256 + side * 128, 140), (54, 54), green)
    c.oval((256, 350), (130, 62), (190, 206, 130))
    c.eyes(plan, (240, 226, 120), (60, 50, 20), slit=False, share=0.55)
    for side in (-1, 1):
        c.oval((256 + side * 16, 254), (5, 4), (50, 90, 40))
    c.line([(136, 318), (190, 330), (256, 326), (322, 330), (376, 318)], (40, 76, 34), 4)
    return OddFace(name="frog", pixels=c.rough(5), points=plan.points())


def _rabbit() -> OddFace:
    plan = FacePlan(eye=(98, 262), eye_size=(20, 24), brow=(98, 222), nose=318,
                 mouth=(38, 362, 350, 376), chin=412, cheek=(130, 310), forehead=190)  # fmt: skip
    fur, c = (112, 92, 78), Canvas((110, 150, 90), 10)
    c.oval((256, 500), (130, 100), fur)
    for side in (-1, 1):
        c.oval((256 + side * 62, 120), (34, 105), fur, side * 8)
        c.oval((256 + side * 62, 125), (16, 80), (230, 180, 176), side * 8)
    c.oval((256, 300), (128, 122), fur)
    c.eyes(plan, (236, 190, 90), (190, 120, 40), share=1.0)
    c.oval((232, 348), (34, 28), (244, 242, 238))
    c.oval((280, 348), (34, 28), (244, 242, 238))
    c.shape([(240, 310), (272, 310), (256, 328)], (220, 130, 136))
    c.line([(256, 328), (256, 352)], (130, 90, 90), 2)
    c.line([(218, 358), (236, 367), (256, 356), (276, 367), (294, 358)], (130, 90, 90), 2.5)
    return OddFace(name="rabbit", pixels=c.rough(4), points=plan.points())


_DRAWN: tuple[Callable[[], OddFace], ...] = (
    _cat, _dog, _owl, _sketch, _lion, _rag_doll, _mask, _robot, _frog, _rabbit,
)  # fmt: skip
