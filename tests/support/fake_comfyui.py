"""What the nodes use of ComfyUI, as far as the older interface of nodes goes.

`tests/integration/comfyui` runs the same nodes in a real one, which keeps this honest.
"""

import types
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar


class Interrupted(Exception):
    """Stands for the host's own exception of a stop."""


class Bar:
    """Stands for the host's progress bar; remembers what it was told."""

    seen: ClassVar = []

    def __init__(self, total, node_id=None):
        self.total = total

    def update_absolute(self, value, total=None, preview=None):
        Bar.seen.append((value, total or self.total, preview))


class VideoFromFile:
    """Stands for the host's VIDEO that lies in a file."""

    def __init__(self, file):
        self.file = file

    def get_stream_source(self):
        return self.file


class ExecutionBlocker:
    """Stands for a value that is not there."""

    def __init__(self, message):
        self.message = message


class FakeComfyUI:
    """The modules, and what they were asked."""

    def __init__(self, folder):
        self.stopped = False
        self.freed = []
        self.modules = {
            "folder_paths": types.SimpleNamespace(
                models_dir=str(folder / "models"),
                get_temp_directory=lambda: str(folder / "temp"),
                get_output_directory=lambda: str(folder / "output"),
                get_save_image_path=lambda prefix, output: (
                    *(str(Path(output) / prefix.rpartition("/")[0]), prefix.rpartition("/")[2]),
                    *(1, "", prefix),
                ),
                folder_names_and_paths={"upscale_models": ()},
                get_folder_paths=lambda kind: [str(folder / "models" / kind)],
            ),
            "comfy": types.ModuleType("comfy"),
            "comfy.model_management": types.SimpleNamespace(
                get_torch_device=lambda: "cpu",
                free_memory=lambda size, device: self.freed.append((size, device)),
                soft_empty_cache=lambda: None,
                processing_interrupted=lambda: self.stopped,
                InterruptProcessingException=Interrupted,
            ),
            "comfy.utils": types.SimpleNamespace(ProgressBar=Bar),
            "comfy_execution": types.ModuleType("comfy_execution"),
            "comfy_execution.graph_utils": types.SimpleNamespace(ExecutionBlocker=ExecutionBlocker),
            "comfy_api": types.ModuleType("comfy_api"),
            "comfy_api.input_impl": types.SimpleNamespace(VideoFromFile=VideoFromFile),
        }


@contextmanager
def running_in_comfyui(patch, folder):
    """Pretend that this process is ComfyUI."""
    import sys

    fake = FakeComfyUI(folder)
    for name, module in fake.modules.items():
        patch.setitem(sys.modules, name, module)
    Bar.seen = []
    yield fake
