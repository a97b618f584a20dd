import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sadtalker_ext.errors import Cancelled, OutputUnwritable
from sadtalker_ext.host import offers
from sadtalker_ext.progress import Stage
from sadtalker_ext.types import Picture

PICTURE = Picture(pixels=np.zeros((40, 30, 3), np.uint8), name="face.png")


def test_results_go_to_the_hosts_folder_by_its_pattern(webui, host, tmp_path):
    path = host.output_path(PICTURE)
    assert path == tmp_path / "outputs/sadtalker/2026-11-20/00000-face.mp4"
    assert path.parent.is_dir()
    webui("shared").opts.data["directories_filename_pattern"] = "[width]x[height]"
    assert host.output_path(PICTURE).parent.name == "30x40"
    webui("shared").opts.data["save_to_dirs"] = False
    assert host.output_path(PICTURE).parent == tmp_path / "outputs/sadtalker"


def test_the_setting_for_the_folder_counts(webui, host, tmp_path):
    options = webui("shared").opts.data
    options["sadtalker_ext_output_dir"] = str(tmp_path / "elsewhere")
    assert host.output_dir() == tmp_path / "elsewhere"
    options["sadtalker_ext_output_dir"] = "videos"
    assert host.output_dir() == tmp_path / "videos"
    (tmp_path / "videos").write_text("a file")
    with pytest.raises(OutputUnwritable, match="Settings"):
        host.output_path(PICTURE)


def test_weights_are_looked_for_where_the_host_keeps_models(webui, host, tmp_path):
    assert list(host.weight_dirs()) == [tmp_path / "models/SadTalker"]
    webui("shared").cmd_opts.sadtalker_weights_dir = str(tmp_path / "mine")
    assert host.weight_dirs()[0] == tmp_path / "mine"


@pytest.mark.parametrize(
    ("asked", "device"),
    [([], "cuda:1"), (["all"], "cpu"), (["sadtalker"], "cpu"), (["gfpgan"], "cuda:1")],
)
def test_the_device_is_the_hosts_unless_the_user_asked_for_the_cpu(webui, host, asked, device):
    webui("devices").device = "cuda:1"
    webui("shared").cmd_opts.use_cpu = asked
    assert host.device() == device


def test_half_precision_is_off_where_the_user_ruled_it_out(webui, host):
    flags = webui("shared").cmd_opts
    assert host.precision() == "auto"
    flags.no_half = True
    assert host.precision() == "float32"
    flags.no_half, flags.precision = False, "full"
    assert host.precision() == "float32"


def test_a_turn_moves_the_model_away_and_back_even_after_a_failure(webui, host):
    model = type("Model", (), {"device": "cuda"})()
    webui("sd_models").model_data.sd_model = model
    webui("devices").device = "cuda"
    webui("shared").opts.data["sadtalker_ext_make_room"] = "always"
    released = []
    host.release = lambda: released.append(model.device)
    with pytest.raises(ValueError, match="x"), host.gpu_turn("x"):
        assert model.device == "cpu"
        raise ValueError("x")
    assert model.device == "cuda"
    assert released == ["cpu"], "our models go before the host's come back"
    assert webui("devices").collected


def test_models_stay_loaded_if_the_user_wants_it(webui, host):
    webui("shared").opts.data["sadtalker_ext_keep_models"] = True
    released = []
    host.release = lambda: released.append(True)
    with host.gpu_turn("x"):
        pass
    assert not released


def test_the_stop_button_counts_only_while_a_job_of_ours_runs(webui, host):
    state = webui("shared").state
    state.interrupted = True
    assert not host.interrupted()
    with host.gpu_turn("x"):
        assert not host.interrupted(), "begin clears the flags of the job before"
        state.interrupt()
        assert host.interrupted()
    assert not host.interrupted()


def test_stopping_a_waiting_job_leaves_the_running_one_alone(webui, host):
    progress, state = webui("progress"), webui("shared").state
    progress.start_task("task(theirs)")
    progress.add_task_to_queue("task(ours)")
    host.stop_task("task(ours)")
    assert not state.interrupted
    with pytest.raises(Cancelled):
        host.task_progress("task(ours)").check()
    host.forget_task("task(ours)")
    host.task_progress("task(ours)").check()


def test_stopping_the_running_job(webui, host):
    progress, state = webui("progress"), webui("shared").state
    progress.start_task("task(ours)")
    host.stop_task("task(ours)")
    assert state.interrupted


def test_stopping_nothing_stops_nobody(webui, host):
    webui("progress").start_task("task(theirs)")
    host.stop_task("")
    host.stop_task("task(of yesterday)")
    assert not webui("shared").state.interrupted


def test_a_stop_pressed_earlier_does_not_stop_a_download(webui, host):
    state = webui("shared").state
    state.interrupted = True
    host.new_progress().enter(Stage.DOWNLOADING, 5)
    state.interrupted = False
    progress = host.new_progress()
    state.interrupted = True
    with pytest.raises(Cancelled):
        progress.check()


@pytest.mark.parametrize(
    ("count", "info", "selected", "expected"),
    [
        (1, {"index_of_first_image": 0}, -1, 0),
        (3, {"index_of_first_image": 1}, -1, 1),
        (3, {"index_of_first_image": 1}, 0, 1),
        (3, {"index_of_first_image": 1}, 2, 2),
        (3, {"index_of_first_image": 1}, 7, 1),
        (2, None, 1, 1),
        (2, "no json", -1, 0),
        (2, {"index_of_first_image": 5}, -1, 0),
    ],
)
def test_a_grid_is_never_taken(host, count, info, selected, expected):
    gallery = [f"picture {number}" for number in range(count)]
    text = info if info is None or isinstance(info, str) else json.dumps(info)
    assert host.pick_picture(gallery, text, selected) == f"picture {expected}"


def test_an_empty_gallery_gives_no_picture(host):
    assert host.pick_picture([], None, -1) is None
    assert host.pick_picture(None, None, -1) is None


def test_only_one_file_imports_the_host():
    root = Path(__file__).resolve().parents[3]
    package = [*(root / "sadtalker_ext").rglob("*.py"), *(root / "scripts").glob("*.py")]
    found = [
        path.name
        for path in package
        if any(
            line.strip().startswith(("from modules", "import modules"))
            for line in path.read_text(encoding="utf-8").splitlines()
        )
    ]
    assert found == ["webui.py"]


def test_a_host_is_told_which_file_registers_a_callback_and_looks_for_none():
    added = []

    def add(callbacks, call, *, name=None, category="unknown", filename=None):
        assert name is None
        added.append((callbacks, call, category, filename))

    def on_ui_tabs(call):
        added.append(call)

    tabs = [1]
    told = SimpleNamespace(
        add_callback=add, callback_map={"callbacks_ui_tabs": tabs}, on_ui_tabs=on_ui_tabs
    )
    offers.add_callback(told, "ui_tabs", len, "a.py")
    assert added == [(tabs, len, "ui_tabs", "a.py")]
    # SD.Next's takes no file; an unknown kind, or a host without such a table, has its own way
    for other in (
        SimpleNamespace(**vars(told) | {"add_callback": lambda callbacks, call: None}),
        SimpleNamespace(**vars(told) | {"callback_map": {}}),
        SimpleNamespace(on_ui_tabs=on_ui_tabs),
    ):
        added.clear()
        offers.add_callback(other, "ui_tabs", len, "a.py")
        assert added == [len]
