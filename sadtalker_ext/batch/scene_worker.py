"""What a worker keeps of a video whose segments it draws: the face, prepared, and the mark."""

from __future__ import annotations

from sadtalker_ext.compositor.finish import Finisher
from sadtalker_ext.compositor.paste_back import Blend
from sadtalker_ext.drawing import composed, draw_segment, patches_of
from sadtalker_ext.encoder.label import Label
from sadtalker_ext.progress import Progress
from sadtalker_ext.provenance.mark import InvisibleMark
from sadtalker_ext.scratch import scratch_folder
from sadtalker_ext.segments import Scene
from sadtalker_ext.service import Service


class SceneWorker:
    """Draws segments of one scene.

    Args:
        service: Has the engine.
        scene: The video.
        progress: Stops the work.
    """

    def __init__(self, service: Service, scene: Scene, progress: Progress) -> None:
        self.scene = scene
        self._progress = progress
        self._rig, self._shot = service.rig_of(scene, progress)
        self._mark = InvisibleMark() if scene.stamped else None
        if self._mark is not None:
            self._see_first_frame(self._mark)

    def _see_first_frame(self, mark: InvisibleMark) -> None:
        """Show the mark the video's first frame: its strength everywhere follows that one."""
        options = self.scene.options
        patches = patches_of(self._rig, self.scene.motion, range(1))
        frames = composed(self._rig, self._shot, patches, Blend(options.blend))
        frame = next(Finisher(options).frames(frames))
        if self.scene.label:
            frame = Label(self.scene.label).draw(frame)
        mark.draw(frame)

    def segment(self, rows: range) -> bytes:
        """Return the mp4 of some frames; see `draw_segment`."""
        with scratch_folder() as folder:
            path = folder / "segment.mp4"
            stamp = None if self._mark is None else self._mark.draw
            draw_segment(self.scene, rows, self._rig, self._shot, path, self._progress, stamp)
            return path.read_bytes()
