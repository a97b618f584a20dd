import base64
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.errors import InputError, UnreadableAudio, UnreadableImage
from sadtalker_ext.shells.ui import compat, contract, examples, words
from sadtalker_ext.shells.ui.page import build_page

ROOT = Path(__file__).resolve().parents[4]
UI = ROOT / "sadtalker_ext" / "shells" / "ui"


@pytest.fixture
def page(host):
    return build_page(host)


def test_every_id_is_ours_and_there_once(page):
    ids = [block.elem_id for block in page[0].blocks.values() if getattr(block, "elem_id", None)]
    assert all(name.startswith("sadtalker_ext_") for name in ids)
    assert [name for name, count in Counter(ids).items() if count > 1] == []


def test_the_buttons_have_the_ids_and_classes_the_webuis_look_for(page):
    job = page[1].job
    for name in ("generate", "interrupt", "skip", "interrupting"):
        button = getattr(job, name)
        assert button.elem_id == f"{contract.PREFIX}_{name}"
        if name != "generate":
            assert f"generate-box-{name}" in button.elem_classes
    assert type(job.task).__name__ == "Textbox", "a Label would break the event on Forge"
    assert type(job.outputs[-1]).__name__ == "HTML"
    assert len(job.no_result) == len(job.outputs) - 1


def test_no_two_saved_widgets_share_a_label(page):
    """The WebUIs store defaults under the label: a shared one would mix two settings."""
    saved = [
        block.label
        for block in page[0].blocks.values()
        if type(block).__name__ in {"Slider", "Checkbox", "Radio", "Number", "Dropdown", "Textbox"}
        and not getattr(block, "do_not_save_to_config", False)
    ]
    assert [label for label, count in Counter(saved).items() if count > 1] == []


def test_what_belongs_to_one_picture_is_not_saved(page):
    job, options = page[1].job, page[1].options.components
    for widget in (job.task, job.result_path, options["text"], options["seed"]):
        assert widget.do_not_save_to_config


def test_every_widget_has_a_tooltip(page):
    blocks, parts = page
    silent = [
        block.elem_id
        for block in blocks.blocks.values()
        if type(block).__name__ in {"Slider", "Checkbox", "Radio", "Number", "Dropdown", "Button"}
        and block.elem_id not in parts.explained
    ]
    assert silent == []


def test_the_webuis_style_sheet_is_the_page_s():
    assert (ROOT / "style.css").read_text() == (UI / "style.css").read_text()


def test_every_style_rule_is_scoped():
    text = (UI / "style.css").read_text()
    while "/*" in text:
        text = text[: text.index("/*")] + text[text.index("*/") + 2 :]
    selectors = [
        selector.strip()
        for rule in re.sub(r"@media [^{]*{", "", text).split("}")
        if "{" in rule
        for selector in rule.split("{")[0].split(",\n")
    ]
    assert len(selectors) > 40
    ours = ("#sadtalker_ext_", ".dark #sadtalker_ext_", ".stx-")
    page_only = ("body:has(.stx-header)", ".gradio-container:has(.stx-header)")
    bare = "body:is(.stx-bare, :has(.stx-header))"
    for selector in selectors:
        scoped = selector.removeprefix(bare).strip()
        assert scoped.startswith(ours if scoped != selector else (*ours, *page_only)), selector


def test_building_the_tab_imports_nothing_heavy(gradio, tmp_path):
    done = build_in_a_new_process(tmp_path, absent=())
    loaded = set(done.stdout.split())
    assert {"torch", "librosa", "scipy", "av", "cv2"} & loaded == set()
    for_jobs = {
        "grid",
        "motion_files",
        "captions.writing",
        "encoder.video",
        "provenance.credentials",
        "speech.marked_text",
        "speech.voices.hibari.speaker",
        "weights.wheel",
    }
    assert {name for name in for_jobs if f"sadtalker_ext.{name}" in loaded} == set()


def test_the_tab_appears_without_packages_and_says_so(gradio, tmp_path):
    absent = ("cv2", "av", "torch", "librosa",
              "safetensors", "scipy", "espeakng_loader", "spandrel")  # fmt: skip
    done = build_in_a_new_process(tmp_path, absent)
    assert "needs cv2, av, not installed here" in done.stdout
    assert "Text needs a voice" in done.stdout


def build_in_a_new_process(tmp_path, absent):
    code = f"""
import sys, pathlib
class Blind:
    # hides names from the finder behind it
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *rest):
        if name.split(".")[0] in {absent!r}:
            return None
        return self.finder.find_spec(name, *rest)

    def __getattr__(self, name):
        return getattr(self.finder, name)


sys.meta_path[:] = [Blind(finder) for finder in sys.meta_path]
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.service import Service
from sadtalker_ext.shells.ui.page import PageHost, build_page
folder = pathlib.Path(sys.argv[1])
host = PageHost(Service(StandaloneHost(output_dir=folder)), folder, state_folder=folder)
blocks, parts = build_page(host)
print(*sys.modules)
print(*(block.value for block in blocks.blocks.values() if type(block).__name__ == "HTML"))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=120,
        env=os.environ | {"SADTALKER_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def test_only_the_players_of_results_start_by_themselves(page):
    players = {
        block.elem_id.removeprefix(f"{contract.PREFIX}_"): block.autoplay
        for block in page[0].blocks.values()
        if type(block).__name__ == "Video" and block.elem_id and not block.interactive
    }
    assert players["video"] and not players["compared"]


def test_the_example_is_made_whatever_was_chosen_before(host, monkeypatch):
    wired = {}
    listen = compat.listen

    def noted(trigger, fn, *ends, **about):
        if getattr(fn, "__name__", "") == "fill":
            wired["fill"] = fn, ends[1]
        return listen(trigger, fn, *ends, **about)

    monkeypatch.setattr(compat, "listen", noted)
    build_page(host)
    fill, outputs = wired["fill"]
    names = [one.elem_id.removeprefix(f"{contract.PREFIX}_") for one in outputs]
    filled = dict(zip(names, fill(), strict=True))
    assert filled["source_kind"] == "Picture"
    assert filled["speech_kind"] == "File"
    trim = {name: filled[name] for name in ("audio_start", "audio_end", "pad_audio")}
    assert trim == dict.fromkeys(trim, 0.0)
    for name in ("transcript", "grid_columns", "grid_rows"):
        assert filled[name] == ""


def test_an_error_leaves_when_its_cause_does(page):
    """What was missing has come: who still reads that it is missing thinks that it failed."""
    blocks, parts = page
    status = parts.job.outputs[-1]
    names = {one._id: getattr(one, "elem_id", None) for one in blocks.blocks.values()}
    leaves = {}
    for event in blocks.fns.values():
        if event.js and "dataset.about" in event.js:
            assert event.fn is None, "no way to the server and back"
            assert [one.elem_id for one in event.outputs] == [status.elem_id]
            about = json.loads(event.js[event.js.index("[") : event.js.index("]") + 1])
            leaves |= {
                names[target].removeprefix(f"{contract.PREFIX}_"): about
                for target, _ in event.targets
            }
    told = {
        "picture": words.error_html(UnreadableImage("A portrait is missing.")),
        "speech_file": words.error_html(UnreadableAudio("Speech is missing.")),
        "consent": words.error_html(InputError("Please tick.", about="consent")),
    }
    for name, html in told.items():
        others = [
            other for other in told if any(f'data-about="{one}"' in html for one in leaves[other])
        ]
        assert others == [name]
    other = words.error_html(InputError("A speaker has no face."))
    assert 'data-about=""' in other and not any("" in about for about in leaves.values())


@pytest.mark.parametrize("one", examples.PORTRAITS, ids=lambda one: one.file)
def test_the_small_picture_of_an_example_shows_its_portrait(one):
    small = Image.open(io.BytesIO(base64.b64decode(one.thumbnail.partition(",")[2])))
    side = examples.THUMBNAIL
    assert small.size == (side, side)
    wanted = Image.open(one.path).convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    difference = np.asarray(small, int) - np.asarray(wanted, int)
    # its compression costs up to 3.9 levels; another of the portraits differs by 40 and more
    assert np.abs(difference).mean() < 8
