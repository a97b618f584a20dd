"""Registration, and the tab in every state of the installation."""

import ast
import builtins
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

gradio = pytest.importorskip("gradio")

ROOT = Path(__file__).resolve().parents[4]
ALWAYS_THERE = ("register", "animate", "galleries", "settings", "tab", "names")


@pytest.fixture
def callbacks(webui):
    """What the extension registers when its script is run as the WebUI runs it."""
    namespace = {"__name__": "sadtalker.py"}
    code = compile((ROOT / "scripts/sadtalker.py").read_text("utf-8"), "sadtalker.py", "exec")
    exec(code, namespace)  # noqa: S102  this is how a script is loaded
    found = dict(webui("script_callbacks").registered)
    found["script"] = namespace["AnimateScript"]
    from sadtalker_ext.shells.webui import house

    house.service.cache_clear()
    yield found
    house.service.cache_clear()


def build(callbacks):
    ((blocks, title, identity),) = callbacks["ui_tabs"]()
    names = {getattr(block, "elem_id", None) for block in blocks.blocks.values()}
    return blocks, title, identity, names


def test_the_script_is_small_and_defines_no_class():
    text = (ROOT / "scripts/sadtalker.py").read_text("utf-8")
    assert len(text.splitlines()) < 60
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]


def test_the_host_finds_the_always_on_script(callbacks, webui):
    assert issubclass(callbacks["script"], webui("scripts").Script)
    assert callbacks["script"].__module__ in sys.modules


def test_the_tab_is_built_and_can_be_pasted_into(callbacks, webui):
    _, title, identity, names = build(callbacks)
    assert (title, identity) == ("SadTalker", "sadtalker")
    assert {"sadtalker_ext_generate", "sadtalker_ext_interrupt", "sadtalker_ext_skip"} <= names
    assert webui("infotext_utils").paste_fields["sadtalker"]["init_img"] is not None
    assert all(name is None or name.startswith("sadtalker_ext_") for name in names)


def test_our_names_are_those_of_the_tab(webui):
    from sadtalker_ext.shells.ui import contract
    from sadtalker_ext.shells.webui import names

    assert (names.TAB_ID, names.PREFIX) == (contract.TAB_ID, contract.PREFIX)


def test_loading_again_forgets_the_components_of_the_last_page(callbacks, webui):
    from sadtalker_ext.shells.webui.register import register

    with gradio.Blocks():
        gallery = gradio.Gallery(elem_id="txt2img_gallery")
        callbacks["after_component"](gallery, elem_id="txt2img_gallery")
    register()
    again = webui("script_callbacks").registered
    *_, names = build(again)
    assert "sadtalker_ext_use_txt2img" not in names
    *_, names = build(callbacks)
    assert "sadtalker_ext_use_txt2img" in names


def native_components(callbacks):
    """Build the parts of the host's tabs that matter to us, in its order."""
    made = {}
    with gradio.Blocks():
        for tab in ("txt2img", "img2img", "extras"):
            made[tab] = gradio.Gallery(elem_id=f"{tab}_gallery")
            callbacks["after_component"](made[tab], elem_id=f"{tab}_gallery")
            button = gradio.Button(elem_id=f"{tab}_send_to_extras")
            callbacks["after_component"](button, elem_id=f"{tab}_send_to_extras")
            info = gradio.Textbox(elem_id=f"generation_info_{tab}")
            callbacks["after_component"](info, elem_id=f"generation_info_{tab}")
        image = gradio.Image(elem_id="pnginfo_image")
        callbacks["after_component"](image, elem_id="pnginfo_image")
        callbacks["after_component"](gradio.Button(), elem_id="extras_tab")
        callbacks["after_component"](gradio.Button())
        names = {
            getattr(block, "elem_id", None)
            for block in gradio.context.Context.root_block.blocks.values()
        }
    return {name for name in names if name and name.startswith("sadtalker_ext_from_")}


def test_buttons_appear_under_every_gallery(callbacks):
    expected = {f"sadtalker_ext_from_{tab}" for tab in ("txt2img", "img2img", "extras", "pnginfo")}
    assert native_components(callbacks) == expected


@pytest.mark.parametrize(
    "option", [{"hidden_tabs": ["SadTalker"]}, {"sadtalker_ext_show_buttons": False}]
)
def test_no_button_leads_to_a_hidden_tab(callbacks, webui, option):
    webui("shared").opts.data.update(option)
    assert native_components(callbacks) == set()


def test_settings_have_our_prefix_and_one_section(callbacks, webui):
    callbacks["ui_settings"]()
    added = webui("shared").opts.data_labels
    assert "sadtalker_ext_make_room" in added
    assert "sadtalker_result_dir" not in added, "this key belongs to the old extension"
    assert all(key.startswith("sadtalker_ext_") for key in added)
    assert {option.section for option in added.values()} == {("sadtalker_ext", "SadTalker")}
    headings = [name for name in added if "heading" in name]
    assert len(headings) == 4 and next(iter(added)) in headings
    assert "heading" in list(added)[list(added).index("sadtalker_ext_make_room") - 1]


def test_a_host_without_headings_has_the_settings_alone(callbacks, webui, monkeypatch):
    monkeypatch.delattr(webui("shared"), "OptionHTML")
    webui("shared").opts.data_labels.clear()
    callbacks["ui_settings"]()
    added = webui("shared").opts.data_labels
    assert "sadtalker_ext_make_room" in added and not any("heading" in name for name in added)


@pytest.mark.parametrize("missing", ["av", "cv2", "librosa", "safetensors"])
def test_the_tab_appears_without(callbacks, monkeypatch, missing):
    """A missing package is a sentence in the tab."""
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.split(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest, **more)

    kept = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if name.split(".")[0] == missing
        or (name.startswith("sadtalker_ext.") and not name.endswith(ALWAYS_THERE))
    }
    monkeypatch.setattr(builtins, "__import__", without)
    try:
        blocks, *_, names = build(callbacks)
    finally:
        monkeypatch.undo()
        for name in [name for name in sys.modules if name.startswith("sadtalker_ext.")]:
            if name not in kept and not name.endswith(ALWAYS_THERE):
                del sys.modules[name]
        sys.modules.update(kept)
        for name, module in kept.items():
            parent, _, child = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], child, module)
    if "sadtalker_ext_generate" not in names:
        words = " ".join(str(getattr(block, "value", "")) for block in blocks.blocks.values())
        assert missing in words
        assert "Restart the WebUI" in words


def test_a_bug_in_the_tab_is_a_sentence_too(callbacks, monkeypatch):
    from sadtalker_ext.shells.ui import tab

    monkeypatch.setattr(tab, "build_tab", lambda host: 1 / 0)
    blocks, title, *_ = build(callbacks)
    words = " ".join(str(getattr(block, "value", "")) for block in blocks.blocks.values())
    assert title == "SadTalker"
    assert "bug" in words
    assert "ZeroDivisionError" in words


def test_the_tab_is_made_without_a_server_of_its_own(callbacks, monkeypatch):
    """It is drawn into the host's page, which has one; gradio would make two more."""
    made = []
    usual = gradio.routes.App.create_app
    monkeypatch.setattr(
        gradio.routes.App,
        "create_app",
        staticmethod(lambda *a, **k: made.append(a) or usual(*a, **k)),
    )
    blocks, *_ = build(callbacks)
    assert made == []
    with gradio.Blocks() as page:
        blocks.render()
    assert made, "pages that stand alone have one"
    shown = {one["props"].get("elem_id") for one in page.get_config_file()["components"]}
    parts = [one for one in blocks.blocks.values() if type(one).__name__ != "State"]
    ours = {getattr(one, "elem_id", None) for one in parts}
    assert "sadtalker_ext_generate" in ours
    assert ours <= shown


def test_pages_that_are_made_meanwhile_have_their_servers(callbacks, monkeypatch):
    """We are a guest: gradio itself is left as it is, also while our part is made."""
    from sadtalker_ext.shells.ui import tab
    from sadtalker_ext.shells.webui.page_part import page_part

    usual = dict(vars(gradio.Blocks)), dict(vars(gradio.routes.App))
    with page_part() as part:
        gradio.HTML("ours")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(page_of_a_host).result().app is not None
    assert getattr(part, "app", None) is None
    monkeypatch.setattr(tab, "build_tab", lambda host: 1 / 0)
    build(callbacks)
    assert (dict(vars(gradio.Blocks)), dict(vars(gradio.routes.App))) == usual
    assert page_of_a_host().app is not None


def page_of_a_host():
    with gradio.Blocks() as made:
        gradio.HTML("theirs")
    return made


START = """
import pathlib, sys
sys.path.insert(0, {root!r})
from tests.support.fake_host import fake_webui
with fake_webui(pathlib.Path(sys.argv[1])) as load:
    code = pathlib.Path({root!r}, "scripts/sadtalker.py").read_text("utf-8")
    exec(compile(code, "sadtalker.py", "exec"), {{"__name__": "sadtalker.py"}})
    calls = load("script_callbacks").registered
    calls["ui_settings"]()
    ((blocks, *_),) = calls["ui_tabs"]()
    assert len(blocks.blocks) > 100
    print(*sys.modules)
"""


def test_a_start_imports_nothing_that_only_a_job_needs(tmp_path):
    """A WebUI starts more often than it makes a talking video."""
    done = subprocess.run(
        [sys.executable, "-c", START.format(root=str(ROOT)), str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=120,
        env=os.environ | {"SADTALKER_HOME": str(tmp_path), "SADTALKER_CHECKPOINTS": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = set(done.stdout.split())
    assert not found & {"torch", "av", "cv2", "librosa", "scipy", "sqlite3"} - _of_gradio()
    for room in ("compositor", "dubbing.request", "motion", "portrait.mesh", "request", "pipeline"):
        assert f"sadtalker_ext.{room}" not in found, f"{room} is for jobs"


def _of_gradio():
    code = "import gradio, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
