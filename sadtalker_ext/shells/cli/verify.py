"""``sadtalker verify``: which marks a file carries, and what they say."""

from __future__ import annotations

import argparse
from typing import Any

from sadtalker_ext.provenance.verify import verify


def run_verify(parsed: argparse.Namespace) -> dict[str, Any]:
    """Read every mark of a file, and say in sentences what was found."""
    found = verify(parsed.file)
    if not parsed.json:
        for sentence in found.sentences():
            print(sentence)
    return found.as_dict()
