"""How two compiled texts of one calendar differ, day by day."""

import json
import re

_LINE = re.compile(r"^(calendars/\w+\.yaml):\d+")


def difference(committed: str, compiled: str) -> list[str]:
    """One line per day or heading that differs: `-` as committed, `+` as compiled now. Empty: the same text.

    That an overlay stands at another line of its file is one difference for all days together.
    """
    before, after = _parts(committed), _parts(compiled)
    lines = []
    for key in sorted(before.keys() | after.keys(), key=lambda key: (key[:1].isdigit(), key)):
        if before.get(key) != after.get(key):
            lines += [f"- {key} {each}" for each in before.get(key, [])]
            lines += [f"+ {key} {each}" for each in after.get(key, [])]
    if not lines and committed != compiled:
        lines.append("~ overlays stand at other lines of their file")
    return lines


def _parts(text: str) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for at, line in enumerate(text.splitlines()):
        fields = json.loads(line)
        if at == 0:
            parts |= {key: [json.dumps(value, ensure_ascii=False)] for key, value in fields.items()}
            continue
        day = fields.pop("date")
        fields["source"] = _LINE.sub(r"\1", fields["source"])
        parts.setdefault(day, []).append(json.dumps(fields, ensure_ascii=False))
    return parts
