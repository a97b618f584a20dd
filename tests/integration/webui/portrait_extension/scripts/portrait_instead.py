# ruff: noqa: TID251  this file runs inside the WebUI
"""For tests in a real WebUI without Stable Diffusion weights: every generation gives a portrait.

The picture is named by SADTALKER_TEST_PORTRAIT. Batches, the grid, the generation parameters,
saving and the always-on scripts are the WebUI's own; only the sampling is replaced.
"""

import importlib.util
import os
from types import SimpleNamespace

from modules import images, processing, script_callbacks, shared
from PIL import Image

PLACES = ("modules.processing", "modules.img2img", "modules.api.api", "modules.api.generate")
"""Where hosts look the function up."""


def portrait_instead(p):
    shared.state.job_count = p.n_iter
    count = p.batch_size * p.n_iter
    first_seed = int(p.seed) if p.seed not in (None, -1, "") else 1000
    p.all_prompts, p.all_negative_prompts = [p.prompt] * count, [p.negative_prompt] * count
    p.all_seeds = [first_seed + number for number in range(count)]
    p.all_subseeds = [0] * count
    p.seed, p.subseed = first_seed, 0
    p.sd_model_name = p.sd_model_hash = p.sd_vae_name = p.sd_vae_hash = "none"
    results, texts = [], []
    for seed in p.all_seeds:
        image = Image.open(os.environ["SADTALKER_TEST_PORTRAIT"]).convert("RGB")
        width, height = image.size
        text = (
            f"{p.prompt}\nNegative prompt: {p.negative_prompt}\nSteps: {p.steps}, "
            f"Sampler: Euler a, CFG scale: 7, Seed: {seed}, Size: {width}x{height}"
        )
        image.info["parameters"] = text
        if not p.do_not_save_samples:
            images.save_image(image, p.outpath_samples, "", seed, p.prompt, "png", info=text, p=p)
        results.append(image)
        texts.append(text)
    first = 0
    if count > 1:
        results.insert(0, images.image_grid(results, p.batch_size))
        texts.insert(0, texts[0])
        first = 1
    done = processing.Processed(
        p, results, first_seed, texts[0], subseed=0, index_of_first_image=first, infotexts=texts
    )
    done.extra_images = []
    if p.scripts is not None:
        p.scripts.postprocess(p, done)
    return done


def a_model_is_there(*_):
    """SD.Next refuses to begin without a model; this one is never used."""
    held = importlib.import_module("modules.modeldata").model_data
    held.sd_model = held.sd_model or SimpleNamespace(sd_model_hash="", sd_checkpoint_info=None)


for place in PLACES:
    try:
        module = importlib.import_module(place)
    except ModuleNotFoundError:
        continue  # of another host
    if hasattr(module, "process_images"):
        module.process_images = portrait_instead
if importlib.util.find_spec("modules.modeldata"):
    script_callbacks.on_app_started(a_model_is_there)
