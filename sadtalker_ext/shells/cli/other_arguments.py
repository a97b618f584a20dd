"""The arguments of the commands that have nothing to do with options: batch, weights, serve."""

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


def add_serve(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    """Add the command that answers REST requests."""
    serve = commands.add_parser("serve", parents=[common], help="answer REST requests")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on")
    serve.add_argument("--port", type=int, default=7861, help="port (default: 7861)")
    serve.add_argument(
        "--data-dir",
        type=Path,
        default=Path("sadtalker-data"),
        help="folder of jobs and videos (default: sadtalker-data)",
    )
    serve.add_argument(
        "--api-auth",
        metavar="USER:PASSWORD",
        help="who may come in, several separated by commas; the environment variables "
        "SADTALKER_API_AUTH and SADTALKER_API_TOKEN keep them out of the list of processes",
    )
    serve.add_argument("--keep-days", type=float, default=7.0, help="0 keeps videos (default: 7)")
    serve.add_argument("--max-upload-mb", type=int, default=200, help="(default: 200)")
    serve.add_argument("--max-seconds", type=float, default=900.0, help="of video (default: 900)")
    serve.add_argument("--max-queued", type=int, default=1000, help="jobs (default: 1000)")
    serve.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name the server answers to besides its own address and localhost, such as the one "
        "a proxy shows it under; may be repeated, * for any",
    )
    serve.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a web page's origin that may send requests, such as https://example.org",
    )


def add_device(command: argparse.ArgumentParser) -> None:
    """Add the flag that names a device."""
    command.add_argument(
        "--device", default="auto", help="auto, cpu, or a name torch knows (default: auto)"
    )
