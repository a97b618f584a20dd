"""Commands that work where the user is: in a clone, in a host, or with an installed wheel.

The project is on no package index, so that its own name installs nothing there; and of several
Pythons on a machine only the one that runs us counts. Every hint that names a command gets it here.
"""

from __future__ import annotations

import enum
import importlib.util
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The clone, or the extension's folder; for a wheel the folder of all packages."""

CORE = (
    "numpy>=1.24",
    "opencv-python-headless>=4.8",
    "Pillow>=9.5",
    "av>=13",
)
EXTRAS = {
    "sadtalker": (
        "torch>=2.1",
        "librosa>=0.10",
        "safetensors>=0.4",
        "scipy>=1.10",
        "soxr>=0.3.2",
    ),
    "page": ("gradio>=6", "fastapi>=0.94", "uvicorn>=0.20", "python-multipart>=0.0.6"),
    "enhance": ("spandrel>=0.3.4", "torchvision"),
    "voice": ("espeakng-loader>=0.2.4",),
    "heic": ("pillow-heif>=0.16",),
    "client": ("httpx>=0.24",),
    "ray": ("ray[client]>=2.9", "fsspec>=2023.1"),
    "provenance": ("c2pa-python>=0.38", "cryptography>=42"),
}
"""What is needed for what, as in ``pyproject.toml``, which a WebUI's Python cannot read."""


_PLACE = re.compile(
    r"(?<![\w/:.<])(?:~?(?:/(?:[^\s/,;:'\"`()<>]|\b'\b)+){2,}/?"
    r"|[A-Za-z]:\\(?:[^\s,;'\"`()<>]|\b'\b)+)"
)
"""An absolute path of more than one part; of an address only what follows two slashes looks so."""
_ROUTES = ("/sadtalker/v1",)


class Place(enum.Enum):
    """Where this program runs."""

    CLONE = "clone"
    WEBUI = "webui"
    COMFYUI = "comfyui"
    WHEEL = "wheel"


HOSTS = {Place.WEBUI: "the WebUI", Place.COMFYUI: "ComfyUI"}
"""Programs that run us inside themselves."""


def place() -> Place:
    """Tell where this program runs."""
    # a module of the host's; asked for by name, because only host/webui.py may import it
    if "modules.shared" in sys.modules:
        return Place.WEBUI
    if "folder_paths" in sys.modules and "comfy" in sys.modules:
        return Place.COMFYUI
    if (ROOT / "quickstart.py").is_file() and (ROOT / "pyproject.toml").is_file():
        return Place.CLONE
    return Place.WHEEL


def how_to_add(*wanted: str) -> str:
    """Return a sentence with the command that adds packages to the Python that runs this.

    Args:
        wanted: Names of `EXTRAS`, "core", or requirements.
    """
    command = f"`{_pip()} {_words(wanted)}`"
    if place() in HOSTS:
        return f"Run {command}, then restart {HOSTS[place()]} completely."
    if _is_systems_own():
        # many systems refuse to install into the Python that they need themselves
        return f"Run `{_python()} quickstart.py` in {ROOT}, then use its .venv; or run {command}."
    return f"Run {command}."


def sadtalker(arguments: str) -> str:
    """Return the command line that runs ours with some arguments, for example "doctor"."""
    script = shutil.which("sadtalker", path=str(Path(sys.executable).parent))
    if place() in HOSTS or script is None:
        # outside an installation the package is found only in its folder
        start = "" if place() is Place.WHEEL else f'cd "{ROOT}" && '
        return f"{start}{_python()} -m sadtalker_ext {arguments}"
    found = shutil.which("sadtalker")
    if found is not None and Path(found).resolve() == Path(script).resolve():
        return f"sadtalker {arguments}"
    return f"{_quoted(script)} {arguments}"


def too_old(name: str, version: str) -> str:
    """Return the oldest version of a package that will do where a found one is older, else "".

    Args:
        name: The distribution's name.
        version: The one that was found.
    """
    wanted = {name.lower()} | ({"opencv-python-headless"} if name.startswith("opencv-") else set())
    for requirement in (*CORE, *(one for extra in EXTRAS.values() for one in extra)):
        one, bounded, bound = requirement.partition(">=")
        if bounded and one.lower() in wanted:
            return bound if _numbers(version) < _numbers(bound) else ""
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def without_places(text: str) -> str:
    """Shorten the paths in a sentence: people elsewhere need not know where things lie here."""
    script = shutil.which("sadtalker", path=str(Path(sys.executable).parent))
    programs = ((sys.executable, "python"), (script or "", "sadtalker"))
    homes = (*programs, (str(ROOT), "the program's folder"))
    for path, name in (*homes, (str(Path.home()), "~")):
        if len(path) > 1:
            text = text.replace(f'"{path}"', name).replace(path, name)
    return _PLACE.sub(_shortened, text)


def _shortened(found: re.Match[str]) -> str:
    # addresses of our own routes are no places of this machine
    return found[0] if found[0].startswith(_ROUTES) else "a place on the server"


def _words(wanted: tuple[str, ...]) -> str:
    if place() is Place.CLONE and len(wanted) == 1 and wanted[0] in EXTRAS and not _needs_uv():
        # the clone itself, so that the next `git pull` brings what it then needs
        return f'-e "{ROOT}[{wanted[0]}]"'
    requirements: list[str] = []
    for one in wanted:
        requirements += CORE if one == "core" else EXTRAS.get(one, (one,))
    return " ".join(f'"{one}"' if set(one) & set("<>=[ ") else one for one in requirements)


def _pip() -> str:
    if _needs_uv():
        return f"uv pip install --python {_python()}"
    return f"{_python()} -m pip install"


def _needs_uv() -> bool:
    """Tell whether this Python has no pip of its own, as in environments that uv makes."""
    return importlib.util.find_spec("pip") is None


def _is_systems_own() -> bool:
    return place() is Place.CLONE and sys.prefix == sys.base_prefix


def _python() -> str:
    return _quoted(sys.executable)


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
