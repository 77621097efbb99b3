"""`python -m simulator`: a process that serves until it is told to end, and one that writes samples."""

import io
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.simulator.conftest import BROWSER
from tests.simulator.simulated_paths import DAILY

PATIENCE = 30  # seconds: generous, a busy machine must not fail a test


def command(calendars: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *arguments, "--calendars", str(calendars)]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_end(calendars: Path, tmp_path: Path, ending: signal.Signals) -> None:
    """One line says where; the port file holds the port; a slow answer in flight delays the end by little."""
    port_file = tmp_path / "port"
    arguments = ["serve", "--port-file", str(port_file), "--at", "2026-02-02T20:00:00+05:30", "--seed", "5"]
    process = subprocess.Popen(
        command(calendars, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    base = f"http://127.0.0.1:{port_file.read_text().strip()}"
    assert line == f"simulator on {base}, seed 5: ecb_fx, finra_short_volume, nse_equity\n"
    with httpx.Client(base_url=base, trust_env=False, headers={"User-Agent": BROWSER}) as http:
        assert "time='2026-01-30'" in http.get(DAILY).text
        http.post("/_simulator/faults", json={"feed": "ecb_fx", "kind": "slow", "seconds": 600}).raise_for_status()
        with http.stream("GET", DAILY) as answer:
            assert answer.status_code == 200
            begun = time.monotonic()
            process.send_signal(ending)
            rest, errors = process.communicate(timeout=PATIENCE)
            assert time.monotonic() - begun < 5
    assert (rest, errors) == ("", "")


def test_a_taken_port_is_told_in_one_line(calendars: Path, tmp_path: Path) -> None:
    """Exit code 1, no traceback."""
    first = subprocess.Popen(
        command(calendars, "serve", "--port-file", str(tmp_path / "port")), stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout is not None
        first.stdout.readline()
        port = (tmp_path / "port").read_text().strip()
        second = subprocess.run(
            command(calendars, "serve", "--port", port), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    finally:
        first.terminate()
        first.wait(PATIENCE)
    assert second.returncode == 1
    assert second.stderr.startswith("Error: the simulator cannot start: [Errno 98] Address already in use")
    assert len(second.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("feed", "session", "name", "lines"),
    [
        ("nse_equity", "2026-02-01", "2026-02-01.zip", 1 + 40),
        ("finra_short_volume", "2026-03-02", "2026-03-02.txt", 1 + 40 + 1),
        ("ecb_fx", "2026-03-02", "2026-03-02.xml", 8 + 29 + 3),
    ],
)
def test_a_sample_is_a_small_payload_in_the_wire_format(
    calendars: Path, tmp_path: Path, feed: str, session: str, name: str, lines: int
) -> None:
    """Named by the session; the awkward rows are among the few; it prints where it is."""
    done = subprocess.run(
        command(calendars, "sample", feed, session, "--to", str(tmp_path / "samples")),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    payload = tmp_path / "samples" / name
    assert done.stdout == f"{payload}\n"
    content = payload.read_bytes()
    if payload.suffix == ".zip":
        archive = zipfile.ZipFile(io.BytesIO(content))
        content = archive.read(archive.namelist()[0])
    text = content.decode()
    assert len(text.splitlines()) == lines
    awkward = {"nse_equity": ",BAJAJ-AUTO,BL,", "finra_short_volume": "|NAN|", "ecb_fx": "'USD'"}
    assert awkward[feed] in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sample", "nse_equity", "2026-01-26"], "2026-01-26 is no session of XNSE: Republic Day"),
        (
            ["sample", "nse_equity", "2024-07-05"],
            "nse_equity starts on 2024-07-08: nothing is published for 2024-07-05",
        ),
        (["sample", "nse", "2026-02-02"], "'nse' is not one of 'ecb_fx', 'finra_short_volume', 'nse_equity'"),
    ],
)
def test_a_sample_of_nothing_is_refused(calendars: Path, tmp_path: Path, arguments: list[str], told: str) -> None:
    """By its reason; no file is left."""
    done = subprocess.run(
        command(calendars, *arguments, "--to", str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_calendars_that_are_not_compiled_are_told_in_one_line(tmp_path: Path) -> None:
    """With the code that is missing."""
    done = subprocess.run(command(tmp_path, "serve"), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the simulator cannot start: no calendar 'TARGET'")
