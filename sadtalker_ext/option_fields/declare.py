"""One option as a field of a dataclass."""

from __future__ import annotations

import dataclasses
from typing import Any


def option(default: Any, label: str, text: str, group: str, **rest: Any) -> Any:
    """Declare an option.

    Args:
        default: Used when nothing is given.
        label: Caption in the tab.
        text: What it does, in one sentence.
        group: Accordion of the tab.
        **rest: Other attributes of `OptionSpec`.
    """
    return dataclasses.field(
        default=default, metadata={"label": label, "help": text, "group": group, **rest}
    )
