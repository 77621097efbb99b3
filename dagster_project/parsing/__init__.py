"""From a payload to a frame, strictly: what the adapters' parse functions are made of.

Nothing is guessed, skipped or filled in. A payload that is not what an adapter expects is an AdapterError that says
what was found, where, and what was expected:

* a page or text that says why there is no data is the error that its words mean (see `pages`);
* nothing, or what is cut short or damaged (a zip without its directory, a CRC, unclosed XML, a missing or differing
  row count), is SourceUnavailable: asked for again, it usually comes whole;
* everything else is SourceChanged.
"""

from dagster_project.parsing.archive import only_member
from dagster_project.parsing.pages import refuse_page, unexpected
from dagster_project.parsing.text import delimited, require_end, require_header, text_lines, without_count
from dagster_project.parsing.values import day, require, require_session, require_unique, typed
from dagster_project.parsing.xml import attributes, children, xml_root

__all__ = [
    "attributes",
    "children",
    "day",
    "delimited",
    "only_member",
    "refuse_page",
    "require",
    "require_end",
    "require_header",
    "require_session",
    "require_unique",
    "text_lines",
    "typed",
    "unexpected",
    "without_count",
    "xml_root",
]
