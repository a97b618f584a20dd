"""The tab: every component, its place, and what happens on a click."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.options import option_spec
from sadtalker_ext.presets import PresetBook
from sadtalker_ext.shells.ui import (
    compat,
    controls,
    dub_job,
    engines,
    examples,
    face_clicks,
    face_editor,
    kept_speakers,
    look,
    past,
    portrait,
    reference,
    results,
    speakers,
    speech,
    timeline_editor,
    voices,
)
from sadtalker_ext.shells.ui.consent import ConsentBook
from sadtalker_ext.shells.ui.contract import Component, JobParts, TabHost, element_id
from sadtalker_ext.shells.ui.found_portrait import Finder
from sadtalker_ext.shells.ui.job import TabJob
from sadtalker_ext.shells.ui.panels import panel
from sadtalker_ext.shells.ui.uploads import is_shared, told_html

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TabParts:
    """A finished tab.

    Attributes:
        job: The components around a job.
        options: The widgets of the options.
        look: The panel of the look.
        explained: Tooltips by element id.
    """

    job: JobParts
    options: controls.OptionControls
    look: look.LookParts
    explained: dict[str, str]


def build_tab(host: TabHost) -> TabParts:
    """Make the tab inside the `Blocks` that is being built, and wire it.

    It never fails because something optional is missing: the tab then says what, and how to get it.

    Args:
        host: The place it lives in.
    """
    gr = compat.gradio()
    store = host.service.store
    found, no_voice = voices.find_voices(store)
    voice_line = voices.VoiceLine(store)
    options = controls.OptionControls(found, getattr(host, "suggestions", {}))
    shared, presets = is_shared(host), PresetBook(host.state_folder)
    consent = ConsentBook(None if shared else host.state_folder, examples.fingerprints)
    line, engine = engines.EngineLine(host.service), host.service.choose("auto")
    with gr.Column(elem_id=element_id("root"), elem_classes=["stx"]):
        task = compat.not_saved(gr.Textbox(visible=False, elem_id=element_id("task")))
        with gr.Row(elem_classes=["stx-columns"]):
            with gr.Column(scale=6, min_width=280, elem_classes=["stx-left"]):
                shown = portrait.make_portrait_parts(host.picture_sources, options)
                with panel("Speech"):
                    said = speech.make_speech_parts(options, voice_line, can_speak=not no_voice)
                with panel("Engine"):
                    options.make("engine")
                    engine_parts = engines.make_engine_parts(line)
                look_parts = look.make_look_parts(options, presets, engine)
            with gr.Column(scale=5, min_width=280, elem_classes=["stx-right"]):
                made = results.make_result_parts(host.result_actions)
                earlier = past.make_past_parts()
    inputs = {
        "picture": shown.picture,
        "tick": shown.tick,
        "picture_boxes": shown.boxes,
        **shown.video.inputs,
        **said.inputs,
        **look_parts.reference.inputs,
        **look_parts.grid,
        **options.inputs(),
    }
    no_result = [compat.unchanged() for _ in made.outputs[:-1]]
    job = TabJob(host, options, consent, no_result)
    parts = JobParts(
        task=task,
        generate=made.generate,
        interrupt=made.interrupt,
        skip=made.skip,
        interrupting=made.interrupting,
        progress=made.progress,
        inputs=list(inputs.values()),
        outputs=made.outputs,
        no_result=no_result,
        waits=compat.by_name(job.waits, inputs),
        picture=shown.picture,
        result_path=made.result_path,
    )
    examples.connect_examples(
        shown.examples,
        said.examples,
        made.play_example,
        picture=shown.picture,
        kind=said.kind,
        file=said.file,
        file_kind=speech.FILE,
        first={
            shown.video.kind: dub_job.PICTURE,
            **{
                options.components[name]: option_spec(name).default
                for name in (*controls.SPEECH_TRIM, *controls.SPEECH_WORDS)
            },
            **dict.fromkeys(look_parts.grid.values(), ""),
        },
    )
    speaking = _connect_people(shown, said, host, options, consent)
    voices.connect_voice_parts(said.voice, voice_line, options, store, others=said.others)
    look.connect_look_parts(look_parts, options, presets, speaking, shared=shared)
    _connect_engine(host, options, engine_parts, line, look_parts.reference)
    options.fit_engine(engine)
    timeline_editor.connect_timeline_parts(look_parts.timeline, options, said, host)
    book = face_editor.PointBook(None if shared else host.state_folder)
    _connect_results(made, options, speaking, Finder(host, book), shown.picture)
    results.connect_error(
        made.status,
        pictures=[shown.picture],
        videos=[shown.video.video, shown.video.kind],
        speech=[said.kind, said.file, said.microphone, said.video, options.components["text"]],
        tick=shown.tick,
    )
    past.connect_past_parts(earlier, made, host)
    results.connect_actions(made)
    host.connect_job(parts, compat.by_name(job, inputs))
    return TabParts(job=parts, options=options, look=look_parts, explained=_explanations(gr))


def _connect_people(
    shown: portrait.PortraitParts,
    said: speech.SpeechParts,
    host: TabHost,
    options: controls.OptionControls,
    consent: ConsentBook,
) -> kept_speakers.Section:
    """Wire who is shown and who speaks; returns the further speakers."""
    looked = portrait.connect_portrait_parts(shown, host, options, consent)
    others, filmed, index = said.others, shown.video, options.components["face_index"]
    whose = (shown.who, filmed.who)
    changed = speakers.connect_speakers_parts(
        others,
        [looked.picture, looked.kind],
        kind=filmed.kind,
        boxes=shown.boxes,
        whose=whose,
    )
    picture = face_clicks.picture_still(
        source=shown.picture,
        shown=shown.boxes_picture,
        boxes=shown.boxes,
        first=index,
        who=shown.who,
    )
    video = face_clicks.video_still(
        source=filmed.video,
        shown=filmed.still,
        boxes=filmed.boxes,
        first=filmed.chosen,
        who=filmed.who,
    )
    faces = [one.fields["face"] for one in others.speakers]
    came = [one.then for one in changed]
    face_clicks.connect_still(
        picture, others.opened, faces, [index.change, *came], [looked.picture.then]
    )
    face_clicks.connect_still(video, others.opened, faces, came, [looked.video.then])
    return kept_speakers.Section(parts=others, whose=whose)


def _connect_engine(
    host: TabHost,
    options: controls.OptionControls,
    parts: engines.EngineParts,
    line: engines.EngineLine,
    borrowed: reference.ReferenceParts,
) -> None:
    widget = options.components["engine"]
    others = [name for name in options.names if name != "engine"]

    def for_engine(wanted: str) -> list[Any]:
        chosen = host.service.choose(wanted)
        updates = dict(zip(options.names, options.engine_updates(chosen), strict=True))
        return [*(updates[name] for name in others), *reference.updates(chosen)]

    outputs = [*(options.components[name] for name in others), *borrowed.dependent]
    compat.listen(widget.change, for_engine, [widget], outputs)
    engines.connect_engine_parts(
        parts, line, lambda event: compat.listen(event.then, for_engine, [widget], outputs)
    )


def _connect_results(
    made: results.ResultParts,
    options: controls.OptionControls,
    speaking: kept_speakers.Section,
    finder: Finder,
    picture: Component,
) -> None:
    widgets = list(options.inputs().values())

    def take_parameters(value: Any) -> list[Any]:
        from sadtalker_ext.encoder.metadata import parse_line, parse_speakers, read_metadata

        path = compat.path_of(value)
        kept = [compat.unchanged() for _ in [*widgets, *speaking.outputs]]
        same = compat.unchanged()
        if path is None:
            return [same, *kept, "", same]
        try:
            dub_job.check_footage(finder.host, path)
            said = read_metadata(path)
        except SadTalkerError as problem:
            return [same, *kept, told_html(problem, finder.host), same]
        line, found = said.line, parse_line(said.line)
        portrait, told = finder.find(said, str(found.get("face_points", "")))
        # what the line does not name was as it is by default
        usual = {name: option_spec(name).default for name in options.names}
        updates, others = kept, parse_speakers(line)
        if found:
            updates = [*options.updates({**usual, **found}), *speaking.updates(others, options)]
        return [line, *updates, results.used_words(found, others) + told, portrait]

    # not by change: taking one video away for the next would be an event of its own, and the answer
    # of the slower of the two would stay; gradio 3 even forgets the second
    compat.listen(
        made.parameters_of.upload,
        take_parameters,
        [made.parameters_of],
        [made.parameters, *widgets, *speaking.outputs, made.status, picture],
        lasting=True,
        latest=True,
    )
    compat.listen(made.parameters_of.clear, None, [], [made.status], js="() => ''")

    def use_parameters(text: str) -> list[Any]:
        from sadtalker_ext.encoder.metadata import parse_line, parse_speakers

        found, others = parse_line(text or ""), parse_speakers(text or "")
        cast = speaking.updates(others, options) if others else speaking.unchanged()
        return [*options.updates(found), *cast, results.used_words(found, others)]

    compat.listen(
        made.use_parameters.click,
        use_parameters,
        [made.parameters],
        [*widgets, *speaking.outputs, made.status],
    )
    compat.listen(
        made.reuse_seed.click,
        lambda seed: int(seed) if str(seed or "").strip() else -1,
        [made.last_seed],
        [options.components["seed"]],
    )


def _explanations(gr: Any) -> dict[str, str]:
    """Return the tooltip of every component of the page that has one."""
    page = gr.context.Context.root_block if hasattr(gr, "context") else None
    blocks: Sequence[Component] = list(page.blocks.values()) if page is not None else []
    return {
        block.elem_id: block.webui_tooltip
        for block in blocks
        if getattr(block, "webui_tooltip", None) and getattr(block, "elem_id", None)
    }
