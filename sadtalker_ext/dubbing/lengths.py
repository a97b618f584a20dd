"""What happens where speech and video are not equally long."""

from __future__ import annotations

LENGTHS = ("hold", "loop", "cut")
"""The last frame is held, the video goes back and forth, or both end with the shorter one."""
