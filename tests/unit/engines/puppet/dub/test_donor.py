"""What is seen in a mouth that is open wider than in the frame that gives its teeth."""

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.dub.arch import arch_behind
from sadtalker_ext.engines.puppet.dub.donor import MouthDonor
from sadtalker_ext.engines.puppet.dub.lips import lip_lines
from sadtalker_ext.engines.puppet.dub.looks import Look
from sadtalker_ext.engines.puppet.mouth.frame import measure_mouth
from sadtalker_ext.portrait.filmed.habits import learn_habits
from tests.support.mouths import SKIN, painted

OPEN, WIDE = 6, 30
BLUE = (20, 20, 95)


def look(habits, opening, inside):
    picture, points = painted(opening=opening, inside=inside)
    return Look(
        picture=picture,
        points=points,
        skin=np.array(SKIN, np.float32),
        pose=habits.pose(points),
        mouth=measure_mouth(picture, points),
        lines=lip_lines(points),
        merit=1.0,
        teeth=0.0,
        deep=1.0,
    )


@pytest.fixture(scope="module")
def habits():
    return learn_habits([painted(opening=opening, inside=BLUE)[1] for opening in (0, OPEN, WIDE)])


@pytest.mark.parametrize("opening", [WIDE, 20])
def test_what_lies_below_comes_from_the_frame_that_is_open_wide(habits, opening):
    wide = look(habits, WIDE, BLUE)
    asked = look(habits, opening, (0, 0, 0))
    box = (0, 0, 320, 400)
    x, y = asked.points[[13, 14], :2].mean(0).astype(int)
    blue = []
    for second in (None, wide):
        donor = MouthDonor(look(habits, OPEN, (35, 10, 10)), arch_behind(habits.own), second)
        drawn = donor.draw(asked.lines, asked.pose, {}, asked.skin, box)
        middle = drawn[y - 3 : y + 4, x - 8 : x + 9].mean((0, 1))
        blue.append(float(middle[2] - middle[0]))
    assert blue[0] < 0 < 20 < blue[1]


def test_it_is_seen_where_that_frame_has_it(habits):
    wide = look(habits, WIDE, (20, 10, 10))
    x = int(wide.lines.origin[0])
    top, bottom = wide.points[[13, 14], 1]
    floor = round(bottom - 8)
    wide.picture[floor : round(bottom), x - 20 : x + 20] = BLUE
    donor = MouthDonor(look(habits, OPEN, (35, 10, 10)), arch_behind(habits.own), wide)
    drawn = donor.draw(wide.lines, wide.pose, {}, wide.skin, (0, 0, 320, 400))
    blue = drawn[round(top) : round(bottom) - 2, x, 2] - drawn[round(top) : round(bottom) - 2, x, 0]
    assert int(np.argmax(blue > 10)) + round(top) == pytest.approx(floor, abs=3)
