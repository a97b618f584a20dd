"""Everything the tab says has an entry in every catalogue, and no translation loses its data."""

import ast
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sadtalker_ext import errors
from sadtalker_ext.options import option_specs
from sadtalker_ext.progress import Stage
from sadtalker_ext.shells.ui import translations
from sadtalker_ext.shells.ui.controls import GROUP_TITLES, caption
from sadtalker_ext.shells.ui.roles import NUMBERS, field_name
from tests.support import localizations

CODES = [code for code in translations.LANGUAGES if code != "en"]
UI = Path(translations.__file__).parent
WIDGETS = {"Slider", "Checkbox", "Radio", "Number", "Dropdown", "Textbox", "Button", "Image"} | {
    "Audio", "Video", "File", "Accordion", "Gallery",
}  # fmt: skip
OF_THE_MACHINE = {"sadtalker_ext_voice"} | {
    f"sadtalker_ext_{field_name(number, 'voice')}" for number in NUMBERS
}
"""Lists of what is installed here: names of languages and of voices."""
HIDDEN = {"sadtalker_ext_task", "sadtalker_ext_result_path", "sadtalker_ext_last_seed"} | {
    "sadtalker_ext_past_doomed",
}  # fmt: skip


class Texts(HTMLParser):
    """Collects the texts of a piece of HTML, and the attributes that are read or shown."""

    def __init__(self, html):
        super().__init__()
        self.found, self._inside = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self._inside.append(tag)
        self.found += [
            value for name, value in attributes if name in ("aria-label", "title", "alt")
        ]

    def handle_endtag(self, tag):
        self._inside.pop()

    def handle_data(self, data):
        if data.strip() and not {"style", "option"} & {*self._inside}:
            self.found.append(data.strip())


def texts_of(blocks):
    """Return every text that the components of a page show, with what shows it."""
    found = {}
    for block in blocks.blocks.values():
        kind, name = type(block).__name__, getattr(block, "elem_id", None)
        if name in HIDDEN:
            continue
        texts = [getattr(block, "webui_tooltip", None)]
        if kind in WIDGETS:
            shown = ("label", "info", "placeholder")
            texts += [getattr(block, attribute, None) for attribute in shown]
        if kind == "Button":
            texts.append(block.value)
        if name not in OF_THE_MACHINE:
            texts += [str(choice[0]) for choice in getattr(block, "choices", None) or []]
        if kind == "HTML":
            texts += Texts(str(block.value)).found
        for text in texts:
            if isinstance(text, str) and text.strip():
                found.setdefault(text.strip(), name or kind)
    return found


def is_known(code, text):
    """Tell whether a text is translated, by itself or by an entry with holes."""
    if not re.search(r"[A-Za-z]", text) or translations.translated(code, text) is not None:
        return True
    if text.startswith("[{"):  # notation
        return True
    return any(
        re.fullmatch(pattern_of(key), text, re.DOTALL)
        for key in translations.catalogue(code)
        if translations.holes(key)
    )


def pattern_of(key):
    parts = translations.HOLE.split(key)
    # every third part is text: number and kind of a hole stand between
    return ".+?".join(re.escape(part) for part in parts[::3])


@pytest.fixture(scope="module")
def shown(gradio, tmp_path_factory):
    from sadtalker_ext.host.standalone import StandaloneHost
    from sadtalker_ext.service import Service
    from sadtalker_ext.shells.ui.page import PageHost, build_page
    from sadtalker_ext.weights.store import WeightStore

    folder = tmp_path_factory.mktemp("words")
    service = Service(StandaloneHost(output_dir=folder), WeightStore(cache=folder / "cache"))
    return texts_of(build_page(PageHost(service, folder, state_folder=folder))[0])


@pytest.mark.parametrize("code", CODES)
def test_every_text_of_the_built_tab_is_translated(shown, code):
    assert len(shown) > 200
    assert {text: where for text, where in shown.items() if not is_known(code, text)} == {}


@pytest.mark.parametrize("code", CODES)
def test_every_option_stage_and_title_is_translated(code):
    texts = {caption(spec) for spec in option_specs()} | {spec.help for spec in option_specs()}
    texts |= {stage.value for stage in Stage} | {*GROUP_TITLES.values()}
    texts |= {str(choice) for spec in option_specs() for choice in spec.choices}
    assert [text for text in sorted(texts) if translations.translated(code, text) is None] == []


@pytest.mark.parametrize("code", CODES)
def test_sentences_in_the_tab_s_own_code_are_translated(code):
    """Remarks and errors that appear later: what `note_html`, errors and hints are given."""
    missing = [text for text in sentences() if not is_known(code, text)]
    assert missing == []


@pytest.mark.parametrize("code", CODES)
def test_what_only_a_webui_shows_is_translated(code):
    """Captions, tooltips and remarks of the section, the buttons and the settings."""
    found = []
    for file in sorted((UI.parent / "webui").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            shown = [word.value for word in node.keywords if word.arg in ("label", "help")]
            if getattr(node.func, "attr", "") == "info":
                shown += node.args[:1]
            found += [text for one in shown if (text := literal(one)).strip()]
    assert len(found) > 12
    # a picture in a caption keeps the WebUI from translating it
    found = [text for text in found if text.isascii()]
    tabs = [text.replace("X", tab) for text in found for tab in ("txt2img", "img2img")]
    assert [text for text in tabs if not is_known(code, text)] == []


@pytest.mark.parametrize("code", CODES)
def test_errors_about_what_people_give_are_translated(code):
    """Pictures, sounds, videos, faces, enhancers and upscalers: what an error of the tab is about.

    What only a request of REST or a command line can cause stays English.
    """
    package = UI.parents[1]
    files = [file for file in (package / "inputs").glob("*.py") if file.stem != "landmarks"]
    files += [*(package / "compositor").glob("*.py"), *(package / "host").glob("*.py")]
    files += [package / "portrait" / "find.py", package / "request.py", package / "history.py"]
    found = sentences(files)
    assert len(found) > 80
    assert [text for text in found if not is_known(code, text)] == []


def sentences(files=None):
    """Return the constant first arguments of the calls that show a sentence, and their hints."""
    calls = {name for name in vars(errors) if isinstance(getattr(errors, name), type)}
    calls |= {"note_html"}
    found = []
    # without gradio there is no page that could say so
    own = [file for file in UI.glob("*.py") if file.stem != "compat"]
    for file in sorted(files or own):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) in calls
            ):
                hints = [word.value for word in node.keywords if word.arg == "hint"]
                found += [text for one in node.args[:1] + hints if (text := literal(one))]
    return found


def literal(node):
    """Return the text of a constant or formatted text, with X where data goes; else nothing."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(getattr(part, "value", "X")) if isinstance(part, ast.Constant) else "X"
                       for part in node.values)  # fmt: skip
    return ""


@pytest.mark.parametrize("code", CODES)
def test_catalogues_have_the_same_entries_and_keep_their_holes(code):
    found = translations.catalogue(code)
    assert set(found) == set(translations.catalogue("de"))
    assert {
        key: value
        for key, value in found.items()
        if translations.holes(key) != translations.holes(value) or not value.strip()
    } == {}


@pytest.mark.parametrize("code", CODES)
def test_a_translation_is_not_translated_again(code):
    """What stands on the page is looked up again whenever something changes beside it."""
    found = translations.catalogue(code)
    again = {key: value for key, value in found.items() if value in found}
    assert {key: value for key, value in again.items() if found[value] != value} == {}


@pytest.mark.parametrize("code", CODES)
def test_catalogues_are_written_in_their_language(code):
    """A text that was left English stands out by its letters, or by being the same."""
    same = [key for key, value in translations.catalogue(code).items() if key == value]
    assert len(same) < 20, same
    letters = {"ja": r"[\u3040-\u30ff\u4e00-\u9fff]", "zh": r"[\u4e00-\u9fff]"}.get(code)
    if letters:
        latin = [
            key
            for key, value in translations.catalogue(code).items()
            if not re.search(letters, value) and key != value
        ]
        assert latin == []


@pytest.mark.parametrize("name", sorted(localizations.NAMES))
def test_the_webuis_files_are_made_from_the_catalogues(name):
    assert localizations.path_of(name).read_text(encoding="utf-8") == localizations.source(name)


@pytest.mark.parametrize("name", sorted(localizations.NAMES))
def test_the_webuis_files_leave_the_host_s_own_words_alone(name):
    words = json.loads(localizations.source(name))
    assert not {"Generate", "Interrupt", "Skip", "Seed", "Upscaler"} & set(words)
    assert len(words) > 200
    assert not any(translations.holes(key) for key in words), "a WebUI knows no holes"
