"""Ranges over HTTP, and small JSON answers; the errors say what to do."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2

from autoglm_serving.sources.base import Interrupted, NoRanges, RemoteFile, SourceError

TIMEOUT = httpx2.Timeout(60.0, connect=10.0)
ADVICE = {
    401: "the credentials are missing or wrong",
    403: "the credentials may not read it",
    404: "check the name and the revision",
}
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})


class Unauthorized(SourceError):
    """The credentials are missing, wrong or too old; `challenge` says what the server wants."""

    def __init__(self, message: str, challenge: str) -> None:
        super().__init__(message)
        self.challenge = challenge


class Http:
    """One client for all threads. Redirects are followed; credentials go to the first host only."""

    def __init__(self, source: str, headers: Mapping[str, str] | None = None) -> None:
        """`source` is what messages call it."""
        self._source = source
        # A compressed answer would have other lengths and ranges than the file.
        given = {"Accept-Encoding": "identity", "User-Agent": "autoglm-serving", **(headers or {})}
        self._client = httpx2.Client(headers=given, timeout=TIMEOUT, follow_redirects=True)

    def close(self) -> None:
        self._client.close()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        """Of any status, with its body read. Raises Interrupted."""
        try:
            return self._client.get(url, headers=dict(headers or {}))
        except httpx2.HTTPError as error:
            raise Interrupted(f"{_host(url)}: {error or type(error).__name__}") from error

    def json(self, url: str, headers: Mapping[str, str] | None = None) -> tuple[Any, httpx2.Response]:
        """Raises SourceError or Interrupted."""
        response = self.get(url, headers)
        self.check(response)
        try:
            return response.json(), response
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{self._source}: {_host(url)} did not answer with JSON: {error}") from None

    def read(self, file: RemoteFile, start: int, end: int, headers: Mapping[str, str] | None = None) -> Iterator[bytes]:
        """As Source.read; the file's key is its URL."""
        asked = {"Range": f"bytes={start}-{end - 1}", **(headers or {})}
        try:
            with self._client.stream("GET", file.key, headers=asked) as response:
                if response.status_code == httpx2.codes.OK and (start, end) != (0, file.size):
                    raise NoRanges
                self.check(response)
                self._check_size(response, file)
                yield from response.iter_raw()
        except httpx2.HTTPError as error:
            raise Interrupted(f"{_host(file.key)}: {error or type(error).__name__}") from error

    def check(self, response: httpx2.Response) -> None:
        """Raises SourceError or Interrupted for a status that is no success."""
        status = response.status_code
        host = response.url.host
        if status in TRANSIENT:
            raise Interrupted(f"{host} answers {status}")
        if response.is_success:
            return
        message = f"{self._source}: {host} answers {status}: {ADVICE.get(status, 'it is refused')}"
        if status == httpx2.codes.UNAUTHORIZED:
            raise Unauthorized(message, response.headers.get("WWW-Authenticate", ""))
        raise SourceError(message)

    def _check_size(self, response: httpx2.Response, file: RemoteFile) -> None:
        """A file whose size is not what the list said is another file, or a lie."""
        total = response.headers.get("Content-Range", "").rpartition("/")[2]
        if response.status_code == httpx2.codes.OK:
            total = response.headers.get("Content-Length", "")
        if total.isdecimal() and int(total) != file.size:
            raise SourceError(
                f"{self._source}: {file.name} has {total} bytes, but the list of files says {file.size}:"
                " it changed meanwhile, or the server lies; run the same again"
            )


def _host(url: str) -> str:
    """For messages: a URL's query may hold a signature."""
    return urlsplit(url).hostname or url
