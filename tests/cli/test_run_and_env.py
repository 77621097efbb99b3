"""`marketday run` and `marketday env`: what they hand on, and how their answers become lines and exit codes."""

import subprocess
import sys
from types import ModuleType

import pytest
from click.testing import CliRunner

from dagster_project.cli import main


class Stack(ModuleType):
    """Stands where `dagster_project.run` does, and starts nothing."""

    def __init__(self, variables: dict[str, str] | None = None, code: int = 0) -> None:
        super().__init__("dagster_project.run")
        self.variables = variables
        self.code = code
        self.asked: list[dict[str, object]] = []

    def run(self, host: str | None, port: int | None, sources: str | None, keep: bool) -> int:
        self.asked.append({"host": host, "port": port, "sources": sources, "keep": keep})
        return self.code

    def environment(self) -> dict[str, str]:
        if self.variables is None:
            raise RuntimeError("nothing runs here: start it")
        return self.variables


def use(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setitem(sys.modules, "dagster_project.run", stack)
    return stack


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {"host": None, "port": None, "sources": None, "keep": False}),
        (
            ["--host", "0.0.0.0", "--port", "3100", "--sources", "live", "--keep"],
            {"host": "0.0.0.0", "port": 3100, "sources": "live", "keep": True},
        ),
    ],
)
def test_run_hands_on_only_what_is_given(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: dict[str, object]
) -> None:
    """What is not given is for the settings to decide."""
    stack = use(Stack(), monkeypatch)
    assert CliRunner().invoke(main, ["run", *arguments]).exit_code == 0
    assert stack.asked == [expected]


@pytest.mark.parametrize("code", [0, 1, 130])
def test_the_exit_code_of_run_is_that_of_the_stack(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A stack that failed fails the command."""
    use(Stack(code=code), monkeypatch)
    assert CliRunner().invoke(main, ["run"]).exit_code == code


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--sources", "fake"], ["--port", "x"]])
def test_run_refuses_what_cannot_be(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    """Before anything is imported or started."""
    stack = use(Stack(), monkeypatch)
    answer = CliRunner().invoke(main, ["run", *arguments])
    assert (answer.exit_code, len(answer.stderr.splitlines()), stack.asked) == (2, 1, [])


def test_a_shell_reads_what_env_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a value holds, `eval` gives it back as it is and runs none of it."""
    values = {"PLAIN": "/a/b", "ODD": 'it\'s $(echo run) `echo run` "x" \\ ; & #', "LINES": "a\nb", "EMPTY": ""}
    use(Stack(values), monkeypatch)
    printed = CliRunner().invoke(main, ["env"]).stdout
    assert printed.startswith("export PLAIN='/a/b'\nexport ODD='")
    for name, value in values.items():
        script = f'eval "$1"; printf %s "${name}"; env | grep -c "^{name}=" >&2'
        shell = subprocess.run(["sh", "-c", script, "sh", printed], capture_output=True, text=True, env={})
        assert (shell.stdout, shell.stderr) == (value, "1\n")


def test_without_a_running_stack_env_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """On stderr, with nothing for the shell to run."""
    use(Stack(None), monkeypatch)
    answer = CliRunner().invoke(main, ["env"])
    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", "marketday: nothing runs here: start it\n")
