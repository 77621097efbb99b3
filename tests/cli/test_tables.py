"""Tables on terminals of any width: nothing is cut."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

PROGRAM = """
from dagster_project.cli.output import print_table
print_table(
    ("feed", "when", "owner"),
    [("nse_equity", "close + 1h, polls every 5m until close + 5h30m, due by close + 5h", "team:india-markets"),
     ("ecb_fx", "16:00", "")],
    "Feeds",
)
"""
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
WHEN = "close + 1h, polls every 5m until close + 5h30m, due by close + 5h"


def shown(columns: int) -> list[str]:
    """The lines that a terminal of so many columns shows."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment["TERM"] = "xterm"
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=terminal, stdout=terminal, stderr=terminal, env=environment
    ) as program:
        os.close(terminal)
        found = b""
        try:
            while part := os.read(controller, 4096):
                found += part
        except OSError:  # how Linux says that the other end is closed
            pass
    os.close(controller)
    assert program.returncode == 0, found
    return [_STYLE.sub("", line).rstrip() for line in found.decode().splitlines()]


def test_a_wide_terminal_shows_one_line_a_row() -> None:
    """A title, a header, a rule, the rows."""
    lines = shown(140)
    assert len(lines) == 5
    assert lines[3].split("  ") == ["nse_equity", WHEN, "team:india-markets"]


@pytest.mark.parametrize("columns", [60, 70, 80])
def test_a_narrower_terminal_folds_the_long_cells_at_words(columns: int) -> None:
    """Names, dates and times stay whole, on one line."""
    lines = shown(columns)
    assert max(map(len, lines)) <= columns
    first = next(at for at, line in enumerate(lines) if line.startswith("nse_equity  close + 1h"))
    assert lines[first].endswith("  team:india-markets")
    folded = [line.removesuffix("team:india-markets")[12:].strip() for line in lines[first:-1]]
    assert " ".join(folded) == WHEN


def test_a_terminal_that_is_too_narrow_shows_each_row_as_a_list() -> None:
    """Whole cells, one below the other; empty ones are left out."""
    assert shown(40) == [
        "Feeds",
        " feed  nse_equity",
        f" when  {WHEN}",
        "owner  team:india-markets",
        "",
        " feed  ecb_fx",
        " when  16:00",
        "",
    ]
