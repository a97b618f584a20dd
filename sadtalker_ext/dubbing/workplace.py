"""The folder in which a video is dubbed, and how work that was stopped is known again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from sadtalker_ext.dubbing.request import DubRequest
from sadtalker_ext.encoder.output_file import hidden_name
from sadtalker_ext.engines.base import Dubber
from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.errors import OutputExists
from sadtalker_ext.pipeline import Timings
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress
from sadtalker_ext.provenance.marking import Marking
from sadtalker_ext.unfinished import DUB_FOLDER
from sadtalker_ext.weights.store import WeightStore


@dataclass(frozen=True, slots=True, kw_only=True)
class DubTools:
    """What dubbing needs of whoever calls it.

    Attributes:
        spec: The engine, one that can dub.
        dubber: Its way to dub.
        models: The face models.
        store: Where weight files and voices are.
    """

    spec: EngineSpec
    dubber: Dubber
    models: FaceModels
    store: WeightStore


@dataclass(slots=True)
class Work:
    """One job on its way."""

    request: DubRequest
    tools: DubTools
    progress: Progress
    folder: Path
    seed: int
    marking: Marking = field(init=False)
    made: Path = field(init=False)
    warnings: list[str] = field(default_factory=list)
    timings: Timings = field(default_factory=Timings)


def work_folder(request: DubRequest, engine: str) -> Path:
    """Return the folder for what is worked on: a known one where it may be gone on with.

    Args:
        request: What is asked for.
        engine: Name of the engine; what another one drew is not gone on with.
    """
    if not request.resume:
        folder = hidden_name(request.target, DUB_FOLDER)
        folder.mkdir()
        return folder
    folder = request.target.with_name(f".{request.target.stem}.dub")
    mark, facts = folder / "request.json", _fingerprint(request, engine)
    if folder.exists() and not mark.exists() and any(folder.iterdir()):
        raise OutputExists(
            f"{folder} should be free for unfinished work, but holds files of somebody else's.",
            hint="Move them, or choose another output.",
        )
    if mark.exists() and mark.read_text(encoding="utf-8") != facts:
        shutil.rmtree(folder)  # ours: its mark is there
    folder.mkdir(exist_ok=True)
    mark.write_text(facts, encoding="utf-8")
    return folder


def _fingerprint(request: DubRequest, engine: str) -> str:
    """Return what must be the same for work to go on: the request, and the files it names."""
    files = {str(path): _stamp(path) for path in sorted(_files(request))}
    plain = dataclasses.replace(request, resume=False, overwrite=False)
    facts = json.dumps({"request": repr(plain), "files": files, "engine": engine})
    return hashlib.sha256(facts.encode()).hexdigest()


def _files(request: DubRequest) -> set[Path]:
    found = {request.video}
    for role in request.roles:
        found |= {one for one in (role.speech, role.cues) if one is not None}
        found |= {one.speech for one in role.segments if one.speech is not None}
    return found


def _stamp(path: Path) -> tuple[int, int]:
    try:
        facts = path.stat()
    except OSError:
        return 0, 0  # whoever opens it says so
    return facts.st_size, facts.st_mtime_ns


def kept_seed(request: DubRequest, folder: Path) -> int:
    """Return the seed; work that is gone on with keeps the one it drew."""
    if request.options.seed >= 0:
        return request.options.seed
    kept = folder / "seed.txt"
    if kept.exists():
        return int(kept.read_text(encoding="utf-8"))
    seed = secrets.randbelow(2**32)
    kept.write_text(str(seed), encoding="utf-8")
    return seed
