"""A plan as Markdown, for a comment on a pull request."""

import re

from dagster_project.domain.plan.feeds import Plan
from dagster_project.domain.plan.text import sections, summary

_LONGEST = 60_000  # characters: GitHub refuses a comment of more than 65,536
MARKER = "<!-- marketday plan -->"  # by which a workflow finds the comment that it wrote before
_DAY = "%Y-%m-%d %H:%M"


def markdown(plan: Plan, base: str) -> str:
    """The plan against `base` (a ref as a person named it)."""
    window = f"{plan.since:{_DAY}} to {plan.until:{_DAY}} UTC"
    lines = [MARKER, "### Marketday plan", "", f"Against {code(base)}, {window}: **{summary(plan)}**."]
    for section in sections(plan, code):
        lines += ["", f"#### {section.title}", ""]
        for line in section.lines:
            mark = "" if line.mark in ("", "~") else f"**{line.mark}** "
            lines.append(f"{'  ' * line.depth}- {mark}{line.text}")
    return _cut("\n".join(lines) + "\n", base)


def code(text: str) -> str:
    """A code span: in it nothing is markup, and nobody is mentioned."""
    shown = printable(text)
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def printable(text: str) -> str:
    """A text on one line, without what would steer a terminal."""
    return "".join(each if each.isprintable() else "�" for each in " ".join(text.split()))


def _cut(text: str, base: str) -> str:
    if len(text) <= _LONGEST:
        return text
    whole = text[:_LONGEST].rpartition("\n")[0]
    rest = text.count("\n", len(whole) + 1)
    return f"{whole}\n\n{rest} more lines: `marketday plan --base` {code(base)} shows them.\n"
