"""Whether the official sources can be reached, asked once in a run and waited for 10 s at most."""

import http.client
import platform
import shutil
import tarfile
import urllib.error
import urllib.request
import zlib
from functools import cache
from pathlib import Path

WAIT = 10.0  # seconds
DOWNLOADS = "https://get.pulumi.com"
REGISTRIES = {  # container registry -> its API, which answers 401 to a stranger
    "docker.io": "https://registry-1.docker.io/v2/",
    "quay.io": "https://quay.io/v2/",
}


@cache
def reachable(url: str) -> bool:
    """Whether the server answers at all; a refusal to a stranger is an answer."""
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=WAIT).close()  # noqa: S310
    except urllib.error.HTTPError as answer:
        return answer.code in {401, 404, 405}
    except (OSError, http.client.HTTPException):  # also an answer that no HTTP server gives
        return False
    return True


def registries_reachable() -> bool:
    """Whether a kubelet beside us could pull the official images."""
    return all(reachable(url) for url in REGISTRIES.values())


def architecture() -> str:
    """As Pulumi's downloads call this machine's."""
    return {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def unpack(url: str, folder: Path) -> None:
    """Downloads a tar archive and unpacks it as `folder`, which appears when it is whole.

    Raises OSError, whatever broke off: the connection, the stream in its middle, the archive.
    """
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with urllib.request.urlopen(url, timeout=WAIT) as answer, tarfile.open(fileobj=answer, mode="r|gz") as archive:  # noqa: S310
            archive.extractall(part, filter="data")
    except (http.client.HTTPException, tarfile.TarError, EOFError, zlib.error) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise OSError(f"{type(error).__name__}: {error}") from None
    part.rename(folder)
