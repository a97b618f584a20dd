"""Frames drawn by processes are those drawn here, and the processes end with their work."""

from __future__ import annotations

import gc
import io
import signal
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES
from sadtalker_ext.drawing import start_processes
from sadtalker_ext.encoder.yuv import YuvFrames
from sadtalker_ext.engines.puppet.building import build_rig
from sadtalker_ext.engines.puppet.moving_frame import MovingFrame
from sadtalker_ext.engines.puppet.processes import child, crew, drawer, orders, spare
from sadtalker_ext.engines.puppet.processes.board import Board
from sadtalker_ext.engines.puppet.processes.exchange import SharedFrames, receive, send
from sadtalker_ext.engines.puppet.rig import PuppetRig, head_poses
from sadtalker_ext.engines.puppet.stage import view_stage
from sadtalker_ext.motion.controls import CONTROLS
from sadtalker_ext.portrait.find import box_of
from sadtalker_ext.types import Face, Motion
from tests.support.puppet_person import make_person

FRAMES = 16
TRACKS = ("head", "lids", "gaze", "controls", "face")


def speaking() -> Motion:
    """Everything moves, in every frame differently."""
    random = np.random.default_rng(5)
    track = {
        name: random.uniform(low, high, (FRAMES, width)).astype(np.float32)
        for name, low, high, width in (
            ("head", -9, 9, 3),
            ("lids", 0, 1, 2),
            ("gaze", -8, 8, 2),
            ("controls", 0, 0.8, len(CONTROLS)),
            ("face", 0, 0.3, len(BLENDSHAPES)),
        )
    }
    return Motion(fps=25.0, names=CONTROLS, **track)


@pytest.fixture(scope="module")
def made() -> tuple[PuppetRig, list[np.ndarray]]:
    """A rig, and what it draws by itself."""
    person = make_person()
    face = Face(points=person.points, box=box_of(person.points), score=1.0)
    rig = build_rig(view_stage(person.picture, face, "full"), person.mask, face, None)
    return rig, [patch.pixels for patch in rig.draw(speaking())]


@pytest.fixture
def helped(made, monkeypatch) -> PuppetRig:
    """The rig with one process; this one is slow, so that there is something to do for it."""
    monkeypatch.setenv(crew.VARIABLE, "1")
    ready, deadline = threading.Event(), time.monotonic() + 30

    def slowly(own):
        def slow(rig, *args):
            ready.wait(max(0.0, deadline - time.monotonic()))
            time.sleep(0.05)
            return own(rig, *args)

        return slow

    for name in ("draw_row", "draw_row_planes"):
        monkeypatch.setattr(PuppetRig, name, slowly(getattr(PuppetRig, name)))
    answer = crew.Drawer._answer

    def answered(drawer):
        answer(drawer)
        ready.set()

    monkeypatch.setattr(crew.Drawer, "_answer", answered)
    rig = made[0].anew()
    rig.start_processes(60.0)
    assert len(rig.crew) == 1
    return rig


class Counted(Board):
    """A board that knows who drew its rows."""

    threads: list[str]

    def put(self, row, frame):
        self.threads.append(threading.current_thread().name)
        super().put(row, frame)


@pytest.fixture
def threads(monkeypatch) -> list[str]:
    Counted.threads = []
    monkeypatch.setattr("sadtalker_ext.engines.puppet.rig.Board", Counted)
    return Counted.threads


def test_a_process_draws_the_same_frames_and_ends(made, helped, threads):
    (member,) = helped.crew._members
    frames = [patch.pixels for patch in helped.draw(speaking())]
    assert threads.count("sadtalker-drawer") > FRAMES / 4
    assert all(np.array_equal(a, b) for a, b in zip(frames, made[1], strict=True))
    again = [patch.pixels for patch in helped.draw(speaking().rows(0, 3))]
    assert (len(again), len(helped.crew)) == (3, 1), "it draws on, block after block"
    helped.end_processes()
    assert len(helped.crew) == 0
    assert member._process.wait(5) is not None


def test_planes_are_those_of_the_frames_whoever_draws(made, helped, threads):
    rig, frames = made
    coded = YuvFrames()
    wanted = [coded.convert(frame).to_ndarray(format="yuv420p") for frame in frames]
    alone = list(rig.anew().draw_planes(speaking()))
    assert all(np.array_equal(a, b) for a, b in zip(alone, wanted, strict=True))
    beside = list(helped.draw_planes(speaking()))
    assert threads.count("sadtalker-drawer") > FRAMES / 4
    assert all(np.array_equal(a, b) for a, b in zip(beside, wanted, strict=True))


def test_a_frame_that_fails_leaves_nothing_in_the_next_one(made, monkeypatch):
    moves = speaking()
    still = replace(moves, **{name: 0 * getattr(moves, name) for name in TRACKS})
    rig, other = made[0].anew(), made[0].anew()
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(MovingFrame, "planes", lambda *_: 1 // 0)
        rig.draw_row_planes(moves, 5, head_poses(moves))
    after, fresh = (one.draw_row_planes(still, 0, head_poses(still)) for one in (rig, other))
    assert np.array_equal(after, fresh)


def test_spare_processes_are_taken_or_end(made, monkeypatch):
    monkeypatch.setenv(crew.VARIABLE, "1")
    rig = made[0].anew()
    with spare.spare_processes(2):
        first, second = spare._spares
        rig.start_processes(60.0)
        (member,) = rig.crew._members
        assert spare._spares == [second]
    assert spare._spares == []
    assert second.process.wait(5) is not None
    rig.end_processes()
    member._thread.join(5)
    assert member._process is first.process
    assert first.process.wait(5) is not None


def test_what_a_process_leaves_undone_is_drawn_here(made, helped, threads, caplog):
    (member,) = helped.crew._members
    drawn = helped.draw(speaking())
    frames = [next(drawn).pixels for _ in range(FRAMES // 3)]
    assert "sadtalker-drawer" in threads
    member._process.kill()
    frames += [patch.pixels for patch in drawn]
    assert all(np.array_equal(a, b) for a, b in zip(frames, made[1], strict=True))
    assert "the others go on" in caplog.text


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a system that stops processes")
def test_a_process_that_stands_still_is_ended(made, helped, threads, monkeypatch, caplog):
    monkeypatch.setattr(drawer, "_LOOK_SECONDS", 0.05)
    (member,) = helped.crew._members
    drawn = helped.draw(speaking())
    frames = [next(drawn).pixels for _ in range(FRAMES // 3)]
    assert "sadtalker-drawer" in threads
    member._process.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(drawer, "STILL_SECONDS", 0.2)
    frames += [patch.pixels for patch in drawn]
    assert all(np.array_equal(a, b) for a, b in zip(frames, made[1], strict=True))
    assert "stands still" in caplog.text


def test_a_process_ends_when_its_input_does(made):
    rig, frames = made
    motion, answers = speaking(), io.BytesIO()
    memory = SharedFrames()
    memory.lay_out(1, rig.size)
    line = io.BytesIO()
    place = {"place": memory.place, "slots": 1, "size": rig.size}
    picture = orders.scene(rig.view, rig.mask)
    send(line, picture.words | place, picture.arrays)
    row = orders.order(motion, 3, head_poses(motion))
    send(line, row.words | {"slot": 0}, row.arrays)
    line.seek(0)
    child._serve(line, answers)
    assert np.array_equal(memory.frame(0), frames[3])
    assert answers.getvalue().count(b"\n") == 2
    memory.close()


def test_a_message_that_is_cut_off_is_none(made):
    whole = io.BytesIO()
    send(whole, {"word": "ä"}, {"a": np.eye(3)[:, ::2], "none": np.zeros((0, 2))})
    told = receive(io.BytesIO(whole.getvalue()))
    assert told.words == {"word": "ä"}
    assert np.array_equal(told.arrays["a"], np.eye(3)[:, ::2])
    assert told.arrays["none"].shape == (0, 2)
    with pytest.raises(OSError, match="cut off"):
        receive(io.BytesIO(whole.getvalue()[:-8]))
    assert receive(io.BytesIO(whole.getvalue()[:9])) is None


def test_processes_end_with_a_rig_that_draws_nothing(made, monkeypatch):
    monkeypatch.setenv(crew.VARIABLE, "1")
    rig = made[0].anew()
    rig.start_processes(60.0)
    (member,) = rig.crew._members
    del rig
    gc.collect()
    assert not member.alive
    member._thread.join(5)
    assert not member._thread.is_alive()
    assert member._process is None or member._process.poll() is not None


def test_a_process_that_cannot_be_started_is_done_without(made, monkeypatch, caplog):
    monkeypatch.setenv(crew.VARIABLE, "1")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    rig = made[0].anew()
    rig.start_processes(60.0)
    (member,) = rig.crew._members
    member._thread.join(5)
    assert "the others go on" in caplog.text
    assert not member.alive
    assert len(list(rig.draw(speaking().rows(0, 2)))) == 2


def test_processes_end_with_the_video_whatever_happens():
    told = []
    rig = SimpleNamespace(start_processes=told.append, end_processes=lambda: told.append("end"))
    with pytest.raises(KeyError), start_processes(rig, 12.0):
        raise KeyError
    assert told == [12.0, "end"]
    with start_processes(SimpleNamespace(), 12.0):
        pass


def test_a_process_without_work_is_ended(made, monkeypatch):
    monkeypatch.setattr(drawer, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(drawer.Drawer, "_start", lambda *_: None)
    member = drawer.Drawer(orders.scene(made[0].view, made[0].mask), made[0].size)
    member._thread.join(5)
    assert not member._thread.is_alive()
    assert not member.alive


@pytest.mark.parametrize(
    ("cores", "seconds", "megapixels", "count"),
    [(1, 60, 1, 0), (2, 60, 1, 1), (4, None, 1, 3), (64, 60, 1, 3), (2, 3, 1, 0), (64, 60, 4.6, 2)],
)
def test_as_many_processes_as_pay(monkeypatch, cores, seconds, megapixels, count):
    monkeypatch.delenv(crew.VARIABLE, raising=False)
    monkeypatch.setattr(crew, "usable_cores", lambda: cores)
    assert crew.process_count(seconds, int(megapixels * 1e6)) == count


def test_a_person_turns_the_processes_off(monkeypatch):
    monkeypatch.setenv(crew.VARIABLE, "0")
    assert crew.process_count(60.0, 1) == 0


def test_a_board_hands_out_rows_near_the_one_that_is_asked_for():
    board = Board(range(5, 15), room=3)
    assert [board.take(wait=False) for _ in range(4)] == [5, 6, 7, None]
    board.give_back(6)
    assert [board.take(wait=False) for _ in range(2)] == [6, None]
    for row in (6, 5):
        board.put(row, np.full(1, row))
    frames = board.frames()
    assert [int(next(frames)[0]) for _ in range(2)] == [5, 6]
    assert [board.take(wait=False) for _ in range(3)] == [8, 9, None]


def test_a_board_passes_on_what_went_wrong_and_ends():
    board = Board(range(2), room=2)
    thread = threading.Thread(target=board.draw, args=(lambda row: 1 // 0,), daemon=True)
    thread.start()
    with pytest.raises(ZeroDivisionError):
        next(board.frames())
    board.close()
    thread.join(5)
    assert not thread.is_alive()
