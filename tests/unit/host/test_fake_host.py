"""The fake host is compared with real ones by a script; here the script itself is checked."""

import shutil

import pytest

from tests.support.compare_host import FAKE, differences


@pytest.fixture
def like_a_host(tmp_path):
    """A copy of the fake, laid out as a host is."""
    shutil.copytree(FAKE, tmp_path / "modules")
    flags = ("use-cpu", "no-half", "precision", "hide-ui-dir-config", "api", "nowebui", "api-auth",
             "port", "cors-allow-origins")  # fmt: skip
    (tmp_path / "modules/cmd_args.py").write_text("".join(f'"--{flag}"\n' for flag in flags))
    options = ("save_to_dirs", "directories_filename_pattern", "hidden_tabs",
               "code_former_weight", "api_enable_requests", "api_useragent")  # fmt: skip
    (tmp_path / "modules/shared_options.py").write_text("".join(f'"{one}"\n' for one in options))
    return tmp_path


def test_the_fake_agrees_with_itself(like_a_host):
    assert differences(like_a_host) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("util.py", "def open_folder(path)", "def open_folder(folder)", "util.open_folder"),
        ("progress.py", "def start_task", "def begin_task", "progress.start_task"),
        ("shared_state.py", "def end(self)", "def end(self, why)", "shared_state.State.end"),
        ("paths.py", "models_path", "model_folder", "paths.models_path"),
        ("cmd_args.py", '"--use-cpu"', "", "--use-cpu"),
        ("shared_options.py", '"save_to_dirs"', "", "save_to_dirs"),
    ],
)
def test_a_difference_is_seen(like_a_host, file, old, new, expected):
    path = like_a_host / "modules" / file
    path.write_text(path.read_text().replace(old, new))
    (line,) = differences(like_a_host)
    assert line.startswith(f"{expected}:")


def test_a_module_that_is_gone_is_seen(like_a_host):
    (like_a_host / "modules/util.py").unlink()
    assert differences(like_a_host) == ["util: the host has no such module"]
