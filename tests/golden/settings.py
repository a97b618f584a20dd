"""Instruction sets and numbers of threads that the golden check is run with.

Torch chooses its own loops by `ATEN_CPU_CAPABILITY`, oneDNN its convolutions and products by
`ONEDNN_MAX_CPU_ISA`; a process can have less than its processor has, not more. `SETTINGS` covers
every value of either, each with one and with two threads somewhere, rather than all products of
them: the convolutions decide the order of nearly all additions, so each oneDNN setting appears
with the loops that processors of that kind have.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Setting:
    """What a process may use of the processor.

    Attributes:
        loops: Value of `ATEN_CPU_CAPABILITY`.
        products: Value of `ONEDNN_MAX_CPU_ISA`.
        threads: Number of threads.
        needs: Capabilities of the processor, by their names in `torch.cpu.get_capabilities`.
    """

    loops: str
    products: str
    threads: int
    needs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.loops}-{self.products}-{self.threads}"

    def missing(self) -> list[str]:
        """Ask the processor which of the needs it does not have."""
        import torch

        has = torch.cpu.get_capabilities()
        return [name for name in self.needs if not has.get(name, False)]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python with these arguments in a process of its own that keeps to the setting."""
        limits = {
            "ATEN_CPU_CAPABILITY": self.loops,
            "ONEDNN_MAX_CPU_ISA": self.products,
            "OMP_NUM_THREADS": str(self.threads),
            "MKL_NUM_THREADS": str(self.threads),
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **limits},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )


SETTINGS = (
    Setting("default", "SSE41", 2),
    Setting("avx2", "AVX2", 1, ("avx2",)),
    Setting("avx2", "AVX2", 2, ("avx2",)),
    Setting("avx512", "AVX512_CORE", 1, ("avx512_f", "avx512_bw", "avx512_dq", "avx512_vl")),
    Setting("avx512", "DEFAULT", 2, ("avx512_f", "avx512_bw", "avx512_dq", "avx512_vl")),
)
