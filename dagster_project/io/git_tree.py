"""The files of a commit, read from git as data: nothing of it is checked out, and none of its code runs.

`git cat-file` gives each file as it was committed; neither attributes nor filters nor hooks of the commit apply.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_READ = re.compile(r"(adapters/[^/]+\.(py|yaml)|calendars/compiled/[^/]+\.jsonl)")
_FILES = ("100644", "100755")
# A hook sets these for its own repository; the one around the folder is meant.
_OTHERS = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})


class GitError(Exception):
    """A commit that cannot be read: why, and what to do."""


@dataclass(frozen=True)
class Tree:
    """The adapters, schedule files and compiled calendars of one commit, by their paths from the project's root."""

    ref: str  # as it was asked for
    commit: str  # its full hash
    files: dict[str, bytes]

    def write(self, folder: Path) -> None:
        """Puts the files under `folder`, where they can be read as those of a checkout."""
        for path, content in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)


def read_tree(root: Path, ref: str) -> Tree:
    """The files at `ref` (a branch, tag or commit) of the project in `root`, which may lie deep in a repository.

    Raises GitError.
    """
    _git(root, "rev-parse", "--git-dir", why=f"{root} is in no git repository that git can read")
    commit = _git(
        root,
        *("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"),
        why=f"no commit {ref!r} in this repository; fetch it first (in CI, check out the whole history)",
    )
    name = commit.decode().strip()
    listed = _git(root, "ls-tree", "-r", "-z", name, "--", "adapters", "calendars/compiled", why=f"cannot list {ref!r}")
    hashes = dict(_entries(ref, os.fsdecode(listed)))
    wanted = "".join(f"{each}\n" for each in hashes.values()).encode()
    contents = _git(root, "cat-file", "--batch", why=f"cannot read the files of {ref!r}", stdin=wanted)
    return Tree(ref, name, dict(zip(hashes, _contents(ref, contents), strict=True)))


def _entries(ref: str, listed: str) -> Iterator[tuple[str, str]]:
    """The path and the hash of each file that is read."""
    for entry in filter(None, listed.split("\0")):
        about, _, path = entry.partition("\t")
        mode, _, name = about.split(" ")
        if not _READ.fullmatch(path):
            continue
        if mode not in _FILES:
            raise GitError(f"{ref}:{path}: expected a file, found a link; what it points to is not read")
        yield path, name


def _contents(ref: str, batch: bytes) -> Iterator[bytes]:
    """The contents in the answer of `git cat-file --batch`: for each a line `<hash> blob <bytes>`, then the bytes."""
    at = 0
    while at < len(batch):
        end = batch.index(b"\n", at)
        head = batch[at:end].split()
        if head[1:2] != [b"blob"]:
            raise GitError(f"{ref}: git lacks a file of this commit ({batch[at:end].decode()}); fetch it whole")
        at = end + 1 + int(head[2])
        yield batch[end + 1 : at]
        at += 1


def _git(root: Path, *arguments: str, why: str, stdin: bytes | None = None) -> bytes:
    """What git prints. Raises GitError with `why` and git's own words."""
    environment = {name: value for name, value in os.environ.items() if name not in _OTHERS}
    try:
        done = subprocess.run(["git", *arguments], cwd=root, env=environment, input=stdin, capture_output=True)
    except OSError as error:
        raise GitError(f"git, which the base is read by, cannot be started: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise GitError(f"{why}{f' ({said[0]})' if said else ''}")
    return done.stdout
