"""Our REST routes on the WebUI's server, under its rules."""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger(__name__)


def mount(app: Any) -> None:
    """Do nothing yet."""
