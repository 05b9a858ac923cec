"""Peak memory of this process; a module of its own, so that asking costs little."""

import os
import resource
import sys
from pathlib import Path

__all__ = ["peak_mb"]


def peak_mb() -> float:
    """Peak resident memory so far, of this process and those it has started and not ended, in MB of 2^20 bytes.

    Linux hands a child its parent's `ru_maxrss` through exec, so there its own high-water mark is read.
    """
    if Path("/proc/self/status").exists():
        return sum(map(_high_water, [os.getpid(), *_children(os.getpid())])) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _high_water(process: int) -> int:
    """The most memory a process had, in kB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next((int(each.split()[1]) for each in lines if each.startswith("VmHWM")), 0)


def _children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [each for child in map(int, found) for each in (child, *_children(child))]
