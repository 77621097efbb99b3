"""Leaves out, without noise, the tests of material that lies beside the project where it does not."""

from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"

collect_ignore = [
    name
    for name, folder in (
        ("test_checked_lists.py", SHARED / "calendars"),
        ("test_evidence.py", SHARED / "sources" / "samples"),
    )
    if not folder.is_dir()
]
