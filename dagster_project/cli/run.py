"""`marketday run` and `marketday env`: the whole on one machine, and how another terminal works with it."""

import click

from dagster_project.cli.options import Refused


@click.command("run")
@click.option("--host", help="Where the web server listens. Default: MARKETDAY_HOST, else 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Its port. Default: MARKETDAY_PORT, else 3000.")
@click.option(
    "--sources",
    type=click.Choice(["simulated", "live"]),
    help="Ask the simulator, or the sources themselves. Default: MARKETDAY_SOURCES, else simulated.",
)
@click.option("--keep", is_flag=True, help="Go on when the process that started it ends.")
def run(host: str | None, port: int | None, sources: str | None, keep: bool) -> int:
    """Start everything; Ctrl-C stops it.

    Database, source simulator, code server, daemon and web server, on this machine.
    """
    # Imported here, as below: it starts processes, and brings what the reading commands do without.
    from dagster_project.run import run as start

    return start(host=host, port=port, sources=sources, keep=keep)


@click.command("env")
def env() -> None:
    """Print what `dagster …` needs in another terminal.

    For eval "$(marketday env)": `export NAME='value'` lines. They hold the database's password: do not keep them in
    a file.
    """
    from dagster_project.run import environment

    try:
        found = environment()
    except RuntimeError as error:
        raise Refused(f"marketday: {error}") from None
    for name, value in found.items():
        click.echo(f"export {name}={_quoted(value)}")


def _quoted(value: str) -> str:
    """One word for a POSIX shell, whatever it holds."""
    return "'" + value.replace("'", "'\\''") + "'"
