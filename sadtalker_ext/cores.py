"""How many cores this process may use."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_OLD_QUOTA = Path("/sys/fs/cgroup/cpu")


def usable_cores() -> int:
    """Return how many cores this process may use, and wants to: `OMP_NUM_THREADS` is a bound."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    cores = min(cores, _quota())
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return min(cores, int(wanted)) if wanted.isdecimal() and int(wanted) > 0 else cores


def _quota() -> int:
    """Return how many cores a container's share of processor time amounts to (cgroup v2, v1)."""
    try:
        if _QUOTA.exists():
            share, _, period = _QUOTA.read_text(encoding="ascii").strip().partition(" ")
        else:
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            share, period = (
                (_OLD_QUOTA / name).read_text(encoding="ascii").strip() for name in names
            )
        cores = math.ceil(int(share) / int(period))
    except (OSError, ValueError, ZeroDivisionError):  # another system, or "max": no bound
        return sys.maxsize
    return max(1, cores) if int(share) > 0 else sys.maxsize  # -1 is no bound in v1
