"""The words of the commands that have to do with a server: serve and forget."""

from __future__ import annotations

import argparse
from pathlib import Path

from sadtalker_ext.shells.cli.helping import Parser
from sadtalker_ext.shells.cli.other_arguments import add_server_workers


def add_serve(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    """Add ``serve``."""
    serve = commands.add_parser("serve", parents=[common], help="answer REST requests")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on")
    serve.add_argument("--port", type=int, default=7861, help="port (default: 7861)")
    _add_data_dir(serve)
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
    add_server_workers(serve)


def add_forget(commands: argparse._SubParsersAction[Parser], common: Parser) -> None:
    """Add ``forget``."""
    forget = commands.add_parser(
        "forget",
        parents=[common],
        help="remove what a server stored about somebody; the server must not run",
        description="Removes jobs with their uploads, videos and captions from a data folder, and "
        "leaves nothing of them in the free space of the job table. Several choices add up.",
    )
    _add_data_dir(forget)
    forget.add_argument(
        "--user",
        action="append",
        default=[],
        help='all jobs of a user; "" is everybody who came without a password',
    )
    forget.add_argument("--job", action="append", default=[], metavar="ID", help="one job")
    forget.add_argument(
        "--older-than", type=float, metavar="DAYS", help="all jobs that ended longer ago"
    )
    forget.add_argument(
        "--page", action="store_true", help="the page's videos, ticks and presets, of everybody"
    )
    forget.add_argument("--all", action="store_true", help="everything")


def _add_data_dir(command: Parser) -> None:
    command.add_argument(
        "--data-dir",
        type=Path,
        default=Path("sadtalker-data"),
        help="folder of jobs and videos (default: sadtalker-data)",
    )
