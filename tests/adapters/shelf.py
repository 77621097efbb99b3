"""A source whose files stand on a shelf: the port of the adapters' tests."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dagster_project.adapter import MAX_BYTES, NotYetPublished, Payload


@dataclass
class Shelf:
    """`dagster_project.adapter.Http` over a dictionary; `asked` keeps what was asked of it."""

    files: Mapping[str, bytes]
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    absent: list[Collection[int]] = field(default_factory=list)

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        absent: Collection[int] = (404,),
        max_bytes: int = MAX_BYTES,
    ) -> Payload:
        return Payload(self._find("GET", url, headers, absent), url, datetime(2026, 2, 2, 12, tzinfo=UTC))

    def head(
        self, url: str, *, headers: Mapping[str, str] | None = None, absent: Collection[int] = (404,)
    ) -> Mapping[str, str]:
        return {"content-length": str(len(self._find("HEAD", url, headers, absent)))}

    def _find(self, method: str, url: str, headers: Mapping[str, str] | None, absent: Collection[int]) -> bytes:
        self.asked.append((method, url))
        self.headers.append(headers or {})
        self.absent.append(absent)
        if url not in self.files:
            raise NotYetPublished(f"{url} is not on the shelf")
        return self.files[url]
