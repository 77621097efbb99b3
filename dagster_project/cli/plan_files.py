"""The two states of the files that `marketday plan` compares: those of a commit, and those here."""

from pathlib import Path
from tempfile import TemporaryDirectory

from dagster_project.cli.options import Refused
from dagster_project.domain.plan import Files
from dagster_project.io.git_tree import Tree
from dagster_project.registry import read_feeds


def files_here(root: Path) -> Files:
    """The files under `root`, or the reasons why they cannot be read."""
    return _read(root, "")


def files_of(tree: Tree) -> Files:
    """The files of a commit, or the reasons why they cannot be read."""
    with TemporaryDirectory(prefix="marketday-plan-") as folder:
        root = Path(folder).resolve()
        tree.write(root)
        try:
            return _read(root, f"{tree.ref}:")
        except Refused as error:
            reasons = str(error).replace(f"{root}/", "")  # where they lie is no matter of the user's
            why = "they have mistakes, or are of another version of the language"
            next_step = "choose a --base whose files this version reads"
            raise Refused(f"{reasons}\nmarketday: the files of {tree.ref} are no base: {why}; {next_step}") from None


def _read(root: Path, where: str) -> Files:
    feeds, mistakes = read_feeds(root)
    if mistakes:
        raise Refused("\n".join(f"{where}{each}" for each in mistakes))
    adapters = {path.stem: path.read_text(errors="replace") for path in (root / "adapters").glob("*.py")}
    return Files(tuple(feeds), adapters)
