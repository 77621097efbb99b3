"""Python's sleep under libfaketime 0.9.10: it refuses `clock_nanosleep` on a monotonic clock that it leaves true.

Every Python process of a stack under a moved clock imports this at its start; only how it sleeps changes.
"""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex, /) -> None:
    length = float(seconds)
    if length < 0:
        raise ValueError("sleep length must be non-negative")
    end = time.monotonic() + length
    while (left := end - time.monotonic()) > 0:
        select.select([], [], [], left)


time.sleep = _sleep
