import numpy as np
import pytest

from sadtalker_ext.errors import Cancelled
from sadtalker_ext.host.state import MirroredProgress, stop_pressed
from sadtalker_ext.progress import Progress, Stage


@pytest.fixture
def state(webui):
    return webui("shared").state


def mirrored(state, inner=None, owns=True):
    return MirroredProgress(inner or Progress(), state, lambda: owns)


def test_the_bar_follows_rendering(state):
    progress = mirrored(state)
    progress.enter(Stage.LOADING)
    assert (state.textinfo, state.sampling_steps) == ("Loading the models", 0)
    progress.enter(Stage.RENDERING, 4)
    progress.advance(3)
    assert state.textinfo == "Rendering 3 / 4"
    assert (state.job_count, state.job_no) == (1, 0)
    assert (state.sampling_step, state.sampling_steps) == (3, 4)
    progress.enter(Stage.WRITING)
    assert state.job_no == state.job_count == 1


def test_the_time_left_does_not_count_what_came_before_rendering(state, monkeypatch):
    """The host's own sum: elapsed / progress - elapsed, with elapsed since `time_start`."""
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    monkeypatch.setattr("time.time", lambda: now)
    state.begin()
    state.time_start = now
    progress = mirrored(state)
    progress.enter(Stage.LISTENING, 3)
    now += 60
    progress.enter(Stage.RENDERING, 100)
    now += 2
    progress.advance(20)
    elapsed = now - state.time_start
    done = state.sampling_step / state.sampling_steps
    assert elapsed / done - elapsed == pytest.approx(8)


def test_downloads_count_in_megabytes(state):
    mirrored(state).enter(Stage.DOWNLOADING, 36_000_000)
    assert state.textinfo == "Downloading 0 / 36 MB"


def test_the_starter_hears_everything(state):
    heard, seen = [], []
    inner = Progress(lambda event: heard.append(event.text), preview=seen.append)
    progress = mirrored(state, inner)
    assert list(progress.track("ab", Stage.RENDERING, 2)) == ["a", "b"]
    progress.show(np.zeros((4, 4, 3), np.uint8))
    assert heard == ["Rendering 0 / 2", "Rendering 1 / 2", "Rendering 2 / 2"]
    assert len(seen) == 1


def test_before_its_turn_a_job_leaves_the_state_of_others_alone(state):
    state.textinfo, state.interrupted = "somebody's picture", True
    progress = mirrored(state, owns=False)
    progress.enter(Stage.RENDERING, 4)
    progress.advance()
    progress.show(np.zeros((4, 4, 3), np.uint8))
    assert state.textinfo == "somebody's picture"
    assert state.current_image is None


@pytest.mark.parametrize("flag", ["interrupted", "stopping_generation", "skipped"])
def test_every_stop_of_the_host_ends_the_job(state, flag):
    progress = mirrored(state)
    progress.check()
    setattr(state, flag, True)
    assert stop_pressed(state)
    with pytest.raises(Cancelled):
        progress.check()


def test_the_starter_may_stop_it_too(state):
    inner = Progress()
    progress = mirrored(state, inner)
    inner.stop()
    with pytest.raises(Cancelled):
        progress.advance()


def test_previews_are_small(state):
    frame = np.zeros((600, 1200, 3), np.uint8)
    mirrored(state).show(frame)
    assert state.current_image.size == (512, 256)
