"""Making the folders into which results go, or saying in a sentence why they cannot be made."""

from __future__ import annotations

from pathlib import Path

from sadtalker_ext.errors import DiskFull, OutputUnwritable, SadTalkerError, is_disk_full


def make_folder(
    folder: Path,
    *,
    private: bool = False,
    hint: str = "Choose another folder.",
    refusal: type[SadTalkerError] = OutputUnwritable,
) -> bool:
    """Make a folder, and those above it; one that is there stays as it is.

    Args:
        folder: The folder.
        private: Whether nobody else may look into a new one.
        hint: What to do where it cannot be made.
        refusal: What is raised then.

    Returns:
        Whether it is new.

    Raises:
        SadTalkerError: As `refusal` says: it cannot be made.
        DiskFull: There is no room for it.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700 if private else 0o777)
    except (OSError, ValueError) as problem:  # ValueError of a zero byte in the name
        if _is_folder(folder):  # perhaps somebody has just made it
            return False
        if is_disk_full(problem):
            raise DiskFull(f"There is no room for the folder {folder}.", hint=hint) from problem
        told = f"The folder {folder} cannot be made: {_why(problem)}."
        raise refusal(told, hint=hint) from problem
    return True


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _why(problem: OSError | ValueError) -> str:
    if isinstance(problem, (FileExistsError, NotADirectoryError)):
        return "there is a file in its place"
    return (problem.strerror if isinstance(problem, OSError) else None) or str(problem)
