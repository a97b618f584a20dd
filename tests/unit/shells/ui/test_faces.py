import numpy as np

from sadtalker_ext.shells.ui import faces
from sadtalker_ext.types import Face, Picture

GREY = np.full((400, 1800, 3), 200, np.uint8)
PICTURE = Picture(pixels=GREY, name="group.png")


def face(box, index):
    return Face(points=np.zeros((478, 3), np.float32), box=box, score=1.0, index=index, count=2)


FACES = [face((100, 100, 300, 350), 0), face((1500, 120, 1600, 240), 1)]


def test_boxes_are_in_the_small_picture_and_inside_it():
    boxes = faces.scaled_boxes(PICTURE, FACES)
    assert faces.scale_of(PICTURE) == 0.5
    small = faces.draw_boxes(PICTURE, boxes, 0)
    assert small.shape == (200, 900, 3)
    for (left, top, right, bottom), one in zip(boxes, FACES, strict=True):
        assert 0 <= left < one.box[0] / 2 < one.box[2] / 2 < right <= 900
        assert 0 <= top < one.box[1] / 2 < one.box[3] / 2 < bottom <= 200


def test_the_chosen_face_is_bright_and_the_others_are_dim():
    boxes = faces.scaled_boxes(PICTURE, FACES)
    middle = [((b[0] + b[2]) // 2, (b[1] + b[3]) // 2) for b in boxes]
    for chosen in (0, 1):
        drawn = faces.draw_boxes(PICTURE, boxes, chosen)
        levels = [int(drawn[y, x].mean()) for x, y in middle]
        assert levels[chosen] == 200
        assert levels[1 - chosen] == 120
    assert GREY.min() == 200, "the picture itself is never drawn on"


def test_a_click_chooses_the_box_it_hits():
    boxes = [(0, 0, 100, 100), (20, 20, 40, 40), (200, 0, 260, 60)]
    assert faces.face_at(boxes, (10, 10)) == 0
    assert faces.face_at(boxes, (30, 30)) == 1, "the smaller one lies in front"
    assert faces.face_at(boxes, (262, 30)) == 2, "just beside still counts"
    assert faces.face_at(boxes, (900, 900)) is None
    assert faces.face_at([], (1, 1)) is None
