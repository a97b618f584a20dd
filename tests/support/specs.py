"""Engine descriptions for tests: the registered ones, with another engine inside."""

import dataclasses

from sadtalker_ext.engines import registry
from sadtalker_ext.engines.spec import EngineSpec

FAKE = EngineSpec(
    name="fake",
    title="Fake",
    gain="for tests",
    modules=(),
    packages=(),
    build=lambda workshop: None,
    lacking=lambda store: (),
    built_in=True,
    uses_device=False,
)
REGISTERED = registry.engine_specs()


def specs_with(make, other_ready=lambda: False):
    """All descriptions with the built-in one building what `make` gives and lacking nothing.

    Args:
        make: Makes an engine.
        other_ready: Tells whether the other one is there, too; it builds the same.
    """

    def changed(spec):
        def lacking(store):
            return () if spec.built_in or other_ready() else spec.lacking(store)

        return dataclasses.replace(spec, modules=(), lacking=lacking, build=lambda _: make())

    return tuple(changed(spec) for spec in REGISTERED)


def built_by(make):
    """All descriptions with what they need as it is, but every engine built by `make`."""
    return tuple(dataclasses.replace(spec, build=lambda _: make()) for spec in REGISTERED)


def register(monkeypatch, make):
    """Let every service of this process build the built-in engine with `make`."""
    monkeypatch.setattr(registry, "engine_specs", lambda: specs_with(make))
