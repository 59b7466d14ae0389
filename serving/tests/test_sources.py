"""ModelScope, volumes, and what is no source."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import command, environment
from source_files import FAST, FILES, SUMS, WEIGHTS, good, refused
from source_servers import Site, model_scope, running

from autoglm_serving.errors import SettingsError
from autoglm_serving.model import manifest
from autoglm_serving.sources.fetch import Wish, fetch
from autoglm_serving.sources.parse import parse


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "phone"


@pytest.fixture
def site() -> Iterator[Site]:
    with running(Site()) as site:
        yield site


def test_a_model_is_fetched_with_the_sites_sums(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", site.url)
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", "token")
    site.needs = {"Cookie": "m_session_id=token"}
    model_scope(site, {**FILES, "configuration.bin": b"a pickle"})
    fetch("modelscope://ZhipuAI/phone", folder, FAST)
    assert good(folder)


def test_its_own_errors_are_told(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", site.url)
    assert "answers 404: check the name" in refused("modelscope://ZhipuAI/none", folder)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    for name, content in {**FILES, manifest.NAME: SUMS}.items():
        path = tmp_path / "volume" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "volume"


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_volume_is_copied_and_verified(volume: Path, folder: Path, form: str):
    fetch(form.format(volume), folder, FAST)
    assert good(folder)


def test_a_damaged_volume_is_refused(volume: Path, folder: Path):
    (volume / "model.safetensors").write_bytes(WEIGHTS[:-1] + b"!")
    assert "model.safetensors came twice" in refused(str(volume), folder)


def test_offline_a_volume_is_no_network(volume: Path, folder: Path):
    fetch(str(volume), folder, Wish(offline=True))
    assert good(folder)


@pytest.mark.parametrize(
    "location", ["", "phone", "http://x/y", "s3:/models/x", "s3://B/x", "hf://one", "hf://a/b@", "oci://host/name"]
)
def test_what_is_no_source_is_refused_with_the_forms(location: str):
    with pytest.raises(SettingsError, match="oci://registry/name"):
        parse(location, {})


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("phone", "FOLDER"), 2, "SOURCE: 'phone' is none of"),
        (("hf://a/b", "FOLDER", "--offline"), 1, "--offline: FOLDER does not hold the whole of hf://a/b"),
        (("hf://a/b", "FOLDER", "--sha256", "x"), 2, "--sha256: 'x' is not allowed"),
        (("hf://a/b", "FOLDER", "--connections", "0"), 2, "--connections: '0' is not allowed"),
        (("oss://models/x", "FOLDER"), 2, "set OSS_REGION"),
    ],
)
def test_a_bad_command_line_says_what_to_do(folder: Path, arguments: tuple[str, ...], code: int, message: str):
    argv = command("fetch", *(str(folder) if word == "FOLDER" else word for word in arguments))
    result = subprocess.run(argv, capture_output=True, text=True, env=environment(), timeout=60)
    assert result.returncode == code
    assert message.replace("FOLDER", str(folder)) in result.stderr
