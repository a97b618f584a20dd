"""The flags that name a Ray cluster, and the pool of workers they ask for."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.shells.cli.own_process import end_process, restrain_ray, suit

if TYPE_CHECKING:
    from sadtalker_ext.batch.ray_calls import RayCalls
    from sadtalker_ext.batch.ray_pool import RayPool
    from sadtalker_ext.batch.ray_worker import Setup


@contextlib.contextmanager
def pool_of(
    parsed: argparse.Namespace, folder: Path, *, overwrite: bool = False
) -> Iterator[RayPool]:
    """Give the workers that the flags ask for.

    Args:
        parsed: Has `ray`, `workers`, `threads`, `retries`, `device` and `weights_dir`.
        folder: What paths are relative to.
        overwrite: Whether outputs that exist are made anew.
    """
    from sadtalker_ext.batch.pool_shape import PoolShape
    from sadtalker_ext.batch.ray_pool import RayPool

    shape = PoolShape(
        address=parsed.ray,
        workers=parsed.workers or 0,
        threads=parsed.threads or 1,
        retries=2 if parsed.retries is None else parsed.retries,
    )
    setup = _setup(parsed, folder, parsed.device, shape.threads, overwrite=overwrite)
    with _quiet_ray(), RayPool(shape, setup, _tell) as pool:
        yield pool


@contextlib.contextmanager
def calls_of(parsed: argparse.Namespace) -> Iterator[RayCalls | None]:
    """Give the workers that the flags of a server ask for; None where they ask for none.

    Args:
        parsed: Has `workers`, `worker_count`, `worker_threads`, `worker_device`, `weights_dir`.

    Raises:
        InvalidOption: How workers are is said, but not where; or the address is none.
        PackageMissing: Ray is not installed.
        SetupError: The cluster cannot be reached.
    """
    if parsed.workers is None:
        for name in ("worker_count", "worker_threads", "worker_device"):
            if getattr(parsed, name) is not None:
                flag = name.replace("_", "-")
                raise InvalidOption(f"--{flag} is for --workers, which was not given.")
        yield None
        return
    if parsed.workers.isdecimal():
        raise InvalidOption(
            f"--workers should be an address, found {parsed.workers}.",
            hint=f"For workers on this machine: --workers local --worker-count {parsed.workers}.",
        )
    from sadtalker_ext.batch.pool_shape import PoolShape
    from sadtalker_ext.batch.ray_calls import RayCalls

    shape = PoolShape(
        address=parsed.workers,
        workers=parsed.worker_count or 0,
        threads=parsed.worker_threads or 1,
        retries=0,
    )
    setup = _setup(parsed, Path(), parsed.worker_device or "auto", shape.threads)
    with _quiet_ray(), RayCalls(shape, setup, _tell, lost=end_process) as calls:
        yield calls


def _setup(
    parsed: argparse.Namespace, folder: Path, device: str, threads: int, *, overwrite: bool = False
) -> Setup:
    from sadtalker_ext.batch.ray_worker import Setup

    return Setup(
        folder=folder.absolute(),
        device=device,
        weight_dirs=(parsed.weights_dir.absolute(),) if parsed.weights_dir else (),
        threads=threads,
        overwrite=overwrite,
        suit=suit,
    )


@contextlib.contextmanager
def _quiet_ray() -> Iterator[None]:
    """Let Ray report nothing, and tell of workers that died on standard error."""
    restrain_ray()
    with contextlib.redirect_stdout(sys.stderr):
        yield


def _tell(words: str) -> None:
    print(words, file=sys.stderr)


def refuse_alone(parsed: argparse.Namespace) -> None:
    """Refuse flags of workers where no cluster is named.

    Raises:
        InvalidOption: One was given.
    """
    for flag in ("workers", "threads", "retries"):
        if parsed.ray is None and getattr(parsed, flag) is not None:
            raise InvalidOption(f"--{flag} is for --ray, which was not given.")
