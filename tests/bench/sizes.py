"""How large the cases are. BENCH_SMALL=1 makes all of them small, to see that each case works."""

import os
from typing import Final

IS_SMALL: Final = os.environ.get("BENCH_SMALL") == "1"


def _size(number: int, small: int) -> int:
    return small if IS_SMALL else number


LARGE_EVENTS: Final = _size(100_000, 1_000)
FAILED_NODES: Final = _size(50_000, 500)
RESULT_BYTES: Final = _size(20_000_000, 1_000_000)
"""The result of a plan."""
BURST_NODES: Final = _size(50_000, 500)
BURST_EVENTS: Final = _size(20_000, 2_000)
BURST_RATE: Final = 2_000
"""Events a second."""
WHY_NODES: Final = _size(1_000, 30)
CHANGES_NODES: Final = _size(300, 10)
CHANGES_EACH: Final = _size(500, 20)
SOME_JOBS: Final = _size(200, 10)
FOLLOW_SECONDS: Final = _size(30, 8)
IDLE_SECONDS: Final = _size(60, 5)
LIVE_EVENTS: Final = _size(99, 9)
PAIRS: Final = _size(7, 1)
START_PAIRS: Final = _size(15, 2)
