"""Artifacts and images from a registry."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from source_files import FAST, FILES, WEIGHTS, good, refused
from source_servers import Site, registry, running

from autoglm_serving.sources.fetch import fetch

TAR = {"mediaType": "application/vnd.oci.image.layer.v1.tar"}
GZIP = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "phone"


@pytest.fixture
def site() -> Iterator[Site]:
    with running(Site()) as site:
        yield site


def tar(files: dict[str, bytes], link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        if link:
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(entry)
    return buffer.getvalue()


def location(site: Site, reference: str = ":1.0") -> str:
    return f"oci://{site.url.removeprefix('http://')}/models/phone{reference}"


def artifact(site: Site, files: dict[str, bytes]) -> str:
    titles = [{"annotations": {"org.opencontainers.image.title": name}} for name in files]
    return registry(site, titles, list(files.values()))


def test_an_artifacts_layers_are_its_files(site: Site, folder: Path):
    artifact(site, FILES)
    fetch(location(site), folder, FAST)
    assert good(folder)


def test_an_images_models_folder_is_unpacked_layer_by_layer(site: Site, folder: Path):
    lower = tar({"models/config.json": b"old", "models/gone.json": b"x", "etc/passwd": b"root"})
    upper = gzip.compress(tar({f"models/{name}": content for name, content in FILES.items()}), mtime=0)
    top = tar({"./models/.wh.gone.json": b""})
    registry(site, [TAR, GZIP, TAR], [lower, upper, top])
    fetch(location(site), folder, FAST)
    assert good(folder)


def test_a_digest_pins_the_manifest(site: Site, folder: Path):
    digest = artifact(site, FILES)
    other = f"sha256:{'0' * 64}"
    site.answers[f"/v2/models/phone/manifests/{other}"] = site.answers[f"/v2/models/phone/manifests/{digest}"]
    assert "the registry is damaged or lies" in refused(location(site, f"@{other}"), folder)
    fetch(location(site, f"@{digest}"), folder, FAST)
    assert good(folder)


def test_a_layer_that_is_not_its_digest_is_refused(site: Site, folder: Path):
    artifact(site, FILES)
    path = next(path for path, content in site.contents.items() if content == WEIGHTS)
    site.contents[path] = WEIGHTS[:-1] + b"!"
    assert "came twice with the SHA-256" in refused(location(site), folder)


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_names_that_lead_out_are_refused(site: Site, folder: Path, name: str):
    artifact(site, {**FILES, name: b"x"})
    assert "leads out of the model's folder" in refused(location(site), folder)


@pytest.mark.parametrize("name", ["models/../evil", "models/../../evil", "models/a/../../evil"])
def test_names_in_a_layer_that_lead_out_are_refused(site: Site, folder: Path, name: str):
    registry(site, [TAR], [tar({name: b"x"})])
    assert "leads out of the model's folder" in refused(location(site), folder)
    assert not list(folder.parent.rglob("evil"))


def test_a_link_in_a_layer_is_refused(site: Site, folder: Path):
    registry(site, [TAR], [tar({}, link="models/config.json")])
    assert "is a link or a device" in refused(location(site), folder)


def test_a_layer_that_is_no_tar_is_refused(site: Site, folder: Path):
    registry(site, [TAR], [b"\x28\xb5\x2f\xfd zstd"])
    assert "it must be a tar, plain or gzip" in refused(location(site), folder)


def test_a_password_comes_from_dockers_file(site: Site, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    host = site.url.removeprefix("http://")
    (tmp_path / "config.json").write_text(f'{{"auths": {{"{host}": {{"auth": "dXNlcjpwYXNz"}}}}}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    artifact(site, FILES)
    given = site.answers["/token"]
    site.answers["/token"] = lambda headers: (
        given(headers) if headers.get("Authorization") == "Basic dXNlcjpwYXNz" else (401, {}, b"")
    )
    fetch(location(site), folder, FAST)
    assert good(folder)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "none"))
    assert "answers 401" in refused(location(site), folder.with_name("other"))
