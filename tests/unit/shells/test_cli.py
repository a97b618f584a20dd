"""The command line as people run it: words in, exit status, text and files out."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sadtalker_ext.engines.registry import weights_of
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Request, Service
from sadtalker_ext.shells.cli import main
from sadtalker_ext.shells.cli.arguments import build_parser
from sadtalker_ext.shells.cli.generate import own_certificate
from tests.support.fake_engine import FakeEngine
from tests.support.media import portrait_like, speech_like, write_sound
from tests.support.specs import register, specs_with


@pytest.fixture
def inputs(tmp_path):
    from PIL import Image

    Image.fromarray(portrait_like(96, 80)).save(tmp_path / "portrait.png")
    write_sound(tmp_path / "speech.wav", speech_like(0.6), 44100)
    return tmp_path / "portrait.png", tmp_path / "speech.wav"


@pytest.fixture
def fake_engine(monkeypatch):
    register(monkeypatch, FakeEngine)


def run(*words):
    return main([str(word) for word in words])


def test_generate_writes_a_video_and_describes_it(inputs, fake_engine, tmp_path, capsys):
    output = tmp_path / "out.mp4"
    status = run("generate", *inputs, "-o", output, "--engine", "puppet", "--seed", 3, "--json")
    answer = json.loads(capsys.readouterr().out)
    assert status == 0
    assert answer["path"] == str(output)
    assert (answer["frames"], answer["seed"]) == (15, 3)
    assert output.exists()


def test_words_for_people_without_json(inputs, fake_engine, tmp_path, capsys):
    assert run("generate", *inputs, "-o", tmp_path / "out.mp4", "--engine", "puppet") == 0
    captured = capsys.readouterr()
    assert "80x96" in captured.out
    assert "Rendering" in captured.err


def test_an_input_error_exits_2_with_a_sentence_and_json(inputs, tmp_path, capsys):
    status = run("generate", tmp_path / "no.png", inputs[1], "-o", tmp_path / "o.mp4", "--json")
    captured = capsys.readouterr()
    assert status == 2
    assert json.loads(captured.out)["error"]["code"] == "unreadable_image"
    assert "no.png" in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.extra
def test_missing_weights_exit_3_and_name_the_command(inputs, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SADTALKER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SADTALKER_CHECKPOINTS", "")
    status = run("generate", *inputs, "-o", tmp_path / "out.mp4", "--engine", "sadtalker")
    assert status == 3
    assert "weights fetch sadtalker" in capsys.readouterr().err


def test_an_existing_output_is_kept_unless_asked(inputs, fake_engine, tmp_path):
    output = tmp_path / "out.mp4"
    output.write_bytes(b"precious")
    words = ("generate", *inputs, "-o", output, "--engine", "puppet")
    assert run(*words) == 2
    assert output.read_bytes() == b"precious"
    assert run(*words, "--overwrite") == 0
    assert output.stat().st_size > 1000


def test_the_outputs_extension_chooses_the_format(inputs, fake_engine, tmp_path, capsys):
    portrait, speech = inputs
    words = ["generate", str(portrait), str(speech), "-o"]
    assert main([*words, str(tmp_path / "a.gif")]) == 0
    assert (tmp_path / "a.gif").read_bytes()[:3] == b"GIF"
    assert main([*words, str(tmp_path / "a.mp4"), "--format", "gif"]) == 2
    assert "a.gif" in capsys.readouterr().err
    assert not (tmp_path / "a.mp4").exists()


def test_without_an_output_the_format_names_the_file(inputs, fake_engine, tmp_path):
    portrait, speech = inputs
    folder = ["--output-dir", str(tmp_path)]
    assert main(["generate", str(portrait), str(speech), *folder, "--format", "webm"]) == 0
    assert (tmp_path / f"{portrait.stem}_talking.webm").exists()


def test_the_motion_is_drawn_beside_the_sound(inputs, fake_engine, tmp_path):
    portrait, speech = inputs
    words = ["generate", str(portrait), str(speech), "-o", str(tmp_path / "a.mp4")]
    assert main([*words, "--motion-plot", str(tmp_path / "a.jpg")]) == 2
    assert not (tmp_path / "a.mp4").exists()  # told before the work
    assert main([*words, "--motion-plot", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes()[1:4] == b"PNG"


def test_speech_is_asked_for(inputs, capsys):
    assert run("generate", inputs[0], "--engine", "puppet") == 2
    assert "--idle-seconds" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--text", "Hello."), "--text is spoken in place of a sound"),
        (("--idle-seconds", "2"), "--idle-seconds is for a video without speech"),
        (("--video", "b.wav"), "should be given once"),
        (("--portrait", "b.png"), "should be given once"),
    ],
)
def test_what_is_given_twice_is_refused(inputs, fake_engine, tmp_path, capsys, words, told):
    out = ("-o", tmp_path / "out.mp4", "--engine", "puppet")
    assert run("generate", *inputs, *words, *out) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    ("first", "content", "told"),
    [
        ("film.mp4", b"\0\0\0\x18ftypisom", "sadtalker dub "),
        ("a.wav", b"RIFF\x24\0\0\0WAVEfmt ", "give it as the speech"),
    ],
)
def test_a_film_or_a_sound_in_the_place_of_the_picture_has_a_next_step(
    inputs, tmp_path, capsys, first, content, told
):
    (tmp_path / first).write_bytes(content)
    assert run("generate", tmp_path / first, inputs[1], "-o", tmp_path / "out.mp4") == 2
    assert told in capsys.readouterr().err


def test_a_device_or_a_part_of_a_file_that_is_not_used_is_told(
    inputs, fake_engine, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(Service, "waits_for_device", lambda *_, **__: False)
    words = ("--text", "Hello.", "--audio-end", 1, "--device", "cuda", "--engine", "puppet")
    assert run("generate", inputs[0], *words, "-o", tmp_path / "out.mp4") == 0
    told = capsys.readouterr().err
    assert "--device cuda has no" in told and "--audio-end has no effect on a text" in told


def test_a_voice_beside_a_sound_is_told(inputs, fake_engine, tmp_path, capsys):
    out = ("-o", tmp_path / "out.mp4", "--engine", "puppet")
    assert run("generate", *inputs, "--voice", "hibari", *out) == 0
    assert "note: --voice has no effect on a sound" in capsys.readouterr().err


def test_a_folder_for_results_is_made_and_goes_if_nothing_comes(inputs, fake_engine, tmp_path):
    portrait, speech = inputs
    folder = tmp_path / "new" / "dir"
    words = ("--engine", "puppet", "--output-dir", folder)
    assert run("generate", tmp_path / "no.png", speech, *words) == 2
    assert not folder.exists()
    assert run("generate", portrait, speech, *words) == 0
    assert (folder / "portrait_talking.mp4").is_file()
    (tmp_path / "file").write_text("")
    assert run("generate", portrait, speech, "--output-dir", tmp_path / "file" / "x") == 2


def test_the_result_is_named_without_detours_with_what_lies_beside_it(
    inputs, fake_engine, tmp_path, capsys
):
    (tmp_path / "x").mkdir()
    odd = tmp_path / "x" / ".." / "out.mp4"
    words = ("-o", odd, "--engine", "puppet", "--motion-plot", tmp_path / "a.png")
    assert run("generate", *inputs, *words, "--consent-by", "Ada Example") == 0
    video, also = capsys.readouterr().out.splitlines()
    assert video.startswith(f"{tmp_path / 'out.mp4'} ·")
    assert also == f"also: {tmp_path / 'a.png'}, {tmp_path / 'out.mp4.consent.json'}"


def test_a_bug_is_reported_as_a_bug(inputs, tmp_path, capsys, monkeypatch, caplog):
    def broken(self, request, progress):
        raise KeyError("oops")

    monkeypatch.setattr(Service, "generate", broken)
    assert run("generate", *inputs, "-o", tmp_path / "out.mp4") == 1
    assert "bug" in capsys.readouterr().err
    assert "oops" in caplog.text


def test_ctrl_c_stops_cleanly(tmp_path):
    """A real process, a real signal: exit 130, nothing under the final name, no traceback."""
    root = Path(__file__).resolve().parents[3]
    code = (
        "import sys\n"
        "from tests.support.fake_engine import FakeEngine\n"
        "import time\n"
        "class Slow(FakeEngine):\n"
        "    def render(self, *rest):\n"
        "        for frame in super().render(*rest):\n"
        "            time.sleep(0.05)\n"
        "            yield frame\n"
        "from sadtalker_ext.engines import registry\n"
        "from tests.support.specs import specs_with\n"
        "specs = specs_with(Slow)\n"
        "registry.engine_specs = lambda: specs\n"
        "from sadtalker_ext.shells.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    output = tmp_path / "out.mp4"
    process = subprocess.Popen(
        [
            sys.executable, "-c", code, "generate", str(root / "examples/portrait.png"),
            "--idle-seconds", "60", "--engine", "puppet", "-o", str(output),
        ],
        cwd=root,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    for line in process.stderr:
        if "Rendering" in line:
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopped" in errors
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_auto_takes_the_best_ready_engine_and_never_swaps_after_a_failure(inputs, tmp_path):
    broken = FakeEngine(fail_at=0, error=MemoryError("gone"))
    service = Service(StandaloneHost(), specs=specs_with(lambda: broken))
    request = Request(
        picture=inputs[0],
        speech=inputs[1],
        output=tmp_path / "out.mp4",
        options=GenerateOptions(),
    )
    with pytest.raises(MemoryError):
        service.generate(request, Progress())
    service.close()
    service.close()
    assert broken.closed == 1


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["puppet"], ("face", "phones")),
        (["sadtalker", "gfpgan"], ("sadtalker", "gfpgan")),
        (["voice", "some.file"], ("voice", "some.file")),
    ],
)
def test_an_engines_name_asks_for_all_it_needs(words, meant):
    assert weights_of(words) == meant


def test_consent_is_recorded_beside_the_video(inputs, fake_engine, tmp_path):
    words = ("generate", *inputs, "-o", tmp_path / "out.mp4", "--engine", "puppet")
    assert run(*words, "--consent-by", "Ada Example") == 0
    record = json.loads((tmp_path / "out.mp4.consent.json").read_text(encoding="utf-8"))
    assert record["consent_by"] == "Ada Example"
    assert len(record["picture"]["sha256_of_pixels"]) == 64


def test_flags_name_a_certificate_and_the_environment_the_rest(inputs, monkeypatch):
    monkeypatch.setenv("SADTALKER_C2PA_KEY", "mine.pem")
    parser = build_parser()
    plain = parser.parse_args(["generate", *map(str, inputs)])
    assert own_certificate(plain) is None
    named = parser.parse_args(["generate", *map(str, inputs), "--c2pa-certificate", "chain.pem"])
    found = own_certificate(named)
    assert (found.certificate, found.key) == (Path("chain.pem"), Path("mine.pem"))
    assert found.time_stamps == ""
