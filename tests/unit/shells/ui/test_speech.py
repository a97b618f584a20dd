import pytest

from sadtalker_ext.errors import InputError
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui import sound_field
from sadtalker_ext.shells.ui import speech as said
from sadtalker_ext.shells.ui.contract import element_id
from sadtalker_ext.shells.ui.tab import build_tab

FULL = GenerateOptions(
    text="Hello", voice="de", idle_seconds=4.0, audio_start=1.0, pad_audio=2.0
).as_dict()


def resolve(kind, file=None, microphone=None, video=None, options=FULL, **rest):
    values = {
        "speech_video": video, "speech_recording": microphone, "speech_file": file,
        "speech_kind": kind,
    }  # fmt: skip
    return said.resolve(values, options, **rest)


@pytest.mark.parametrize("kind", [said.FILE, said.MICROPHONE, said.VIDEO])
def test_a_sound_leaves_text_and_idling_out(kind):
    path, options = resolve(kind, "/f.wav", "/m.wav", "/v.mp4")
    assert path.name == {"File": "f.wav", "Microphone": "m.wav", "Video": "v.mp4"}[kind]
    assert (options["text"], options["voice"], options["idle_seconds"]) == ("", "", 0.0)
    assert options["audio_start"] == 1.0


def test_text_wins_over_files_that_are_still_there():
    path, options = resolve(said.TEXT, "/f.wav")
    assert path is None
    assert (options["text"], options["idle_seconds"]) == ("Hello", 0.0)


def test_idling_has_nothing_to_trim():
    path, options = resolve(said.IDLE, "/f.wav")
    assert path is None
    assert (options["idle_seconds"], options["text"], options["audio_start"]) == (4.0, "", 0.0)


@pytest.mark.parametrize("kind", said.KINDS)
def test_what_was_not_filled_in_is_named(kind):
    with pytest.raises(InputError) as caught:
        resolve(kind, options=GenerateOptions().as_dict())
    assert len(str(caught.value)) > 20


def test_an_unknown_kind_is_refused():
    with pytest.raises(InputError, match="telepathy"):
        resolve("telepathy", "/f.wav")


def test_a_missing_file_is_no_problem_when_the_reference_brings_the_sound():
    assert resolve(said.FILE, may_be_silent=True)[0] is None


def test_trim_handles_become_seconds_unless_numbers_were_given(speech):
    value = f"{speech}{sound_field.CROP_MARK}25-50"
    path, options = resolve(said.FILE, value, options=GenerateOptions().as_dict())
    assert path == speech
    assert options["audio_start"] == pytest.approx(0.2, abs=0.01)
    assert options["audio_end"] == pytest.approx(0.4, abs=0.01)
    _, options = resolve(said.FILE, value)
    assert (options["audio_start"], options["audio_end"]) == (1.0, 0.0)


def test_a_recorder_is_on_the_page_only_while_the_microphone_is_chosen(gradio, host):
    with gradio.Blocks() as blocks:
        build_tab(host)
    (microphone,) = [
        one for one in blocks.blocks.values() if one.elem_id == element_id("speech_recording")
    ]
    assert microphone.interactive is False
    chosen = {kind: said.show_pane(kind)[-1]["interactive"] for kind in said.KINDS}
    assert [kind for kind, usable in chosen.items() if usable] == [said.MICROPHONE]
