"""`marketday plan`: a commit of a real repository against the files beside it."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from dagster_project.cli import main
from dagster_project.domain.plan.markdown import MARKER
from tests.cli.checkout import ALWAYS, DAILY, TEST, TEST_DAYS, Checkout

DOCS = Path(__file__).parents[2] / "docs"
# Python that leaves a trace where it is run.
TRAP = 'from pathlib import Path\nPath(__file__).with_name("was_run").touch()\nadapter = 1\n'


@pytest.fixture
def project(tmp_path: Path) -> Checkout:
    """A project in a subfolder of a repository, with one commit on `main`."""
    made = Checkout(tmp_path / "deep" / "project")
    made.root.mkdir(parents=True)
    made.calendar(TEST, TEST_DAYS)
    made.calendar(ALWAYS)
    made.feed("prices", DAILY, TRAP)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(made)
    return made


def git(folder: Path, *arguments: str) -> str:
    names = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    return subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(project: Checkout) -> None:
    git(project.root, "add", "--all", ".")
    git(project.root, "commit", "--quiet", "--message", "Files")


def ask(project: Checkout, *arguments: str) -> Result:
    every = ["plan", "--base", "main", "--at", "2026-11-24", *arguments, "--root", str(project.root)]
    return CliRunner().invoke(main, every)


def ask_json(project: Checkout) -> Any:
    return json.loads(ask(project, "--json").stdout)


def test_without_an_edit_nothing_changes(project: Checkout) -> None:
    """0, and one line that says so; what is not known yet is no change."""
    answer = ask(project)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout.splitlines()[1:] == ["no change", "", "Not known yet", "    sessions of TEST after 2026-12-31"]


def test_an_edit_is_told_with_what_it_moves(project: Checkout) -> None:
    """2, and the files beside the commit count, whether they are committed or not."""
    project.feed("prices", DAILY.replace("close + 1h", "close + 2h"), TRAP)
    answer = ask(project)
    assert (answer.exit_code, answer.stderr) == (2, "")
    assert answer.stdout.splitlines()[:9] == [
        f"Against main ({git(project.root, 'rev-parse', 'main')[:10]}), 2026-11-24 00:00 to 2027-12-29 00:00 UTC:",
        "27 fires moved, 27 fires with less slack",
        "",
        "prices",
        "  ~ daily, America/New_York",
        "    ~ at: close + 1h → close + 2h",
        "    ~ moved on 26 sessions, 2026-11-24 to 2026-11-25, 2026-11-30 to 2026-12-31: 17:00 → 18:00",
        "    ~ moved on 1 session (early close: Day after Thanksgiving), Fri 2026-11-27: 14:00 → 15:00",
        "    ! deadline on 27 sessions, 2026-11-24 to 2026-12-31: 3h → 2h after the fire",
    ]


def test_markdown_holds_the_same_lines(project: Checkout) -> None:
    """What the terminal says, with names as code."""
    project.feed("prices", DAILY.replace("close + 1h", "close + 2h"), TRAP)
    answer = ask(project, "--markdown")
    assert answer.exit_code == 2
    assert "**27 fires moved, 27 fires with less slack**" in answer.stdout
    assert "  - `at`: `close + 1h` → `close + 2h`\n" in answer.stdout


def test_the_fields_of_a_plan_are_these(project: Checkout) -> None:
    """All of them, with what they hold."""
    host = 'URL = "https://files.example/{session}"\n'
    project.feed("prices", DAILY.replace("close + 1h", "close + 2h"), TRAP + host)
    project.feed("more", DAILY.replace("close + 1h", "close + 2h").replace("2026-01-05", "2026-11-20"), host)
    project.calendar({**TEST, "verified_through": "2026-12-30"}, TEST_DAYS[:-1])
    found = ask_json(project)
    more, prices = found.pop("feeds")
    (collision,) = found.pop("collisions")
    assert found == {
        "base": {"ref": "main", "commit": git(project.root, "rev-parse", "main").strip()},
        "from": "2026-11-24T00:00:00+00:00",
        "until": "2027-12-29T00:00:00+00:00",
        "is_changed": True,
        "fires": {"added": 26, "removed": 1, "moved": 26, "lost_slack": 26},
        "calendars": [
            {
                "calendar": "TEST",
                "verified_through": {"before": "2026-12-31", "after": "2026-12-30"},
                "days": [
                    {
                        "before": "early close 09:30-13:00 (Day after Thanksgiving)",
                        "after": "session 09:30-16:00",
                        "dates": ["2026-11-27"],
                    }
                ],
            }
        ],
        "unknown_after": {"TEST": "2026-12-30"},
    }
    assert collision == {
        "feed": "more",
        "schedule": "daily",
        "other_feed": "prices",
        "other_schedule": "daily",
        "host": "files.example",
        "times": 26,
        "first": "2026-11-24T23:00:00+00:00",
    }
    assert (more["feed"], more["status"], more["past"]) == (
        "more",
        "added",
        {"backfill": ["2026-11-20", "2026-11-23"], "dropped": []},
    )
    (schedule,) = prices.pop("schedules")
    assert prices == {
        "feed": "prices",
        "status": "changed",
        "edits": [],
        "is_code_changed": True,
        "past": {"backfill": [], "dropped": []},
    }
    groups = {(group["what"], group["label"]): group for group in schedule.pop("groups")}
    assert schedule == {
        "schedule": "daily",
        "status": "changed",
        "formerly": None,
        "timezone": "America/New_York",
        "edits": [{"key": "schedules.daily.at", "before": "close + 1h", "after": "close + 2h"}],
    }
    assert groups["removed", None] == {
        "what": "removed",
        "label": None,
        "before": ["17:00"],
        "after": [],
        "days_later": [0, 0],
        "is_loss": False,
        "sessions": ["2026-12-31"],
        "fires": [{"session": "2026-12-31", "before_utc": "2026-12-31T22:00:00+00:00", "after_utc": None}],
    }
    assert groups["deadline", None]["before"] == ["3h"]
    assert groups["deadline", None]["after"] == ["2h"]
    assert groups["deadline", None]["is_loss"]
    assert groups["deadline", None]["fires"] == []


def test_no_code_is_run(project: Checkout) -> None:
    """Neither that of the commit nor that beside it: adapters, attributes and filters of either are data."""
    (project.root / ".gitattributes").write_text("*.py filter=trap\n*.yaml export-ignore\n")
    commit(project)
    trap = project.root / "was_run"
    git(project.root, "config", "filter.trap.smudge", f"touch {trap}; cat")
    project.feed("prices", DAILY.replace("close + 1h", "close + 2h"), TRAP)
    assert ask(project).exit_code == 2
    assert not list(project.root.rglob("was_run"))


def test_the_files_stay_as_they_are(project: Checkout) -> None:
    """Neither the index nor a file is touched, and nothing is left behind."""
    project.feed("prices", DAILY.replace("close + 1h", "close + 2h"), TRAP)
    before = git(project.root, "status", "--porcelain"), sorted(project.root.rglob("*"))
    for path in [project.root, *project.root.rglob("*")]:
        path.chmod(path.stat().st_mode & ~stat.S_IWUSR)
    assert ask(project).exit_code == 2
    for path in [project.root, *project.root.rglob("*")]:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    assert (git(project.root, "status", "--porcelain"), sorted(project.root.rglob("*"))) == before


def test_a_hook_does_not_mislead(project: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git tells hooks which repository they run in; the one around the project is asked."""
    git(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    assert ask(project).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--base", "nothing"], "marketday: no commit 'nothing' in this repository; fetch it first"),
        (["--base", "main:deep"], "marketday: no commit 'main:deep' in this repository"),
        (["--base", "--all"], "marketday: no commit '--all' in this repository"),
        (["--base", ""], "marketday: no commit '' in this repository"),
        (["--days", "0"], "0 is not in the range 1<=x<=4000 (see marketday plan --help)"),
        (["--what"], "marketday: No such option '--what'"),
        (["--json", "--markdown"], "marketday: --json and --markdown exclude each other"),
        (["--at", "soon"], "found 'soon', expected a date or instant"),
    ],
)
def test_each_mistake_is_one_line_and_1(project: Checkout, arguments: list[str], message: str) -> None:
    """2 means changes: a wrong command line is 1 here."""
    answer = ask(project, *arguments)
    assert (answer.exit_code, answer.stdout) == (1, "")
    (line,) = answer.stderr.splitlines()
    assert message in line


def test_the_base_must_be_named(project: Checkout) -> None:
    """There is no default: which commit is deployed, git does not know."""
    answer = CliRunner().invoke(main, ["plan", "--root", str(project.root)])
    assert answer.exit_code == 1
    assert "marketday: Missing option '--base'" in answer.stderr


def test_a_folder_outside_git_has_no_base(project: Checkout, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Git's own words say why."""
    alone = Checkout(tmp_path_factory.mktemp("alone"))
    answer = ask(alone)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith(f"marketday: {alone.root} is in no git repository that git can read (fatal: ")


def test_without_git_there_is_no_base(project: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, that names what is missing."""
    monkeypatch.setenv("PATH", os.devnull)
    answer = ask(project)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("marketday: git, which the base is read by, cannot be started: ")


def test_mistakes_of_the_base_are_told_with_their_lines(project: Checkout) -> None:
    """Of a commit that never was right, or is of another version of the language: each with the ref before it."""
    project.feed("prices", DAILY.replace("close + 1h", "whenever").replace("    deadline", "    until"), TRAP)
    project.feed("alone", DAILY.replace("TEST", "NONE"))
    commit(project)
    project.feed("prices", DAILY, TRAP)
    project.feed("alone", DAILY)
    answer = ask(project)
    assert (answer.exit_code, answer.stdout) == (1, "")
    alone, at, until, last = answer.stderr.splitlines()
    assert alone.startswith("main:adapters/alone.yaml:1: no calendar 'NONE' in calendars/compiled")
    assert at.startswith("main:adapters/prices.yaml:6: schedules.daily.at: found 'whenever'")
    assert until.startswith("main:adapters/prices.yaml:7: schedules.daily.until: unknown key")
    assert last == (
        "marketday: the files of main are no base: they have mistakes, or are of another version of the language; "
        "choose a --base whose files this version reads"
    )


def test_a_calendar_of_another_version_is_told(project: Checkout) -> None:
    """As a line, never as a traceback."""
    project.calendar({"code": "TEST", "version": 0})
    commit(project)
    project.calendar(TEST, TEST_DAYS)
    answer = ask(project)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("main:adapters/prices.yaml:1: calendars/compiled/TEST.jsonl is damaged")


def test_a_mistake_here_is_told_as_check_tells_it(project: Checkout) -> None:
    """Without a ref before it."""
    project.feed("prices", DAILY.replace("close + 1h", "whenever"), TRAP)
    answer = ask(project)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("adapters/prices.yaml:6: schedules.daily.at: found 'whenever'")


def test_a_link_in_the_base_is_not_followed(project: Checkout) -> None:
    """It may point anywhere."""
    (project.root / "adapters" / "linked.yaml").symlink_to("/etc/hostname")
    commit(project)
    (project.root / "adapters" / "linked.yaml").unlink()
    answer = ask(project)
    assert (answer.exit_code, answer.stderr) == (
        1,
        "marketday: main:adapters/linked.yaml: expected a file, found a link; what it points to is not read\n",
    )


def test_every_feed_is_new_against_a_commit_without_any(project: Checkout) -> None:
    """The first pull request of a project has a plan too."""
    git(project.root, "checkout", "--quiet", "--orphan", "empty")
    git(project.root, "rm", "--quiet", "-r", "--cached", ".")
    git(project.root, "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    answer = ask(project, "--base", "empty")
    assert answer.exit_code == 2
    assert "prices, new" in answer.stdout


def test_a_tag_a_hash_and_a_relative_name_are_refs(project: Checkout) -> None:
    """Whatever names a commit."""
    git(project.root, "tag", "--annotate", "--message", "One", "v1")
    project.feed("prices", DAILY.replace("close + 1h", "close + 2h"), TRAP)
    commit(project)
    refs = ["v1", "HEAD~1", git(project.root, "rev-parse", "HEAD~1").strip()]
    assert [ask(project, "--base", ref).exit_code for ref in refs] == [2, 2, 2]
    assert ask(project, "--base", "HEAD").exit_code == 0


def test_each_field_is_documented() -> None:
    """In the help as in docs/plan.md."""
    documented = (DOCS / "plan.md").read_text() + CliRunner().invoke(main, ["plan", "--help"]).stdout
    fields = {
        *("base", "ref", "commit", "from", "until", "is_changed", "fires", "added", "removed", "moved"),
        *("lost_slack", "feeds", "feed", "status", "edits", "key", "before", "after", "is_code_changed"),
        *("past", "backfill", "dropped", "schedules", "schedule", "formerly", "timezone", "groups", "what"),
        *("label", "days_later", "is_loss", "sessions", "session", "before_utc", "after_utc", "calendars"),
        *("calendar", "verified_through", "days", "dates", "collisions", "other_feed", "other_schedule"),
        *("host", "times", "first", "unknown_after"),
    }
    assert not [field for field in fields if len(re.findall(rf"\b{field}\b", documented)) < 2]


def test_the_example_workflow_finds_its_comment() -> None:
    """It looks for what the Markdown begins with, and lets 2 pass."""
    text = (DOCS / "plan-workflow.yml").read_text()
    steps = yaml.safe_load(text)["jobs"]["plan"]["steps"]
    assert f'startswith("{MARKER}")' in steps[-1]["run"]
    (script,) = [step["run"] for step in steps if step.get("name") == "plan"]
    for code, expected in ((0, 0), (2, 0), (1, 1)):
        ran = script.replace(".venv/bin/marketday plan", f"sh -c 'exit {code}' plan").replace("plan.md", "/dev/null")
        environment = {"GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": "/dev/null", "PATH": os.environ["PATH"]}
        assert subprocess.run(["bash", "-e", "-c", ran], env=environment).returncode == expected
