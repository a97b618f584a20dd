"""The flags that name a Ray cluster, and the pool of workers they ask for."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.shells.cli.own_process import suit, without_usage_reports

if TYPE_CHECKING:
    from sadtalker_ext.batch.ray_pool import RayPool


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
    from sadtalker_ext.batch.ray_pool import PoolShape, RayPool
    from sadtalker_ext.batch.ray_worker import Setup

    without_usage_reports()
    shape = PoolShape(
        address=parsed.ray,
        workers=parsed.workers or 0,
        threads=parsed.threads or 1,
        retries=2 if parsed.retries is None else parsed.retries,
    )
    setup = Setup(
        folder=folder.absolute(),
        device=parsed.device,
        weight_dirs=(parsed.weights_dir.absolute(),) if parsed.weights_dir else (),
        threads=shape.threads,
        overwrite=overwrite,
        suit=suit,
    )
    with (
        # Ray tells of workers that died, on standard output
        contextlib.redirect_stdout(sys.stderr),
        RayPool(shape, setup, lambda words: print(words, file=sys.stderr)) as pool,
    ):
        yield pool


def refuse_alone(parsed: argparse.Namespace) -> None:
    """Refuse flags of workers where no cluster is named.

    Raises:
        InvalidOption: One was given.
    """
    for flag in ("workers", "threads", "retries"):
        if parsed.ray is None and getattr(parsed, flag) is not None:
            raise InvalidOption(f"--{flag} is for --ray, which was not given.")
