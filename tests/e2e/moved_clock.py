"""A clock that a test sets for a whole tree of processes, Postgres and simulator included: libfaketime.

The offset from the true time stands in a file that each process reads again every second. Monotonic clocks stay true,
so that time-outs and polls keep their pace.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

_LIBRARY = "faketime/libfaketime.so.1"
_FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/local/lib")


class MovedClock:
    """The clock of every process that has `environment`; `file` holds how far it is from the true one."""

    def __init__(self, file: Path, at: datetime) -> None:
        self._file = file
        self._library = _library()
        file.parent.mkdir(parents=True, exist_ok=True)
        self.set(at)

    def set(self, instant: datetime) -> None:
        """Moves the clock to `instant` (aware), of every process within a second."""
        part = self._file.with_name(f"{self._file.name}.part")
        part.write_text(f"{(instant - datetime.now(UTC)).total_seconds():+.3f}s\n")
        part.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": self._library,
            "PYTHONPATH": str(Path(__file__).parent / "faketime"),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",  # a program that another one becomes (exec) keeps the same clock
            "NO_FAKE_STAT": "1",  # files keep their true times
            "FAKETIME_DISABLE_SHM": "1",  # processes of other users, such as Postgres under root, may not open it
        }


def _library() -> str:
    """The library's path. Fails the test where it is missing: it would show nothing under the true clock."""
    found = [path for folder in _FOLDERS for path in sorted(Path(folder).glob(f"**/{_LIBRARY}"))]
    if not found:
        pytest.fail(
            f"no {_LIBRARY} below {', '.join(_FOLDERS)}; the end-to-end tests move the clock of real processes with "
            "it. Install it: apt-get install faketime",
            pytrace=False,
        )
    return str(found[0])
