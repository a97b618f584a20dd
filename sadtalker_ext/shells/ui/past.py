"""Earlier videos: a strip of small pictures below the result, to play, compare, star or delete."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.shells.ui import compat, results, words
from sadtalker_ext.shells.ui.contract import Component, TabHost, element_id
from sadtalker_ext.shells.ui.uploads import is_shared, told_html

if TYPE_CHECKING:
    from sadtalker_ext.history import History

log = logging.getLogger(__name__)

QUESTION = "Delete this video for good?"
ASK = (
    f"(...values) => {{ const words = '{QUESTION}'; "
    "const say = window.sadtalkerExtSay || ((text) => window.localization?.[text] || text); "
    "if (!confirm(say(words))) values[0] = ''; return values; }"
)
_FIND = f"(name) => document.querySelector('#{element_id('')}' + name + ' video')"
IN_STEP = (
    f"() => {{ const find = {_FIND}; const follow = (event) => {{ "
    "const [one, other] = [find('video'), find('compared')]; "
    "if (!other || event.target !== one) return; "
    "other.muted = true; other.playbackRate = one.playbackRate; "
    "if (Math.abs(other.currentTime - one.currentTime) > 0.04) "
    "other.currentTime = one.currentTime; "
    "if (one.paused) other.pause(); else other.play(); }; "
    # at the page, not at the players: gradio 3 makes those anew for every video
    f"if (!window.{element_id('in_step')}) {{ window.{element_id('in_step')} = true; "
    "for (const kind of ['play', 'playing', 'pause', 'seeked', 'ratechange']) "
    "document.addEventListener(kind, follow, true); } "
    "const begin = (tries) => { const [one, other] = [find('video'), find('compared')]; "
    "if (one && other) one.currentTime = 0; "
    "else if (tries) setTimeout(() => begin(tries - 1), 200); }; begin(25); return []; }"
)
EMPTY = "There are no earlier videos yet."
NEXT = "Now click the one to compare it with; Compare once more ends it."
HINT = "Click one to play it. Its settings are under Parameters."


@dataclass(frozen=True, slots=True, kw_only=True)
class PastParts:
    """The components of the strip.

    Attributes:
        show: Opens and closes it.
        strip: Everything below; hidden until it is opened.
        gallery: The small pictures.
        names: State: the names of what the gallery shows.
        chosen: State: the name of the one that was clicked last, or empty.
        actions: Buttons for the chosen one.
        compare: Puts it beside the next one.
        beside: State: the name of the one in the other player, or empty.
        star: Marks it, or takes the mark away.
        delete: Deletes it, after a question.
        doomed: Hidden text the question's answer comes through.
        more: Shows more videos.
        note: A remark.
    """

    show: Component
    strip: Component
    gallery: Component
    names: Component
    chosen: Component
    actions: Component
    compare: Component
    beside: Component
    star: Component
    delete: Component
    doomed: Component
    more: Component
    note: Component


def make_past_parts() -> PastParts:
    """Make the strip at the current place of the page."""
    gr = compat.gradio()
    names, chosen, beside = gr.State([]), gr.State(""), gr.State("")
    show = gr.Button("Earlier videos", elem_id=element_id("past"), size="sm")
    with gr.Column(visible=False, elem_id=element_id("past_strip")) as strip:
        note = compat.html("", elem_id=element_id("past_note"))
        gallery = compat.strip_of_pictures(
            label="Earlier videos", show_label=False, elem_id=element_id("past_gallery")
        )
        with gr.Row(visible=False, elem_classes=["stx-buttons"]) as actions:
            compare = gr.Button("Compare", elem_id=element_id("past_compare"), size="sm")
            star = gr.Button("Star", elem_id=element_id("past_star"), size="sm")
            delete = gr.Button("Delete", elem_id=element_id("past_delete"), size="sm")
        more = gr.Button("More", elem_id=element_id("past_more"), size="sm", visible=False)
        doomed = gr.Textbox("yes", visible=False, elem_id=element_id("past_doomed"))
        compat.not_saved(doomed)
    compat.explained(show, "What was made before, newest first.")
    compat.explained(compare, "Keep it beside the next one that is clicked; both play in step.")
    compat.explained(star, "Keep it at the beginning of the list, or no longer.")
    compat.explained(delete, "Delete the file, after a question.")
    compat.explained(more, "Show older ones, too.")
    return PastParts(
        show=show,
        strip=strip,
        gallery=gallery,
        names=names,
        chosen=chosen,
        actions=actions,
        compare=compare,
        beside=beside,
        star=star,
        delete=delete,
        doomed=doomed,
        more=more,
        note=note,
    )


def connect_past_parts(parts: PastParts, made: results.ResultParts, host: TabHost) -> None:
    """Wire the strip to the result column above it."""
    desk = _Desk(host)
    listed = [parts.gallery, parts.names, parts.more, parts.note]
    asks, opened = compat.knowing_the_user, compat.gradio().State(value=False)
    compat.listen(parts.show.click, asks(desk.toggle), [opened], [opened, parts.strip, *listed])
    compat.listen(made.result_path.change, asks(desk.refresh), [opened, parts.names], listed)
    compat.listen(parts.more.click, asks(desk.more), [parts.names], listed)
    shown = [*made.outputs, parts.chosen, parts.actions, parts.star]
    played = compat.on_choice(parts.gallery, desk.play, [parts.names], shown)
    compat.listen(played.then, None, [], [], js=IN_STEP)
    compat.listen(
        parts.compare.click,
        asks(desk.compare),
        [parts.chosen, parts.beside],
        [made.compared, parts.beside, parts.note],
    )
    compat.listen(
        parts.star.click, asks(desk.star), [parts.chosen, parts.names], [*listed, parts.star]
    )
    compat.listen(
        parts.delete.click,
        asks(desk.delete),
        [parts.doomed, parts.chosen, parts.names],
        [*listed, parts.chosen, parts.actions],
        js=ASK,
    )


class _Desk:
    """What the events of the strip do; each is told the user first."""

    def __init__(self, host: TabHost) -> None:
        self._host = host

    @property
    def _history(self) -> History:
        return self._host.history

    def toggle(self, user: str, opened: bool) -> list[Any]:  # noqa: FBT001  gradio's order
        """Open or close the strip."""
        if opened:
            return [False, compat.update(visible=False), *[compat.unchanged()] * 4]
        return [True, compat.update(visible=True), *self._listed(user, 0)]

    def refresh(self, user: str, opened: bool, names: Sequence[str]) -> list[Any]:  # noqa: FBT001
        """Show a video that was just made."""
        if not opened:
            return [compat.unchanged()] * 4
        return self._listed(user, len(names))

    def more(self, user: str, names: Sequence[str]) -> list[Any]:
        """Show older ones, too."""
        return self._listed(user, len(names), further=True)

    def play(self, user: str, index: int, names: Sequence[str]) -> list[Any]:
        """Show one in place of a result."""
        from sadtalker_ext.history import facts_of

        try:
            one = self._history.find(names[index], owner=self._host.owner(user))
            video, said = facts_of(one.path)
        except (SadTalkerError, IndexError) as problem:
            kept = [compat.unchanged()] * (len(results.OUTPUTS) - 1)
            sentence = told_html(problem, self._host) if isinstance(problem, SadTalkerError) else ""
            return [*kept, sentence, *[compat.unchanged()] * 3]
        shown = results.player_of(one.path) | {
            "summary": words.summary_html(video, place=not is_shared(self._host)),
            "parameters": said.line,
            "plot": None,
            "result_path": str(one.path),
            "last_seed": str(video.seed),
            "status": "",
        }
        return [
            *results.in_order(shown),
            one.name,
            compat.update(visible=True),
            compat.update(value=_star_words(starred=one.starred)),
        ]

    def compare(self, user: str, chosen: str, beside: str) -> list[Any]:
        """Put the chosen one into the other player, or clear that if it is there already."""
        if chosen == beside:
            return [None, "", words.note_html(HINT)]
        try:
            one = self._history.find(chosen, owner=self._host.owner(user))
        except SadTalkerError as problem:
            return [*[compat.unchanged()] * 2, told_html(problem, self._host)]
        return [str(one.path), chosen, words.note_html(NEXT)]

    def star(self, user: str, chosen: str, names: Sequence[str]) -> list[Any]:
        """Mark the chosen one, or take the mark away."""
        owner = self._host.owner(user)
        try:
            starred = not self._history.find(chosen, owner=owner).starred
            self._history.star(chosen, starred=starred, owner=owner)
        except SadTalkerError as problem:
            return [*[compat.unchanged()] * 3, told_html(problem, self._host), compat.unchanged()]
        return [*self._listed(user, len(names)), compat.update(value=_star_words(starred=starred))]

    def delete(self, user: str, answer: str, chosen: str, names: Sequence[str]) -> list[Any]:
        """Delete the chosen one, if the question was answered so."""
        if not answer:
            return [compat.unchanged()] * 6
        try:
            self._history.delete(chosen, owner=self._host.owner(user))
        except SadTalkerError as problem:
            kept = [compat.unchanged()] * 3
            return [*kept, told_html(problem, self._host), *[compat.unchanged()] * 2]
        return [*self._listed(user, len(names)), "", compat.update(visible=False)]

    def _listed(self, user: str, shown: int, *, further: bool = False) -> list[Any]:
        """Return as many as were shown, at least a page; `further` adds one."""
        from sadtalker_ext.history import PAGE, when

        count = shown + PAGE if further else max(PAGE, shown)
        videos, more = self._history.page(owner=self._host.owner(user), count=count)
        pictures = [
            (self._history.poster(one), ("\N{BLACK STAR} " if one.starred else "") + when(one))
            for one in videos
        ]
        note = words.note_html(HINT if videos else EMPTY)
        return [pictures, [one.name for one in videos], compat.update(visible=more), note]


def _star_words(*, starred: bool) -> str:
    return "Take the star away" if starred else "Star"
