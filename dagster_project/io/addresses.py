"""Addresses of sources: where they lead, where a redirect may lead, and how they are shown."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

from dagster_project.adapter import SourceChanged


@dataclass(frozen=True)
class Sources:
    """Where addresses lead: to the sources themselves, or to a simulator that speaks for all of them.

    With a `base`, `https://host/path` is asked of the simulator as `<base>/host/path`.
    """

    base: str | None = None

    def address(self, url: str) -> str:
        if self.base is None:
            return url
        parts = urlsplit(url)
        return f"{self.base.rstrip('/')}/{parts.netloc}{urlunsplit(('', '', parts.path or '/', parts.query, ''))}"


LIVE = Sources()


def onward(url: str, location: str) -> str:
    """Where a redirect from `url` leads. SourceChanged where that is less safe than `url`, or no web address."""
    found = urljoin(url, location)
    is_safe = urlsplit(found).scheme == "https" or urlsplit(found).scheme == urlsplit(url).scheme == "http"
    if not is_safe:
        raise SourceChanged(f"{shown(url)} redirects to {shown(found)}: expected an https address")
    return found


def shown(url: str) -> str:
    """An address for a message: without a login, and without the values of its query, which may be keys."""
    parts = urlsplit(without_login(url))
    names = [pair.partition("=")[0] for pair in parts.query.split("&") if pair]
    return urlunsplit(parts._replace(query="&".join(f"{name}=…" for name in names), fragment=""))


def without_login(url: str) -> str:
    """An address without the user and password that may stand in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
