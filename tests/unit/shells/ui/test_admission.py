import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from sadtalker_ext.shells.ui import compat, sound_field, video_field
from sadtalker_ext.shells.ui.admission import (
    SENTENCE,
    admit,
    is_admitted,
    paths_in,
    taking_files,
    upload_folders,
)

DRAWN = "0123456789abcdef" * 2


@pytest.fixture
def folder(tmp_path, monkeypatch):
    made = tmp_path / "gradio"
    (made / DRAWN).mkdir(parents=True)
    (made / DRAWN / "speech.wav").write_bytes(b"x")
    (tmp_path / "secret.wav").write_bytes(b"x")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(made))
    return made


def test_what_lies_in_the_folder_is_admitted(folder):
    assert is_admitted(str(folder / DRAWN / "speech.wav"), (str(folder),), drawn=True)
    assert is_admitted(str(folder / "picture.png"), (str(folder),))
    assert not is_admitted(str(folder / "picture.png"), (str(folder),), drawn=True)
    assert not is_admitted(str(folder / DRAWN / "a" / "b"), (str(folder),), drawn=True)


@pytest.mark.parametrize(
    "path",
    ["{up}/secret.wav", "{in}/../secret.wav", "{in}", "{in}x/secret.wav", "secret.wav", "", None,
     "http://127.0.0.1{in}/a.wav", "file={in}/a.wav", "{in}/a\0.wav", 7, ["{in}/a.wav"]],
)  # fmt: skip
def test_anything_else_is_not(folder, path):
    if isinstance(path, str):
        path = path.replace("{in}", str(folder)).replace("{up}", str(folder.parent))
    assert not is_admitted(path, (str(folder),))


def test_links_are_followed_only_inside_and_foreign_paths_are_not_looked_at(folder, monkeypatch):
    (folder / "inside.wav").symlink_to(folder / DRAWN / "speech.wav")
    (folder / "out.wav").symlink_to(folder.parent / "secret.wav")
    assert is_admitted(str(folder / "inside.wav"), (str(folder),))
    assert not is_admitted(str(folder / "out.wav"), (str(folder),))
    linked = folder.parent / "linked"
    linked.symlink_to(folder)
    assert is_admitted(str(folder / "a.wav"), (str(linked),))
    assert is_admitted(str(linked / "a.wav"), (str(linked),))
    looked = []
    monkeypatch.setattr(
        "sadtalker_ext.shells.page_files.os.path.realpath",
        lambda path: looked.append(str(path)) or str(path),
    )
    assert not is_admitted("/etc/shadow", (str(folder),))
    assert set(looked) <= {str(folder)}


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ("plain text", []),
        ({"path": "/a"}, ["/a"]),
        ({"path": None, "url": "/b"}, []),
        ({"name": "shown.wav", "data": "base64", "is_file": False}, []),
        ({"name": "/a", "is_file": True}, ["/a"]),
        ([{"x": [{"path": "/a"}]}, ({"path": {"path": "/b"}},)], [{"path": "/b"}, "/a", "/b"]),
    ],
)
def test_paths_are_found_at_any_depth(value, paths):
    assert sorted(paths_in(value), key=str) == sorted(paths, key=str)


def test_deep_values_are_no_problem():
    value = {"path": "/etc/passwd"}
    for _ in range(100_000):
        value = [value]
    assert paths_in(value) == ["/etc/passwd"]


def payload(gradio, path):
    if compat.version() < 4:
        return {"name": path, "data": None, "is_file": True}
    from gradio.data_classes import FileData

    return FileData(path=path)


def components():
    return {
        "picture": compat.picture_input,
        "speech": lambda: sound_field.sound_input("upload"),
        "microphone": lambda: sound_field.sound_input("microphone"),
        "video": video_field.video_input,
        "camera": video_field.video_recorder,
        "file": lambda: taking_files(compat.gradio().File()),
    }


@pytest.mark.parametrize("name", ["picture", "speech", "microphone", "video", "camera", "file"])
def test_each_component_that_takes_files_judges_them_itself(gradio, folder, name):
    """In a WebUI the app is not ours; there this is what stands before its files."""
    component = components()[name]()
    plain = str(folder.parent / "secret.wav")
    with pytest.raises(gradio.Error) as caught:
        component.preprocess(payload(gradio, plain))
    assert SENTENCE in str(caught.value)
    assert component.preprocess(None) is None


def test_a_component_that_gradio_makes_anew_still_judges(gradio, folder):
    component = sound_field.sound_input("microphone", interactive=False)
    kind = type(component)
    assert (kind.__name__, kind.__module__) == ("Audio", gradio.Audio.__module__)
    again = kind(type="filepath")
    with pytest.raises(gradio.Error):
        again.preprocess(payload(gradio, str(folder.parent / "secret.wav")))
    if compat.version() >= 4:
        path = str(folder / DRAWN / "speech.wav")
        assert again.preprocess(payload(gradio, path)) == path
        assert again.get_block_name() == "audio"


def test_uploads_are_admitted(gradio, folder):
    admit(payload(gradio, str(folder / DRAWN / "speech.wav")), upload_folders(), drawn=True)


def test_an_address_is_refused_before_gradio_fetches_it(gradio, folder):
    if compat.version() < 4:
        pytest.skip("gradio 3 fetches in the component, which judges first")
    component = video_field.video_input()
    # in a thread of its own: the browser tests leave a running loop in this one
    with ThreadPoolExecutor(1) as thread, pytest.raises(gradio.Error):
        moving = component.async_move_resource_to_block_cache("http://127.0.0.1:1/a.mp4")
        thread.submit(asyncio.run, moving).result()
