"""Command-line flags of the extension; standard library only, loaded before everything else."""

import argparse


def preload(parser: argparse.ArgumentParser) -> None:
    """Add the flags; the WebUI shows their values publicly, so none may hold a secret."""
    parser.add_argument(
        "--sadtalker-weights-dir",
        type=str,
        default=None,
        help="a folder to search for SadTalker weights before models/SadTalker",
    )
    parser.add_argument(
        "--sadtalker-no-api",
        action="store_true",
        help="do not add the REST routes under /sadtalker/v1",
    )
