"""Hugging Face and ModelScope: two sites, the same idea. A mirror is another endpoint."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from autoglm_serving.sources.base import RemoteFile, SourceError, check_name
from autoglm_serving.sources.http import Http

HUGGINGFACE = "https://huggingface.co"
MODELSCOPE = "https://modelscope.cn"


class HuggingFace:
    """`hf://owner/name@revision`. HF_ENDPOINT names a mirror, HF_TOKEN opens private models.

    The revision is resolved to a commit once, so that a push in between mixes no two versions.
    """

    def __init__(self, repository: str, revision: str, environment: Mapping[str, str]) -> None:
        self.name = f"hf://{repository}@{revision or 'main'}"
        self._site = environment.get("HF_ENDPOINT", HUGGINGFACE).rstrip("/")
        self._repository = repository
        self._revision = revision or "main"
        token = environment.get("HF_TOKEN", "")
        self._http = Http(self.name, {"Authorization": f"Bearer {token}"} if token else {})

    def files(self) -> Sequence[RemoteFile]:
        api = f"{self._site}/api/models/{self._repository}"
        info, _ = self._http.json(f"{api}/revision/{quote(self._revision, safe='')}")
        commit = str(_field(self.name, info, "sha"))
        found: list[RemoteFile] = []
        url: str | None = f"{api}/tree/{commit}?recursive=true"
        while url is not None:
            entries, response = self._http.json(url)
            if not isinstance(entries, list):
                raise SourceError(f"{self.name}: the list of files has another form than Hugging Face's")
            found += [self._file(commit, entry) for entry in entries if entry.get("type") == "file"]
            url = response.links.get("next", {}).get("url")
        return found

    def read(self, file: RemoteFile, start: int, end: int) -> Iterator[bytes]:
        return self._http.read(file, start, end)

    def close(self) -> None:
        self._http.close()

    def _file(self, commit: str, entry: Mapping[str, Any]) -> RemoteFile:
        name = check_name(self.name, str(_field(self.name, entry, "path")))
        lfs = entry.get("lfs") or {}
        return RemoteFile(
            name=name,
            size=int(_field(self.name, lfs or entry, "size")),
            key=f"{self._site}/{self._repository}/resolve/{commit}/{quote(name)}",
            sha256=str(lfs.get("oid", "")),
            blob_sha1="" if lfs else str(entry.get("oid", "")),
        )


class ModelScope:
    """`modelscope://owner/name@revision`. MODELSCOPE_ENDPOINT names a mirror, MODELSCOPE_API_TOKEN opens private
    models."""

    def __init__(self, repository: str, revision: str, environment: Mapping[str, str]) -> None:
        self._revision = revision or "master"
        self.name = f"modelscope://{repository}@{self._revision}"
        site = environment.get("MODELSCOPE_ENDPOINT", MODELSCOPE).rstrip("/")
        self._api = f"{site}/api/v1/models/{repository}/repo"
        token = environment.get("MODELSCOPE_API_TOKEN", "")
        # The site's own client sends its token as this cookie.
        self._http = Http(self.name, {"Cookie": f"m_session_id={token}"} if token else {})

    def files(self) -> Sequence[RemoteFile]:
        revision = quote(self._revision, safe="")
        answer, _ = self._http.json(f"{self._api}/files?Revision={revision}&Recursive=true")
        data = _field(self.name, answer, "Data")
        if not isinstance(data, dict) or answer.get("Code") not in (200, None):
            raise SourceError(f"{self.name}: {answer.get('Message') or 'the site gives no list of files'}")
        return [self._file(revision, entry) for entry in data.get("Files") or () if entry.get("Type") != "tree"]

    def read(self, file: RemoteFile, start: int, end: int) -> Iterator[bytes]:
        return self._http.read(file, start, end)

    def close(self) -> None:
        self._http.close()

    def _file(self, revision: str, entry: Mapping[str, Any]) -> RemoteFile:
        name = check_name(self.name, str(_field(self.name, entry, "Path")))
        return RemoteFile(
            name=name,
            size=int(_field(self.name, entry, "Size")),
            key=f"{self._api}?Revision={revision}&FilePath={quote(name, safe='')}",
            sha256=str(entry.get("Sha256") or ""),
        )


def _field(source: str, answer: Any, name: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        raise SourceError(f"{source}: the answer has no {name!r}: is the endpoint right?")
    return answer[name]
