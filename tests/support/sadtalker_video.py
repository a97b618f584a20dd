"""Videos by the SadTalker engine with networks for tests."""

import av

from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Driving, Performance
from sadtalker_ext.pipeline import generate
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.still import still_shot
from tests.support.fake_networks import fake_networks
from tests.unit.engines.sadtalker.person import make_engine, mesh


def engine_for(size):
    """An engine that finds a face in the middle of any picture."""
    side = 0.4 * min(size)
    place = {"left": (size[0] - side) / 2, "top": (size[1] - side) / 2, "size": side}

    def track(frames):
        return (mesh(**place) for _ in frames)

    networks = fake_networks()
    engine = make_engine(networks, track, **place)
    engine.networks = networks
    return engine


def make(picture, speech, output, engine=None, driving=None, **options):
    engine = engine or engine_for(picture.size)
    # pixels are compared: without the pattern of the invisible mark
    chosen = GenerateOptions(**({"provenance": "metadata"} | options))
    performance = Performance(
        speech=speech, driving=driving or Driving(), idle_seconds=chosen.idle_seconds
    )
    return generate(
        still_shot(picture, engine.find_face),
        performance,
        output,
        chosen,
        engine=engine,
        progress=Progress(),
    )


def has_track(path):
    with av.open(str(path)) as container:
        return bool(container.streams.audio)
