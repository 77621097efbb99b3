"""What an answer that is no data says: its headline in words, and which error that is.

Sources put an HTML page where a file should be, often with status 200, and sometimes with a status that means
something else elsewhere (403 for "no such file", 403 for "too fast"). The page's own words decide: the headline
first, since a page about one thing mentions others in its small print.
"""

import re
from datetime import timedelta

from lxml import etree

from dagster_project.adapter import AccessDenied, AdapterError, RateLimited, SourceChanged, SourceUnavailable

READ_AT_MOST = 64 * 1024
SHORT = 2048  # an answer that is no page is judged by its words only up to here: a data file holds any word

_PAGE = re.compile(rb"(?:\s|<\?xml[^>]*>|<!--.*?-->)*<(?:!doctype\s+html|html|head|title|body)\b", re.I | re.S)
_TOO_FAST = re.compile(
    r"request rate|number of requests|too many requests|rate limit|threshold exceeded|requests per second", re.I
)
# The words of a wall in front of the source, whatever else its page says.
_BLOCKED = re.compile(
    r"undeclared automated|captcha|request blocked|block access from your country|unusual traffic|not a robot", re.I
)
_WALL = re.compile(rf"{_BLOCKED.pattern}|access\s*denied", re.I)
_DENIED = re.compile(rf"{_WALL.pattern}|forbidden|not authori[sz]ed|unauthori[sz]ed", re.I)
_NOT_NOW = re.compile(
    r"temporarily unavailable|try again|service unavailable|maintenance|bad gateway|gateway time-?out|back soon", re.I
)
_WAIT = re.compile(r"\b(?:after|in|for) (\d{1,4}) (second|minute|hour)", re.I)


def is_page(content: bytes) -> bool:
    """Whether `content` is an HTML page."""
    return _PAGE.match(content.removeprefix(b"\xef\xbb\xbf")[:SHORT]) is not None


def opening(content: bytes, length: int = 120) -> str:
    """What `content` begins with, fit for a message: the headline of a page, else its first bytes, on one line."""
    if not content:
        return "nothing"
    if is_page(content):
        headline, text = _words(content)
        return f"an HTML page, “{_line(headline or text, length)}”"
    return f"“{_line(content[: 2 * length].decode('utf-8', 'backslashreplace'), length)}”"


def refusal(content: bytes) -> type[AdapterError] | None:
    """Which error the words of `content` are: RateLimited, AccessDenied or SourceUnavailable; None if none."""
    if not is_page(content) and len(content) > SHORT:
        return None
    headline, text = _words(content)
    for words in (headline, text):
        # A page that calls a client a robot goes on to explain the permitted rate: so the wall comes first.
        if _BLOCKED.search(words):
            return AccessDenied
        if _TOO_FAST.search(words):
            return RateLimited
        if _DENIED.search(words):
            return AccessDenied
        if _NOT_NOW.search(words):
            return SourceUnavailable
    return None


def is_wall(content: bytes) -> bool:
    """Whether `content` is a page that blocks us or asks for fewer requests, whatever its status says.

    For statuses that mean "no such file" too: an object store says AccessDenied of a key that is not there, but in
    XML; and a page that only repeats its status ("403 Forbidden") says nothing.
    """
    return is_page(content) and any(_WALL.search(words) or _TOO_FAST.search(words) for words in _words(content))


def unexpected(content: bytes, message: str, default: type[AdapterError] = SourceChanged) -> AdapterError:
    """The error to raise for an answer that is not what was asked for: chosen by its words, else `default`."""
    kind = refusal(content) or default
    said = f"{message}: found {opening(content)}"
    return RateLimited(said, _asked_to_wait(content)) if kind is RateLimited else kind(said)


def refuse_page(payload: bytes, expected: str) -> None:
    """Raise unless `payload` holds something that is no HTML page. `expected` says what it should be."""
    if not payload.strip():
        raise SourceUnavailable(f"expected {expected}, found an empty body of {len(payload)} bytes; ask again")
    if is_page(payload):
        raise unexpected(payload, f"expected {expected}")


def _asked_to_wait(content: bytes) -> timedelta | None:
    found = _WAIT.search(" ".join(_words(content)))
    return timedelta(**{f"{found[2].lower()}s": int(found[1])}) if found else None


def _words(content: bytes) -> tuple[str, str]:
    """The headline and the visible text of a page; of anything else, nothing and all of it."""
    content = content[:READ_AT_MOST]
    if not is_page(content):
        return "", content.decode("utf-8", "replace")
    try:
        root = etree.fromstring(content, etree.HTMLParser(no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        return "", content.decode("utf-8", "replace")
    etree.strip_elements(root, etree.Comment, "script", "style", "svg", with_tail=False)
    headlines = filter(None, (_line(_text(node)) for node in root.iter("title", "h1", "h2")))
    return " · ".join(headlines), _line(_text(root))


def _text(node: etree._Element) -> str:
    return " ".join(str(part) for part in node.itertext())


def _line(text: str, length: int = READ_AT_MOST) -> str:
    """`text` on one line, without what a terminal would not print, cut to `length`."""
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return flat if len(flat) <= length else f"{flat[: length - 1]}…"
