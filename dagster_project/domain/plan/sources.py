"""What the text of an adapter shows without running it: whether its code differs, and whom it asks."""

import ast
import re
from collections.abc import Iterator, Mapping

Texts = Mapping[str, str]  # the text of each adapters/<name>.py by name, shared code (`_<name>`) too

_HOST = re.compile(r"https?://([^\s/{}?#@]+)", re.IGNORECASE)
_SHARED = re.compile(r"\badapters(?:\.|\s+import\s+)(_\w+)")
_NOT_ASKED = frozenset({"referer", "origin"})  # headers hold addresses of pages that are not asked


def is_same_code(name: str, before: Texts, after: Texts) -> bool:
    """Whether an adapter and the shared code that it imports say the same; comments and layout are no code."""
    modules = _modules(name, before), _modules(name, after)
    return modules[0] == modules[1] and all(
        before.get(module) == after.get(module) or _code(before.get(module)) == _code(after.get(module))
        for module in modules[0]
    )


def hosts(name: str, texts: Texts) -> frozenset[str]:
    """The hosts in the constants of an adapter and of the shared code that it imports; empty: none can be read."""
    return frozenset(host for module in _modules(name, texts) for host in _hosts(texts.get(module, "")))


def _modules(name: str, texts: Texts) -> list[str]:
    """The adapter's own module, and every shared one that it leads to."""
    found = [name]
    for module in found:  # grows while it is read
        found += sorted({each for each in _SHARED.findall(texts.get(module, "")) if each not in found})
    return found


def _code(text: str | None) -> str | None:
    """The code as a tree; a text that is no Python is its own."""
    try:
        return None if text is None else ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return text


def _hosts(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for written in _strings(node.value):
                if host := _HOST.match(written):
                    yield host[1].lower()


def _strings(node: ast.expr) -> Iterator[str]:
    """The strings that a constant is or holds; of a composed one its start."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr) and node.values:
        yield from _strings(node.values[0])
    elif isinstance(node, ast.BinOp):
        yield from _strings(node.left)
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for element in node.elts:
            yield from _strings(element)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if not (isinstance(key, ast.Constant) and str(key.value).lower() in _NOT_ASKED):
                yield from _strings(value)
