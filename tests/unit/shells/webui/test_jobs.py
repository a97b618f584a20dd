"""A job of the tab in the WebUI's queue."""

import inspect
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

gradio = pytest.importorskip("gradio")


@pytest.fixture
def tab_host(webui, monkeypatch):
    from sadtalker_ext.shells.webui import house
    from sadtalker_ext.shells.webui.galleries import Neighbours
    from sadtalker_ext.shells.webui.tab_host import WebUITabHost

    house.service.cache_clear()
    yield WebUITabHost(Neighbours())
    house.service.cache_clear()


def connected(tab_host, job, monkeypatch, *, waits=True):
    """Wire a job, and return the functions behind generate, interrupt and restore.

    Each returns all that its event answers, one list of outputs after another.
    """
    from sadtalker_ext.shells.webui import tab_host as module

    wired = {}

    def listen(trigger, fn, inputs=(), outputs=(), *, js, **_):
        wired[js.removeprefix("sadtalker_ext_")] = fn

    monkeypatch.setattr(module, "listen", listen)
    with gradio.Blocks():
        button = gradio.Button()
        parts = SimpleNamespace(
            task=button, generate=button, interrupt=button, inputs=[1], outputs=[1, 2],
            no_result=["nothing"], progress=button, waits=lambda _first, *values: waits,
        )  # fmt: skip
        tab_host.connect_job(parts, job)
    return {name: answers_of(fn) for name, fn in wired.items()}


def answers_of(fn):
    if not inspect.isgeneratorfunction(fn):
        return fn
    return lambda *values: list(fn(*values))


def test_a_job_runs_while_the_queue_is_held_for_it(tab_host, webui, monkeypatch):
    seen = {}

    def job(progress, value):
        with tab_host.service.host.gpu_turn("inside"):
            seen["task"] = webui("progress").current_task
        return [value, "done"]

    first, last = connected(tab_host, job, monkeypatch)["submit"]("task(a)", "x")
    assert "stx-queued" in first[0], "the page's script shows the host's bar"
    assert "task(a)" in first[0]
    assert last[1] == "x"
    assert seen["task"] == "task(a)", "no second job is begun inside"


def test_a_job_without_the_device_runs_beside_what_holds_the_queue(tab_host, webui, monkeypatch):
    seen = []

    def job(progress, value):
        seen.append(webui("progress").current_task)
        return ["video", "text"]

    functions = connected(tab_host, job, monkeypatch, waits=False)
    webui("progress").start_task("task(theirs)")
    with webui("call_queue").queue_lock:
        answers = functions["submit"]("task(a)", 1)
    assert seen == ["task(theirs)"]
    assert "stx-running" in answers[0][0]
    assert "stx-ended" in answers[-1][0]
    assert answers[-1][1:] == ["video", "text"]
    assert functions["restore"]("task(a)")[-1][1:] == ["video", "text"]


def test_only_ones_own_job_beside_others_is_stopped(tab_host, webui, monkeypatch):
    from sadtalker_ext.errors import Cancelled

    started, answers = threading.Event(), []

    def job(progress, value):
        started.set()
        for _ in range(500):
            time.sleep(0.01)
            try:
                progress.check()
            except Cancelled as stop:
                return ["nothing", str(stop)]
        return ["video", ""]

    functions = connected(tab_host, job, monkeypatch, waits=False)
    thread = threading.Thread(target=lambda: answers.extend(functions["submit"]("task(a)", 1)))
    thread.start()
    assert started.wait(10)
    functions["stop"]("task(a)")
    thread.join(10)
    assert answers[-1][1] == "nothing"
    assert not webui("shared").state.interrupted


def test_a_job_cancelled_while_it_waited_does_not_start(tab_host, webui, monkeypatch):
    def job(progress, value):
        try:
            progress.check()
        except Exception as stop:  # noqa: BLE001
            return ["nothing", str(stop)]
        return ["video", ""]

    functions = connected(tab_host, job, monkeypatch)
    progress = webui("progress")
    progress.start_task("task(theirs)")
    progress.add_task_to_queue("task(a)")
    functions["stop"]("task(a)")
    assert functions["submit"]("task(a)", 1)[-1][1] == "nothing"
    assert not webui("shared").state.interrupted
    assert functions["submit"]("task(b)", 1)[-1][1] == "video"


def test_a_result_is_found_again_after_a_reload(tab_host, webui, monkeypatch):
    functions = connected(tab_host, lambda progress, value: ["video", "text"], monkeypatch)
    functions["submit"]("task(a)", 1)
    assert functions["restore"]("task(a)")[-1][1] == "video"
    assert functions["restore"]("task(unknown)")[-1][1:] == ["nothing", ""]
    assert functions["restore"]("")[-1][1:] == ["nothing", ""]
    again = functions["restore"]("task(unknown) again")[-1]
    assert "press Generate again" in again[-1]
    assert 'data-task="task(unknown)"' in again[0], "the page knows which job has ended"
    assert functions["restore"]("task(a) again")[-1][1] == "video"


def test_the_shown_frame_goes_to_img2img(tab_host, webui, tmp_path):
    from sadtalker_ext.encoder.video import VideoWriter
    from sadtalker_ext.shells.webui import tab_host as module

    folder = tmp_path / "outputs/sadtalker"
    folder.mkdir(parents=True)
    frames = [np.full((64, 48, 3), level, np.uint8) for level in (200, 10)]
    with VideoWriter(folder / "a.mp4", fps=25.0) as writer:
        for frame in frames:
            writer.write(frame)
    image = module._frame_of(str(folder / "a.mp4"))
    assert image.size == (48, 64)
    assert abs(np.asarray(image).mean() - 200) < 4
    for shown in ("0.05", "7"):
        assert abs(np.asarray(module._frame_of(str(folder / "a.mp4"), shown)).mean() - 10) < 4
    for odd in ("", "nan", None, "soon"):
        assert abs(np.asarray(module._frame_of(str(folder / "a.mp4"), odd)).mean() - 200) < 4


def test_only_results_of_ours_are_opened(tab_host, webui, tmp_path):
    from sadtalker_ext.shells.webui import tab_host as module

    module._open_folder("/etc/passwd")
    module._open_folder(str(tmp_path / "outputs/sadtalker/2026-11-20/a.mp4"))
    module._open_folder("")
    base = str(tmp_path / "outputs/sadtalker")
    assert webui("util").opened == [base, f"{base}/2026-11-20", base]
    (tmp_path / "x.mp4").write_bytes(b"")
    assert module._frame_of(str(tmp_path / "x.mp4")) == gradio.update()


def test_folders_are_not_shown_where_the_host_hides_them(tab_host, webui):
    webui("infotext_utils").paste_fields["img2img"] = {"init_img": object(), "fields": None}
    assert [action.name for action in tab_host.result_actions] == ["open_folder", "to_img2img"]
    webui("shared").cmd_opts.hide_ui_dir_config = True
    assert [action.name for action in tab_host.result_actions] == ["to_img2img"]


def test_all_of_a_queued_job_sees_interrupt_and_is_seen_once(tab_host, webui, monkeypatch):
    """A grid writes its wall after its videos, in the same turn of the queue."""
    from sadtalker_ext.errors import Cancelled
    from sadtalker_ext.progress import Stage

    state, seen = webui("shared").state, []

    def job(progress, value):
        seen.append(tab_host.service.host.mirrored(progress) is progress)
        progress.enter(Stage.WRITING, 5)
        seen.append(state.textinfo)
        state.interrupt()
        try:
            progress.check()
        except Cancelled:
            seen.append("stopped")
        return ["video", ""]

    connected(tab_host, job, monkeypatch)["submit"]("task(a)", 1)
    assert seen == [True, "Writing the video 0 / 5", "stopped"]
