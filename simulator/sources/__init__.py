"""The simulated sources, one module each, found by file name: a new source is one new file."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from simulator.source import Source


@cache
def find_sources() -> dict[str, Source]:
    """Every source under the name of its module, which is the name of its feed."""
    found: dict[str, Source] = {}
    for name in sorted(module.name for module in iter_modules(__path__)):
        source = getattr(import_module(f"{__name__}.{name}"), "source", None)
        if not isinstance(source, Source):
            raise TypeError(f"simulator/sources/{name}.py: found no `source`, expected `source = Source(...)`")
        found[name] = source
    return found
