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
    add_device(batch)


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
