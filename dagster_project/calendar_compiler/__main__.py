"""`python -m dagster_project.calendar_compiler [CODE ...] [--check]`: compiles calendars, or compares them."""

from importlib.metadata import version
from pathlib import Path

import click

from dagster_project.calendar_compiler.compiled import Compiled, compiled
from dagster_project.calendar_compiler.difference import difference
from dagster_project.calendar_compiler.libraries import LibraryError, check_pandas
from dagster_project.calendar_compiler.rules_file import RulesError, read_rules

_FOLDER = Path(__file__).resolve().parents[2] / "calendars"


@click.command()
@click.argument("codes", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where what is committed differs.")
@click.option("--folder", type=click.Path(path_type=Path, exists=True), default=_FOLDER, help="Where CODE.yaml lie.")
def main(codes: tuple[str, ...], check: bool, folder: Path) -> None:
    """Compiles CODE.yaml to compiled/CODE.jsonl, for the given calendars or for all of them."""
    found: dict[str, Compiled] = {}
    mistakes: list[str] = []
    try:
        check_pandas(version("pandas"))
    except LibraryError as error:
        raise click.ClickException(str(error)) from None
    for code, path in _rules(codes, folder).items():
        try:
            found[code] = compiled(read_rules(path))
        except (RulesError, LibraryError) as error:
            mistakes.append(str(error))
    if mistakes:
        raise click.ClickException("\n".join(mistakes))
    differing = [code for code, result in found.items() if _show(code, result, folder)]
    if not check:
        (folder / "compiled").mkdir(exist_ok=True)
        for code, result in found.items():
            (folder / "compiled" / f"{code}.jsonl").write_text(result.text, encoding="utf-8")
    elif differing:
        raise SystemExit(1)


def _rules(codes: tuple[str, ...], folder: Path) -> dict[str, Path]:
    there = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    unknown = [code for code in codes if code not in there]
    if unknown:
        raise click.ClickException(f"no {unknown[0]}.yaml in {folder.name}/; there are: {', '.join(there) or 'none'}")
    return {code: there[code] for code in codes or there}


def _show(code: str, result: Compiled, folder: Path) -> bool:
    path = folder / "compiled" / f"{code}.jsonl"
    for warning in result.warnings:
        click.echo(f"warning: {warning}", err=True)
    if not path.is_file():
        click.echo(f"{code}: not compiled before")
        return True
    lines = difference(path.read_text(encoding="utf-8"), result.text)
    click.echo(f"{code}: {'differs from what is committed' if lines else 'as committed'}")
    for line in lines:
        click.echo(f"  {line}")
    return bool(lines)


if __name__ == "__main__":
    main()
