"""The long run, for developers: ``python -m tests.fuzz --count 5000 [--seed N] [--kind NAME ...]``.

Every file that fails is kept under ``--keep``; the last line counts. Takes about 0.1 s a file.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.kinds import KINDS, Reader
from tests.fuzz.mutate import mutated


def main(words=None):
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", choices=sorted(KINDS))
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    parsed = parser.parse_args(words)
    logging.basicConfig(level=logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder), parsed)


def run(folder, parsed):
    reader, counts, failures, slowest = Reader(), Counter(), 0, (0.0, "")
    names = [
        (kind, seed) for kind in parsed.kind or sorted(KINDS) for seed in KINDS[kind].seeds(folder)
    ]
    try:
        for number in range(parsed.count):
            kind, original = names[number % len(names)]
            seed = parsed.seed * 1_000_003 + number
            path = folder / f"mutated{original.suffix}"
            path.write_bytes(mutated(original.read_bytes(), seed))
            began = time.monotonic()
            outcome = reader.outcome(kind, path)
            took = time.monotonic() - began
            slowest = max(slowest, (took, f"{original.name} {seed}"))
            counts[kind, outcome.partition(":")[0]] += 1
            if outcome.startswith("FAILED"):
                failures += 1
                parsed.keep.mkdir(parents=True, exist_ok=True)
                kept = parsed.keep / f"{kind}-{seed}{original.suffix}"
                kept.write_bytes(path.read_bytes())
                print(f"{kept}: {outcome}", flush=True)
    finally:
        reader.close()
    for (kind, outcome), count in sorted(counts.items()):
        print(f"{kind:12} {outcome:10} {count}")
    print(f"{parsed.count} files, {failures} failures, slowest {slowest[0]:.1f} s ({slowest[1]})")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
