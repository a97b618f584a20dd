"""The networks on video: which numbers reach the renderer, and what goes back into frames."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from sadtalker_ext.engines.base import DubFrame
from sadtalker_ext.engines.sadtalker.calibration import LANDMARKS, Calibration
from sadtalker_ext.engines.sadtalker.dub.dubber import UNMEASURED, SadTalkerDubber
from sadtalker_ext.engines.sadtalker.dub.mouth_part import landmarks_of, mouth_part
from sadtalker_ext.engines.sadtalker.dub.squares import Squares
from sadtalker_ext.engines.sadtalker.dub.words import SpokenRows
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Said
from sadtalker_ext.planes import Colours, Planes
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.steady import SteadyFace
from tests.support.fake_networks import fake_networks
from tests.unit.engines.sadtalker.person import make_engine, mesh, voice

FRAMES = 7
WITHOUT = 4
"""The frame that shows no face."""


class Track:
    """A face that goes to the right, two pixels per frame, and trembles by a pixel."""

    frames = np.array([n for n in range(FRAMES) if n != WITHOUT])

    def at(self, number):
        if number not in self.frames:
            return None
        points = mesh(left=40 + 2 * number + number % 2, top=40, size=80.0)
        return SteadyFace(points=points, skin=np.zeros(3), presence=1.0, seen=True)


def planes_of(number):
    rng = np.random.default_rng(number)
    luma = rng.integers(60, 200, (200, 240)).astype(np.uint8)
    grey = np.full((100, 120), 128, np.uint8)
    return Planes(luma, grey.copy(), grey.copy(), Colours())


@pytest.fixture
def networks():
    return fake_networks()


@pytest.fixture
def dubbing(networks):
    engine = make_engine(networks)
    frames = lambda numbers: ((number, planes_of(number)) for number in numbers)  # noqa: E731
    return SadTalkerDubber(lambda: engine).learn(Track(), frames, GenerateOptions(), Progress())


def asked(numbers, row, amount=1.0):
    return [DubFrame(planes_of(number), number, row, amount) for number in numbers]


def spoken():
    return np.random.default_rng(9).normal(0, 1, (27, 64)).astype(np.float32)


def test_the_mouth_comes_from_the_speech_and_all_else_from_the_frame(dubbing, networks):
    part = np.zeros((64, 64), np.float32)
    part[:20, :20] = np.eye(20)
    dubbing._person = dataclasses.replace(dubbing._person, part=part)
    row = spoken()
    dubbing.draw(asked([2, 3], row))
    for _, own, window in networks.renderer.redrawn:
        assert own.shape == (70,)
        np.testing.assert_allclose(window[:20], row.T[:20], atol=1e-5)
        np.testing.assert_array_equal(window[20:], np.repeat(own[20:, None], 27, 1))
    first, second = (own for _, own, _ in networks.renderer.redrawn)
    assert np.abs(first - second).max() > 0  # each frame is its own source


def test_half_the_amount_goes_half_the_way(dubbing, networks):
    row = spoken()
    dubbing.draw(asked([2], row, 0.5))
    _, own, window = networks.renderer.redrawn[0]
    np.testing.assert_allclose(window[:64], (row.T + own[:64, None]) / 2, atol=1e-5)


def test_every_frame_in_its_order_and_none_where_no_face_is(dubbing, networks):
    found = dubbing.draw(asked(range(FRAMES), spoken()))
    assert [one is None for one in found] == [n == WITHOUT for n in range(FRAMES)]
    places = [one.corner[0] + one.side / 2 for one in found if one is not None]
    assert places == sorted(places)
    assert len(networks.renderer.redrawn) == FRAMES - 1
    assert dubbing.draw(asked([1], spoken(), 0.0)) == [None]
    assert len(networks.renderer.redrawn) == FRAMES - 1


def test_the_batch_is_halved_where_memory_ends(dubbing, networks):
    networks.renderer.room = 2
    dubbing._batch = 5
    found = dubbing.draw(asked([0, 1, 2, 3, 5], spoken()))
    assert networks.renderer.batches == [2, 2, 1]
    assert all(one is not None for one in found)
    assert dubbing.batch == 2


def test_the_square_follows_without_trembling_or_lag():
    squares = Squares(Track())
    corners = np.array([squares.at(n).corner[0] for n in range(WITHOUT)])
    own = np.array([squares.face(n)[1][0] for n in range(WITHOUT)])
    assert np.abs(np.diff(own, 2)).max() > 1.9
    assert np.abs(np.diff(corners, 2)).max() < 0.7
    middles = corners + np.array([squares.at(n).side / 2 for n in range(WITHOUT)])
    assert np.abs(middles - own).max() < 1.0


def test_a_square_cut_and_laid_back_is_where_it_was():
    planes = planes_of(0)
    square = Squares(Track()).at(0)
    cut = square.cut(planes, round(2 * square.side))
    at = square.points(np.array([[100.0, 90.0]], np.float32), len(cut))[0]
    near = cut[round(float(at[1])), round(float(at[0]))]
    assert abs(int(near[0]) - float(planes.rgb((100, 90, 102, 92))[0, 0, 0])) < 40


def test_speech_is_read_at_the_frames_own_times():
    rows = np.arange(50, dtype=np.float32)[:, None].repeat(64, 1)
    times = np.array([0.0, 1.0 + 0.02, 1.5, 9.0])
    found = SpokenRows([(1.0, rows)], np.zeros(64, np.float32), times)
    assert found[0].max() == 0
    assert found[1][13, 0] == pytest.approx(0.0, abs=1e-3)
    assert found[2][13, 0] == pytest.approx(12.0)
    assert found[2][14, 0] == pytest.approx(13.0)
    assert found[3].max() == 0
    stronger = SpokenRows([(1.0, rows)], np.zeros(64, np.float32), times, 2.0)
    assert stronger[2][13, 0] == pytest.approx(24.0)


def test_a_line_is_planned_for_every_frame(dubbing):
    times = np.arange(40) / 25 + 0.02
    line = [Said(at=0.4, speech=voice(20))]
    rows, told = dubbing.plan(line, times, GenerateOptions(), 1, Progress())
    assert len(rows) == 40
    resting, speaking = rows[2][13], rows[20][13]
    assert np.abs(speaking - resting).max() > 0.01
    np.testing.assert_allclose(rows[39][13], resting, atol=1e-5)
    assert told == (UNMEASURED,)


def test_a_large_face_is_said_to_get_soft(dubbing):
    dubbing._person = SimpleNamespace(side=700.0, measured=True)
    assert any("700 pixels" in one and "size 512" in one for one in dubbing._told())


def part_of(mixed):
    """The mouth part of a model whose first numbers move the mouth, the next ones the eyes."""
    response = np.zeros((64, len(LANDMARKS), 2), np.float32)
    mouth, upper = list(landmarks_of(("jaw", "mouth"))), list(landmarks_of(("brow", "eye")))
    rng = np.random.default_rng(3)
    response[:20, mouth] = rng.normal(0, 0.02, (20, len(mouth), 2))
    response[20:40, upper] = rng.normal(0, 0.02, (20, len(upper), 2))
    response[40 : 40 + mixed] = rng.normal(0, 0.02, (mixed, len(LANDMARKS), 2))
    return mouth_part(Calibration(response)), response, mouth, upper


def test_numbers_of_the_mouth_are_taken_and_others_are_not():
    part, *_ = part_of(mixed=0)
    change = np.random.default_rng(4).normal(0, 1, 64).astype(np.float32)
    found = part @ change
    assert np.corrcoef(found[:20], change[:20])[0, 1] > 0.99
    assert np.abs(found[20:]).max() < 1e-6


def test_numbers_that_move_both_move_the_mouth_more_than_the_brows():
    part, response, mouth, upper = part_of(mixed=10)
    change = np.random.default_rng(4).normal(0, 1, 64).astype(np.float32)
    whole, kept = (np.einsum("k,klc->lc", one, response) for one in (change, part @ change))
    assert np.abs(kept - whole)[mouth].mean() < 0.5 * np.abs(whole[mouth]).mean()
    assert np.abs(kept[upper]).mean() < 0.5 * np.abs(whole[upper]).mean()
    assert np.abs((part @ change)[50:]).max() < 1e-6
