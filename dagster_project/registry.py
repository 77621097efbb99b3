"""Finds the feeds: each `adapters/<name>.py` with its `adapters/<name>.yaml`.

Reading the schedule files imports no adapter, so that commands that only ask about time stay fast.
"""

import importlib.util
import keyword
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from dagster_project.domain.calendar import Calendar, CalendarError
from dagster_project.domain.fires import Feed
from dagster_project.domain.schedule import ScheduleFile
from dagster_project.io.calendars import load_calendar
from dagster_project.io.schedule_files import YamlError, read_yaml
from dagster_project.mistakes import Mistake, ScheduleFileError, close_match, validation_mistakes

if TYPE_CHECKING:
    from dagster_project.adapter import Adapter

__all__ = [
    "AdapterFileError",
    "Mistake",
    "ScheduleFileError",
    "UnknownFeed",
    "adapter_module",
    "calendar",
    "feed",
    "feeds",
    "load_adapter",
    "project_root",
    "read_feeds",
    "why_no_name",
]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Python's own words, and those that Dagster keeps for itself: no asset can have one as its name.
_RESERVED = frozenset(keyword.kwlist).union(
    ("arg_dict", "bool", "conf", "config", "context", "dict", "float", "input", "input_arg_dict"),
    ("int", "meta", "output", "output_arg_dict", "str", "type"),
)


class UnknownFeed(LookupError):
    """A feed that does not exist; names the ones that do."""


class AdapterFileError(Exception):
    """An adapter file that cannot be loaded, or lacks a part."""


def project_root() -> Path:
    """The folder that holds `adapters/`, `calendars/` and this package."""
    return Path(__file__).resolve().parent.parent


def feeds(root: Path) -> list[Feed]:
    """Every feed under `root`, by name. Raises ScheduleFileError with all mistakes of all files."""
    found, mistakes = read_feeds(root)
    if mistakes:
        raise ScheduleFileError(mistakes)
    return found


def read_feeds(root: Path) -> tuple[list[Feed], list[Mistake]]:
    """The feeds under `root` whose files are right, and the mistakes of all others, by name."""
    found: list[Feed] = []
    mistakes: list[Mistake] = []
    for name in _names(root):
        result = _read(name, root)
        if isinstance(result, Feed):
            found.append(result)
        else:
            mistakes.extend(result)
    return found, mistakes


def feed(name: str, root: Path) -> Feed:
    """The feed `name` under `root`; no other file is read, so a mistake elsewhere does not matter.

    Raises UnknownFeed that names the feeds that there are, or ScheduleFileError.
    """
    names = _names(root)
    if name not in names:
        raise UnknownFeed(f"no feed {name!r}; there are: {', '.join(names) or 'none'}{close_match(name, names)}")
    result = _read(name, root)
    if not isinstance(result, Feed):
        raise ScheduleFileError(result)
    return result


def calendar(code: str, root: Path) -> Calendar:
    """The compiled calendar `code` under `root`. Raises CalendarError where there is none, or its file is damaged."""
    try:
        return load_calendar(code, root / "calendars")
    except CalendarError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        file, again = f"calendars/compiled/{code}.jsonl", f"python -m dagster_project.calendar_compiler {code}"
        raise CalendarError(f"{file} is damaged ({error!r}); compile it again: {again}") from None


def why_no_name(name: str) -> str | None:
    """What is wrong with `name` as the name of a feed; None where nothing is."""
    if not _NAME.fullmatch(name):
        return f"found {name!r}, expected lower-case letters, digits and underscores, a letter first"
    if name in _RESERVED:
        return f"{name!r} is a word of Python's or Dagster's: choose another"
    return None


def load_adapter(name: str, root: Path) -> "Adapter":
    """The adapter of feed `name`. Raises AdapterFileError where the file lacks `adapter`."""
    # Imported here: polars comes with it, and the commands that only ask about time do without.
    from dagster_project.adapter import Adapter

    adapter = getattr(adapter_module(name, root), "adapter", None)
    if not isinstance(adapter, Adapter):
        raise AdapterFileError(f"adapters/{name}.py: expected `adapter = Adapter(...)`, found {adapter!r}")
    return adapter


@cache
def adapter_module(name: str, root: Path) -> ModuleType:
    """The module `adapters/<name>.py`, loaded once a process."""
    path = root / "adapters" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"adapters.{name}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise AdapterFileError(f"adapters/{name}.py: no such file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _names(root: Path) -> list[str]:
    """Whatever has a file of either kind. A file that begins with an underscore is shared code, no adapter."""
    folder = root / "adapters"
    paths = [*folder.glob("*.py"), *folder.glob("*.yaml")]
    return sorted({path.stem for path in paths if not path.stem.startswith("_")})


def _read(name: str, root: Path) -> Feed | list[Mistake]:
    file, adapter = f"adapters/{name}.yaml", f"adapters/{name}.py"
    mistakes = []
    if reason := why_no_name(name):
        mistakes.append(Mistake(file, 1, f"the name of the feed: {reason}"))
    if not (root / adapter).is_file():
        mistakes.append(Mistake(file, 1, f"has no adapter; write {adapter}"))
    if not (root / file).is_file():
        return [*mistakes, Mistake(adapter, 1, f"has no schedule file; write {file}")]
    try:
        located = read_yaml((root / file).read_text(encoding="utf-8"))
        read = ScheduleFile.model_validate(located.value)
    except UnicodeDecodeError as error:
        return [*mistakes, Mistake(file, error.object.count(b"\n", 0, error.start) + 1, "not UTF-8 text")]
    except YamlError as error:
        return [*mistakes, Mistake(file, error.line, str(error))]
    except ValidationError as error:
        return [*mistakes, *validation_mistakes(file, located, error, ScheduleFile)]
    try:
        known = calendar(read.calendar, root)
    except CalendarError as error:
        return [*mistakes, Mistake(file, located.line("calendar"), str(error))]
    if not known.is_known(read.start):
        expected = f"expected a date that {known.code} knows: {known.first} through {known.verified_through}"
        mistakes.append(Mistake(file, located.line("start"), f"start: found {read.start}, {expected}"))
    return mistakes or Feed(name, known, read.start, read.owner, read.schedules)
