"""What the manifest says of a file, and of a wheel that holds files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedWheel:
    """One exact wheel of the package index, used as an archive and never installed.

    Attributes:
        package: Name on the index.
        version: Exact version.
        filename: File name of the wheel.
        size: Bytes.
        sha256: Hex digest of the wheel.
        python_version: Python tag asked of pip, whatever Python is running.
        implementation: Interpreter tag asked of pip.
        platform: Platform tag asked of pip, whatever machine this is.
    """

    package: str
    version: str
    filename: str
    size: int
    sha256: str
    python_version: str
    implementation: str
    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelMember:
    """A file inside a pinned wheel."""

    wheel: PinnedWheel
    member: str


Source = str | WheelMember
"""An https URL, or a member of a pinned wheel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """One published weight file.

    Attributes:
        name: File name, the same in every folder.
        size: Bytes, or None when no listing gives it.
        sha256: Hex digest; a file with any other is refused.
        sources: Where it can be fetched, best first.
        licence: Terms of use, shown before a download.
        needed_for: Features that use it; names that `select` understands.
        note: How sure the listing is; empty when independent listings agree.
        size_is_predicted: True when `size` was computed and not listed, so only the hash counts.
    """

    name: str
    size: int | None
    sha256: str
    sources: tuple[Source, ...]
    licence: str
    needed_for: tuple[str, ...]
    note: str = ""
    size_is_predicted: bool = False

    @property
    def exact_size(self) -> int | None:
        """The size a good file must have, or None when only the hash can tell."""
        return None if self.size_is_predicted else self.size
