"""The arguments of the commands that have nothing to do with options: batch and weights."""

from __future__ import annotations

import argparse
from pathlib import Path

from sadtalker_ext.shells.cli.helping import Parser


def add_batch(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    """Add the command that makes the videos of a list."""
    batch = commands.add_parser(
        "batch", parents=[common], help="make the videos of a list, one JSON object per line"
    )
    batch.add_argument("jobs", type=Path, help="a .jsonl file; each line as a call of generate")
    batch.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    batch.add_argument(
        "--manifest",
        type=Path,
        metavar="FILE",
        help="keep what became of every line in this .jsonl file, and go on after it (with --ray: "
        "JOBS.manifest.jsonl)",
    )
    add_workers(batch, "make the videos")
    add_device(batch)


def add_workers(command: argparse.ArgumentParser, work: str) -> None:
    """Add the flags of a Ray cluster.

    Args:
        command: Gets them.
        work: What its workers do, in words.
    """
    ray = command.add_argument_group("many workers")
    ray.add_argument(
        "--ray",
        metavar="ADDRESS",
        help=f"let the workers of a Ray cluster {work}: local (workers on this machine), auto, "
        "HOST:PORT or ray://HOST:PORT",
    )
    ray.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="how many (default: one per graphics card, else as many as the cores allow)",
    )
    ray.add_argument("--threads", type=_count, metavar="N", help="cores of a worker (default: 1)")
    ray.add_argument(
        "--retries",
        type=int,
        choices=range(11),
        metavar="N",
        help="how often a job is begun again whose worker died (default: 2)",
    )


def add_server_workers(serve: argparse.ArgumentParser) -> None:
    """Add the flags of a Ray cluster whose workers make a server's jobs."""
    ray = serve.add_argument_group("many workers")
    ray.add_argument(
        "--workers",
        metavar="ADDRESS",
        help="let the workers of a Ray cluster make the jobs: local (workers on this machine), "
        "auto, HOST:PORT or ray://HOST:PORT",
    )
    ray.add_argument(
        "--worker-count",
        type=_count,
        metavar="N",
        help="how many (default: one per graphics card, else as many as the cores allow)",
    )
    ray.add_argument(
        "--worker-threads", type=_count, metavar="N", help="cores of a worker (default: 1)"
    )
    ray.add_argument(
        "--worker-device",
        metavar="NAME",
        help="their device: auto, cpu, or a name torch knows (default: auto)",
    )


def _count(text: str) -> int:
    """Return a number of workers or cores.

    Raises:
        ArgumentTypeError: It is none, or less than one.
    """
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"should be a number from 1 to 10000, found {text!r}")
    return int(text)


def add_weights(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    """Add the command that cares for weight files."""
    weights = commands.add_parser("weights", help="list, fetch, verify or convert weight files")
    actions = weights.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", parents=[common], help="every file, where it is, and its licence")
    fetch = actions.add_parser("fetch", parents=[common], help="download and check files")
    fetch.add_argument(
        "names", nargs="+", metavar="NAME", help="file names, or a set such as puppet or sadtalker"
    )
    verify = actions.add_parser("verify", parents=[common], help="check size and SHA-256")
    verify.add_argument("names", nargs="*", metavar="NAME", help="all installed files by default")
    convert = actions.add_parser(
        "convert", parents=[common], help="rewrite a legacy .pth(.tar) file as safetensors"
    )
    convert.add_argument("source", type=Path)
    convert.add_argument("target", type=Path)


def add_device(command: argparse.ArgumentParser) -> None:
    """Add the flag that names a device."""
    command.add_argument(
        "--device", default="auto", help="auto, cpu, or a name torch knows (default: auto)"
    )
