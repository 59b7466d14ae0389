"""Registries: an artifact whose layers are the files (as `oras push` makes it), or an image with them in /models."""

import base64
import hashlib
import json
import platform
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from autoglm_serving.errors import SettingsError
from autoglm_serving.sources.base import RemoteFile, SourceError, check_name
from autoglm_serving.sources.http import Http, Unauthorized
from autoglm_serving.sources.layers import LAYERS

MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
TITLE = "org.opencontainers.image.title"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}

_LOCATION = re.compile(r"oci://([\w.-]+(?::\d+)?)/([a-z0-9._/-]+?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?")
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class Image:
    def __init__(self, location: str, environment: Mapping[str, str]) -> None:
        """Raises SettingsError."""
        match = _LOCATION.fullmatch(location)
        if match is None or not (match[3] or match[4]):
            raise SettingsError(f"SOURCE: {location!r} is not oci://registry/name:tag or oci://registry/name@sha256:…")
        self.name = location
        host, self._repository, tag, digest = match.groups()
        self._reference = digest or tag
        # As docker does: nobody gives certificates to this machine itself.
        scheme = "http" if host.partition(":")[0] in ("localhost", "127.0.0.1") else "https"
        self._site = f"{scheme}://{host}/v2/{self._repository}"
        self._http = Http(self.name)
        self._basic = _credentials(host, environment)
        self._lock = threading.Lock()
        self._authorization: dict[str, str] = {}

    def files(self) -> Sequence[RemoteFile]:
        manifest = self._manifest(self._reference)
        layers = manifest.get("layers")
        if not isinstance(layers, list):
            raise SourceError(f"{self.name}: the manifest has no layers")
        return [self._file(layer) for layer in layers]

    def read(self, file: RemoteFile, start: int, end: int) -> Iterator[bytes]:
        used = self._authorization
        try:
            yield from self._http.read(file, start, end, used)
        except Unauthorized as error:
            # Tokens last some minutes. It comes before the first byte, so nothing is sent twice.
            self._authorize(error.challenge, used)
            yield from self._http.read(file, start, end, self._authorization)

    def close(self) -> None:
        self._http.close()

    def _file(self, layer: Mapping[str, Any]) -> RemoteFile:
        try:
            algorithm, _, digest = str(layer["digest"]).partition(":")
            size = int(layer["size"])
        except (KeyError, TypeError, ValueError):
            raise SourceError(f"{self.name}: a layer has no digest or no size") from None
        if algorithm != "sha256" or not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise SourceError(f"{self.name}: {algorithm} digests are not supported: use sha256")
        title = (layer.get("annotations") or {}).get(TITLE)
        is_tar = "tar" in str(layer.get("mediaType", ""))
        name = f"{LAYERS}/{digest}" if is_tar or not title else check_name(self.name, str(title))
        return RemoteFile(name=name, size=size, key=f"{self._site}/blobs/sha256:{digest}", sha256=digest)

    def _manifest(self, reference: str) -> dict[str, Any]:
        url = f"{self._site}/manifests/{reference}"
        accept = {"Accept": ", ".join((*MANIFESTS, *INDEXES))}
        response = self._http.get(url, accept | self._authorization)
        if response.status_code == 401:
            self._authorize(response.headers.get("WWW-Authenticate", ""), self._authorization)
            response = self._http.get(url, accept | self._authorization)
        self._http.check(response)
        if reference.startswith("sha256:"):
            actual = hashlib.sha256(response.content).hexdigest()
            if reference != f"sha256:{actual}":
                raise SourceError(
                    f"{self.name}: the manifest has the SHA-256 {actual}: the registry is damaged or lies"
                )
        try:
            manifest = json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{self.name}: the manifest is no JSON: {error}") from None
        if not isinstance(manifest, dict):
            raise SourceError(f"{self.name}: the manifest is no object")
        if "manifests" in manifest:
            return self._manifest(self._of_this_machine(manifest["manifests"]))
        return manifest

    def _of_this_machine(self, manifests: Sequence[Mapping[str, Any]]) -> str:
        machine = MACHINES.get(platform.machine(), platform.machine())
        for entry in manifests:
            if (entry.get("platform") or {}).get("architecture") in (machine, None):
                return str(entry["digest"])
        raise SourceError(f"{self.name}: the index has nothing for {machine}")

    def _authorize(self, challenge: str, used: Mapping[str, str]) -> None:
        """What the registry asks for: a password, or a token that is given for one. Raises SourceError."""
        with self._lock:
            if self._authorization is not used:
                return  # another thread was faster
            kind, _, rest = challenge.partition(" ")
            basic = {"Authorization": f"Basic {self._basic}"} if self._basic else {}
            if kind.lower() == "basic" and basic and not used:
                self._authorization = basic
                return
            asked = dict(_CHALLENGE.findall(rest))
            if kind.lower() != "bearer" or "realm" not in asked:
                raise SourceError(f"{self.name}: the registry refuses: give a docker config.json that may pull it")
            query = {"service": asked.get("service", ""), "scope": f"repository:{self._repository}:pull"}
            answer, _ = self._http.json(f"{asked['realm']}?{urlencode(query)}", basic)
            token = (answer.get("token") or answer.get("access_token")) if isinstance(answer, dict) else None
            if not token:
                raise SourceError(f"{self.name}: the registry gives no token")
            self._authorization = {"Authorization": f"Bearer {token}"}


def _credentials(host: str, environment: Mapping[str, str]) -> str:
    """Base64 of user:password from docker's config.json, which is also what an image pull secret holds."""
    folder = environment.get("DOCKER_CONFIG") or str(Path(environment.get("HOME", "/")) / ".docker")
    path = Path(folder) / "config.json"
    try:
        auths = json.loads(path.read_bytes()).get("auths", {})
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, AttributeError) as error:
        raise SettingsError(f"{path} can't be read: {error}") from None
    for name in (host, f"https://{host}", f"https://{host}/v2/"):
        entry = auths.get(name)
        if isinstance(entry, dict):
            if entry.get("auth"):
                return str(entry["auth"])
            if entry.get("username"):
                return base64.b64encode(f"{entry['username']}:{entry.get('password', '')}".encode()).decode()
    return ""
