"""The marks of one video: planned before it is made, put in as it is made, told afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.encoder.label import can_draw
from sadtalker_ext.encoder.output_file import hidden_name, move_into_place, require_free
from sadtalker_ext.errors import OutputExists, SadTalkerError
from sadtalker_ext.installing import how_to_add
from sadtalker_ext.option_fields.label_words import LABEL_WORDS
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.provenance import credentials
from sadtalker_ext.provenance.claim import Claim
from sadtalker_ext.provenance.mark import InvisibleMark, PlaneMark
from sadtalker_ext.speech.language import language_of
from sadtalker_ext.types import ImageArray
from sadtalker_ext.unfinished import PROBE

if TYPE_CHECKING:
    from c2pa import Signer

    from sadtalker_ext.planes import Planes

_log = logging.getLogger(__name__)

_LABEL_CODES = {"cmn": "zh"}
"""What `language_of` calls languages that have another code in `LABEL_WORDS`."""


class Marking:
    """Puts the marks into one video that the options ask for and this machine can make.

    Args:
        options: Say which marks.
        claim: What is said about the video.
        spoken: The words of the speech where they are known; by default the text of the options.
        own: A certificate of one's own; by default the one that the environment names.
        overwrite: Whether a manifest beside the video may be replaced.

    Attributes:
        label: Words of the visible label; empty for none.
        warnings: Sentences about marks that were asked for and are not there.

    Raises:
        InvalidOption: The certificate cannot be used.
    """

    def __init__(
        self,
        options: GenerateOptions,
        claim: Claim,
        *,
        spoken: str = "",
        own: credentials.OwnCertificate | None = None,
        overwrite: bool = False,
    ) -> None:
        self._options = options
        self._spoken = spoken.strip() or options.text.strip()
        self._claim = claim
        self._overwrite = overwrite
        self._manifest = b""
        self._signed = False
        self.warnings: tuple[str, ...] = ()
        self.label = self._find_label() if options.mark == "label" else ""
        self._mark = InvisibleMark() if "mark" in options.layers else None
        self._signer = self._find_signer(own) if "c2pa" in options.layers else None

    @property
    def stamp(self) -> Callable[[ImageArray], ImageArray] | None:
        """What puts the invisible mark into a frame; None where it is not wanted."""
        return None if self._mark is None else self._mark.draw

    @property
    def plane_stamp(self) -> Callable[[Planes], None] | None:
        """The same for frames that stay as they were filmed, apart from what is drawn."""
        return None if self._mark is None else PlaneMark().draw

    @property
    def marks(self) -> tuple[str, ...]:
        """Which marks the finished video has: metadata, label, c2pa, mark."""
        made = {
            "metadata": self._options.discloses,
            "label": self._options.mark == "label",
            "c2pa": self._signed,
            "mark": self._mark is not None,
        }
        return tuple(name for name, there in made.items() if there)

    def seal(self, part: Path, spare: Path) -> None:
        """Sign a complete file, which has not got its final name yet.

        A signature that fails costs the video nothing but the signature.

        Args:
            part: The file; replaced by the signed one if that holds the manifest.
            spare: A free name beside it.
        """
        if self._signer is None:
            return
        try:
            manifest = credentials.sign(part, spare, self._claim, self._signer())
        except Exception as problem:  # noqa: BLE001 - any failure of the library is told
            _log.warning("the video could not be signed: %s", problem)
            self._warn(f"The video has no C2PA manifest, because it could not be signed: {problem}")
            return
        if part.suffix.lower() in credentials.EMBEDDED:
            spare.replace(part)
            self._signed = True
        else:
            self._manifest = manifest

    def finish(self, video: Path) -> Path | None:
        """Write the manifest beside a finished video that cannot hold it, and return its file."""
        if not self._manifest:
            return None
        beside = credentials.sidecar(video)
        part = hidden_name(video, PROBE)
        try:
            if not self._overwrite:
                require_free(beside)
            part.write_bytes(self._manifest)
            move_into_place(part, beside, overwrite=self._overwrite)
        except OutputExists:
            self._warn(f"The C2PA manifest was not kept: {beside.name} exists already.")
            return None
        except (OSError, SadTalkerError) as problem:
            self._warn(f"The C2PA manifest could not be written: {str(problem).rstrip('.')}.")
            return None
        finally:
            part.unlink(missing_ok=True)
        self._signed = True
        return beside

    def _find_label(self) -> str:
        """Return the label in the language asked for, or that of the spoken text."""
        language = self._options.label_language
        if language == "auto":
            found = language_of(self._spoken)
            language = _LABEL_CODES.get(found, found)
        words = LABEL_WORDS.get(language, LABEL_WORDS["en"])
        if can_draw(words):
            return words
        self._warn(f"No font of this machine can write {words!r}; the label is in English.")
        return LABEL_WORDS["en"]

    def _find_signer(self, own: credentials.OwnCertificate | None) -> Callable[[], Signer] | None:
        if not credentials.available():
            if self._options.provenance != "auto":
                self._warn(
                    "The video has no C2PA manifest: that needs c2pa-python and cryptography, not "
                    f"installed here. {how_to_add('provenance')}"
                )
            return None
        used = own or credentials.OwnCertificate.of_environment()
        if used.certificate is None and used.key is None:
            return partial(credentials.signer, used)  # the first frame would wait for its libraries
        ready = credentials.signer(used)
        return lambda: ready

    def _warn(self, sentence: str) -> None:
        self.warnings = (*self.warnings, sentence)
