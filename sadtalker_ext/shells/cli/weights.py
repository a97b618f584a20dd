"""``sadtalker weights list | fetch | verify | convert``."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from sadtalker_ext.engines.registry import engine_specs, weights_of
from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.progress import Progress
from sadtalker_ext.shells.cli.generate import stop_on_interrupt
from sadtalker_ext.shells.cli.terminal import TerminalProgress
from sadtalker_ext.weights.manifest import FILES, WeightFile, select
from sadtalker_ext.weights.store import WeightStore

MEGABYTE = 1_000_000


def run_weights(parsed: argparse.Namespace) -> dict[str, Any]:
    """Run one action and return its machine-readable answer."""
    store = WeightStore.standard(parsed.weights_dir)
    actions = {"list": _list, "fetch": _fetch, "verify": _verify, "convert": _convert}
    return actions[parsed.action](parsed, store)


def _list(parsed: argparse.Namespace, store: WeightStore) -> dict[str, Any]:
    rows = [_row(file, store) for file in FILES]
    if not parsed.json:
        for row in rows:
            place = row["path"] or "not installed"
            size = f"{row['bytes'] / MEGABYTE:8.1f} MB" if row["bytes"] else "          ?"
            print(f"{row['name']:40} {size}  {', '.join(row['needed_for']):24} {place}")
            print(f"{'':40} licence: {row['licence']}")
        print("Searched: " + ", ".join(str(folder) for folder in store.folders))
    return {"files": rows, "searched": [str(folder) for folder in store.folders]}


def _row(file: WeightFile, store: WeightStore) -> dict[str, Any]:
    path = store.find(file.name)
    return {
        "name": file.name,
        "bytes": file.size,
        "sha256": file.sha256,
        "licence": file.licence,
        "needed_for": _needed_for(file),
        "note": file.note,
        "path": str(path) if path else None,
    }


def _needed_for(file: WeightFile) -> list[str]:
    """Return the features that use a file, and the engines that need one of those."""
    engines = [spec.name for spec in engine_specs() if {*spec.weights} & {*file.needed_for}]
    return list(dict.fromkeys((*file.needed_for, *engines)))


def _fetch(parsed: argparse.Namespace, store: WeightStore) -> dict[str, Any]:
    names = weights_of(parsed.names)
    absent = store.missing(names)
    if not parsed.json:
        for file in absent:
            size = f"{file.size / MEGABYTE:.1f} MB" if file.size else "size unknown"
            print(f"{file.name}: {size}, licence {file.licence}", file=sys.stderr)
    bar = TerminalProgress()
    progress = Progress(bar)
    try:
        with stop_on_interrupt(progress):
            paths = store.fetch(names, progress, folder=parsed.weights_dir)
    finally:
        bar.close()
    if not parsed.json:
        for path in paths if absent else ():
            print(path)
    return {"paths": [str(path) for path in paths], "fetched": [file.name for file in absent]}


def _verify(parsed: argparse.Namespace, store: WeightStore) -> dict[str, Any]:
    asked = weights_of(parsed.names)
    names = [file.name for file in select(asked)] if asked else None
    rows, worst = [], 0
    for name in names or [file.name for file in FILES if store.find(file.name)]:
        row = {"name": name, "ok": True, "message": ""}
        try:
            row["path"] = str(store.require(name))
        except SadTalkerError as error:
            row |= {"ok": False, "message": str(error)}
            worst = max(worst, error.exit_code)
        rows.append(row)
        if not parsed.json:
            print(f"{'ok' if row['ok'] else 'BAD':4} {name} {row['message']}")
    return {"files": rows, "exit_code": worst}


def _convert(parsed: argparse.Namespace, store: WeightStore) -> dict[str, Any]:
    from sadtalker_ext.weights.checkpoint import convert

    convert(parsed.source, parsed.target)
    store.verify(parsed.target)
    if not parsed.json:
        print(parsed.target)
    return {"path": str(parsed.target)}
