"""The fake host turned into one with what SD.Next has, and nothing it lacks."""

import sys
from types import ModuleType


def without_the_rest(load):
    """Take away what SD.Next lacks, in a fake host that nobody has imported from yet."""
    pasting = load("infotext_utils")
    modules = sys.modules["modules"]
    for name, module in (
        ("infotext_utils", ModuleType("modules.infotext_utils")),
        ("generation_parameters_copypaste", pasting),
        ("util", None),  # Python answers an import of it with ModuleNotFoundError
    ):
        sys.modules[f"modules.{name}"] = module
        setattr(modules, name, module)
    delattr(modules, "util")
    for name, gone in (
        ("devices", ("get_device_for",)),
        ("progress", ("create_task_id",)),
        ("sd_models", ("send_model_to_cpu", "send_model_to_device")),
    ):
        for one in gone:
            delattr(load(name), one)
    shared = load("shared")
    del shared.cmd_opts.hide_ui_dir_config
    shared.state = SdNextState()
    load("call_queue").wrap_gradio_gpu_call = wrapped


def wrapped(func, extra_outputs=None):
    """A failure is appended to the very list that was handed over."""

    def f(*args):
        try:
            return tuple(func(*args))
        except Exception as error:  # noqa: BLE001  as the host does
            results = extra_outputs or []
            results.append(f"<div class='error'>{error}</div>")
            return tuple(results)

    return f


class SdNextState:
    skipped = interrupted = False
    job = ""
    job_no = job_count = sampling_step = sampling_steps = 0
    current_image = textinfo = time_start = None

    def interrupt(self):
        self.interrupted = True

    def begin(self, title="", task_id=0, api=None):
        self.job = title
        self.skipped = self.interrupted = False

    def end(self, task_id=None, api=None):
        self.job = ""

    def assign_current_image(self, image):
        self.current_image = image
