"""Peak memory of this process; a module of its own, so that asking costs little."""

import resource
import sys
from pathlib import Path

__all__ = ["peak_mb"]


def peak_mb() -> float:
    """Peak resident memory so far, in MB of 2^20 bytes.

    Linux hands a child its parent's `ru_maxrss` through exec, so there its own high-water mark is read.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
