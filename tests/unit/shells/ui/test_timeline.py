"""The timeline of the tab: curves, refusals, presets, and what its script works on."""

import html
import json
import re
import time
from pathlib import Path

import numpy as np
import pytest

from sadtalker_ext.directions import EASES, EMOTIONS, GAZES, GESTURES
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui import timeline_editor, timeline_plot, translations
from sadtalker_ext.shells.ui.timeline_curves import (
    MOST_SAMPLES,
    Sound,
    curves_of,
    sound_of,
    sound_of_text,
)
from sadtalker_ext.timeline import read_timeline
from tests.support.media import speech_like, write_sound

ROOT = Path(__file__).resolve().parents[4]
UI = ROOT / "sadtalker_ext" / "shells" / "ui"
FIVE = Sound(seconds=5.0)


def drawn(text, sound=FIVE, **options):
    found = curves_of(GenerateOptions(timeline=text, **options), sound)
    begins = [one.start for one in found.spans]
    return {(one.kind, one.name): one.values for one in found.curves}, begins


def data_of(shown, name):
    return html.unescape(re.search(f'data-{name}="([^"]*)"', shown)[1])


def values(kind="File", **given):
    usual = {
        "speech_kind": kind, "speech_file": None, "speech_recording": None, "speech_video": None,
        "emotion": "neutral", "emotion_intensity": 1.0, "text": "", "speech_rate": 1.0,
        "idle_seconds": 5.0, "transcript": "", "audio_start": 0, "audio_end": 0, "pad_audio": 0,
        "audio_track": 0,
    }  # fmt: skip
    return usual | given


class Host:
    """A page that only its owner uses."""


def test_curves_are_what_the_engines_are_told():
    curves, begins = drawn(
        '[{"at": 1, "emotion": "happy", "intensity": 0.8, "transition": 0.4},'
        ' {"at": "60%", "until": 4, "gaze": "away"}, {"at": 2, "gesture": "nod", "intensity": 0.5},'
        ' {"at": 0, "until": 1, "control": {"browDown": 0.6}}]'
    )
    assert begins == [1, 3, 2, 0]
    happy, away = curves["emotion", "happy"], curves["gaze", "away"]
    assert happy[:25].max() == 0 and happy[60] == pytest.approx(0.8, abs=0.05)
    assert away[74] == 0 and away[90] == pytest.approx(1) and away[-1] == 0
    nod = curves["gesture", "nod"]
    assert nod[:50].max() == 0 and 0.4 < nod.max() <= 0.5 and nod[75:].max() == 0
    sides = [curves["control", f"browDown{side}"] for side in ("Left", "Right")]
    assert all(one.max() == pytest.approx(0.6) for one in sides)


def test_what_is_looked_at_has_a_name_or_numbers():
    curves, _ = drawn(
        '[{"at": 0, "gesture": "look_at", "point": "camera"}, {"at": 1, "gaze": [10, -4]},'
        ' {"at": 2, "gesture": "look_at", "point": [0.9, 0.3]}, {"at": 2, "head": [8, 0, 0]}]'
    )
    assert set(curves) == {
        ("gaze", "camera"), ("gaze", "10°, -4°"), ("gaze", "0.9, 0.3"), ("head", "8°, 0°, 0°")
    }  # fmt: skip


def test_the_emotion_of_the_whole_clip_is_a_curve_too():
    curves, _ = drawn("", emotion="sad:0.5")
    assert curves["emotion", "sad"] == pytest.approx(np.full(125, 0.5))
    assert drawn("")[0] == {}


def test_long_speeches_have_no_more_samples_than_a_page_can_take():
    curves, _ = drawn('[{"at": "50%", "emotion": "sad"}]', Sound(seconds=3600.0))
    assert len(curves["emotion", "sad"]) == MOST_SAMPLES


@pytest.mark.parametrize("seconds", [1.0, 4.0, 90.0])
@pytest.mark.parametrize("preset", timeline_editor.presets(), ids=lambda one: one["name"])
def test_presets_fit_any_length(preset, seconds):
    text = json.dumps(preset["entries"])
    assert len(read_timeline(text).directions) == len(preset["entries"])
    curves, begins = drawn(text, Sound(seconds=seconds))
    assert curves and max(begins) < seconds


@pytest.mark.parametrize(
    ("text", "entry", "sentence"),
    [
        ('[{"at": 0, "emotion": "hapy"}]', "1", "did you mean happy?"),
        ('[{"at": 0, "gaze": "up"}, {"at": 9, "gesture": "nod"}]', "2", "ends at 5 s"),
        ('[{"at": 1, "gaze": "up"}, {"at": 1, "gaze": "down"}]', "2", "the same time"),
        ('[{"at": 0}', "", "should be JSON"),
    ],
)
def test_a_refusal_is_one_sentence_and_names_the_entry(text, entry, sentence):
    shown = timeline_editor.looked(Host())(text, values("Idle"))
    assert data_of(shown, "bad") == entry
    told = html.unescape(re.search('role="status"><b>(.*?)</b>', shown)[1])
    assert sentence in told and "\n" not in told
    assert json.loads(data_of(shown, "curves")) == []


def test_a_sound_is_drawn_where_it_is_loud(tmp_path):
    samples = np.concatenate([np.zeros((8000, 1), np.float32), speech_like(1.0, 8000)])
    path = write_sound(tmp_path / "speech.wav", samples, 8000)
    sound = sound_of(open_speech(path, pad=1.0), "really good")
    third = len(sound.bars) // 3
    assert sound.seconds == pytest.approx(3, abs=0.01)
    assert max(sound.bars[: third - 2]) < 0.01 < 0.9 < max(sound.bars[third : 2 * third])
    assert max(sound.bars[-third + 2 :]) == 0
    assert [one.text for one in sound.words] == ["really", "good"]
    shown = timeline_editor.looked(Host())(
        """[{"at": "on 'good'", "gesture": "nod"}]""",
        values(speech_file=str(path), transcript="really good"),
    )
    assert 'class="stx-time-sound" d="M' in shown and float(data_of(shown, "seconds")) == 2.0


def test_a_sound_that_cannot_be_read_leaves_the_timeline_as_it_is(tmp_path):
    (tmp_path / "speech.wav").write_bytes(b"no sound")
    look = timeline_editor.looked(Host())
    shown = look('[{"at": 1, "gesture": "nod"}]', values(speech_file=str(tmp_path / "speech.wav")))
    assert "stx-time-refused" not in shown and data_of(shown, "bad") == ""


def test_the_length_of_a_text_is_said_to_be_estimated():
    sound = sound_of_text("I [sad] was *really* there.")
    assert [one.text for one in sound.words] == ["I", "was", "really", "there."]
    shown = timeline_editor.looked(Host())(
        """[{"at": "on 'really'", "emotion": "happy"}]""",
        values("Text", text="I [sad] was really there."),
    )
    assert timeline_plot.ABOUT in shown and data_of(shown, "bad") == ""


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("Wait. [pause 5] Now.", 5, 7),
        ("Wait. [ PAUSE 5s ] Now.", 5, 7),
        ("""<speak>Wait. <break time="5000ms"/> Now.</speak>""", 5, 7),
        ("""<speak><prosody rate="50%">One two three four five.</prosody></speak>""", 3.5, 4.5),
        ("One [two] three four <five>.", 1.5, 2.5),
        ("今日はとても良い天気です。明日もきっと晴れるでしょう。", 3, 6),
        ("[ " * 50_000, 0, 1e9),
    ],
)
def test_an_estimate_knows_pauses_and_scripts_without_spaces(text, low, high):
    began = time.process_time()
    assert low <= sound_of_text(text).seconds <= high
    assert time.process_time() - began < 2


def test_words_after_a_pause_come_after_it():
    words = sound_of_text("Wait. [pause 5] *Right* now.").words
    assert [one.text for one in words] == ["Wait.", "Right", "now."]
    assert words[0].end < 1 and words[1].start == words[0].end + 5


def test_a_text_whose_marks_are_wrong_has_no_length_yet():
    look = timeline_editor.looked(Host())
    shown = look('[{"at": 1, "gesture": "nod"}]', values("Text", text="Wait. [pausse 5] Now."))
    assert "stx-time-refused" not in shown and float(data_of(shown, "seconds")) == 5.0


def test_an_estimate_refuses_no_entry():
    shown = timeline_editor.looked(Host())(
        '[{"at": 9, "gaze": "left"}]', values("Text", text="Hi.")
    )
    assert data_of(shown, "bad") == ""
    assert float(data_of(shown, "seconds")) == 9


def test_what_is_written_is_escaped():
    shown = timeline_editor.looked(Host())('[{"at": 0, "emotion": "<b>"}]', values("Idle"))
    assert "&lt;b&gt;" in shown and "<b>'" not in shown and "'<b>" not in shown


def test_the_table_offers_every_name_that_a_timeline_knows():
    text = timeline_editor._editor_html()
    offered = set(re.findall(r'<option value="([^"]*)"', text))
    named = {f"emotion:{name}" for name in EMOTIONS} | {f"gaze:{name}" for name in GAZES}
    named |= {f"gesture:{name}" for name in GESTURES if name != "look_at"} | {*EASES}
    assert named | {"look_at:", "blend:", "control:", "head:", "gaze:"} <= offered


@pytest.mark.parametrize("code", [code for code in translations.LANGUAGES if code != "en"])
def test_words_in_lists_are_translated(code):
    """`test_languages` leaves out what is an option of a list."""
    text = timeline_editor._editor_html()
    listed = re.findall(r"<option[^>]*>([^<]*)<", text) + re.findall(r'label="([^"]*)"', text)
    shown = {html.unescape(one) for one in listed}
    assert [one for one in sorted(shown) if translations.translated(code, one) is None] == []


@pytest.mark.parametrize("name", ["timeline_editor", "timeline_grips", "player"])
def test_the_webuis_script_is_the_page_s(name):
    script = (ROOT / "javascript" / f"sadtalker_{name}.js").read_text(encoding="utf-8")
    assert script == (UI / f"{name}.js").read_text(encoding="utf-8")


def crowd(count, seconds):
    """Return a timeline of so many entries; every fourth looks somewhere else."""
    kinds = [{"emotion": "happy"}, {"gesture": "nod"}, {"gaze": None}, {"control": "browDown"}]
    entries = []
    for number in range(count):
        kind = dict(kinds[number % 4])
        if "gaze" in kind:
            kind["gaze"] = [number % 45 - number // 45 / 30, 0]
        at = round(number * seconds / count, 3)
        entries.append({"at": at, "until": round(at + seconds / count, 3), **kind})
    return json.dumps(entries)


def test_a_picture_of_many_entries_is_no_larger_than_a_page_can_take():
    text = crowd(1000, 600.0)
    options = GenerateOptions(timeline=text)
    many = curves_of(options, Sound(seconds=600.0))
    assert len(many.curves) > 200 and len(many.spans) == 1000
    shown = timeline_plot.plot_html(options, text, Sound(seconds=600.0))
    assert shown.count('class="stx-time-line ') == timeline_plot.MOST_CURVES
    assert f"{len(many.curves) - timeline_plot.MOST_CURVES} weaker curves" in shown
    assert len(shown) < 250_000
    drawn = json.loads(data_of(shown, "curves"))
    assert sum(len(one["values"]) for one in drawn) <= timeline_plot.MOST_VALUES
    # what is left are the strongest, with the largest values they have
    happy = next(one for one in drawn if one["name"] == "happy")
    (whole,) = (one.values for one in many.curves if one.name == "happy")
    assert max(happy["values"]) == pytest.approx(whole.max(), abs=1e-3)


def test_every_entry_says_where_it_lies_and_which_curve_shows_it():
    text = (
        '[{"at": 2, "emotion": "sad"}, {"at": "20%", "gesture": "nod"},'
        ' {"at": 0, "blend": {"angry": 0.2, "happy": 0.7}}, {"at": 3, "until": "100f",'
        ' "head": [8, 0, 0]}]'
    )
    shown = timeline_plot.plot_html(GenerateOptions(timeline=text), text, FIVE)
    names = [one["name"] for one in json.loads(data_of(shown, "curves"))]
    sad, nod, happy, head = json.loads(data_of(shown, "spans"))
    assert sad == [2, 5, 0, names.index("sad")]
    assert nod == [1, 1.75, 0, names.index("Nod")]
    assert happy == [0, 2, 0, names.index("happy")]
    assert head == [3, 4, 1, names.index("Head 8°, 0°, 0°")]
    assert timeline_plot.HELP in shown


def test_a_refused_timeline_keeps_its_length_so_that_it_can_be_dragged_back():
    text = '[{"at": 7, "gaze": "up", "until": 9}, {"at": 8, "gaze": "down"}]'
    shown = timeline_plot.plot_html(GenerateOptions(timeline=text), text, Sound())
    assert data_of(shown, "bad") == "2" and data_of(shown, "spans") == "[]"
    assert float(data_of(shown, "seconds")) == 10 and "<svg" in shown
