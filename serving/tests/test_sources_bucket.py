"""S3, OSS and COS against moto's server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from source_files import FAST, FILES, SUMS, WEIGHTS, good, refused

from autoglm_serving.errors import ServingError, SettingsError
from autoglm_serving.model import manifest
from autoglm_serving.sources.bucket import CLOUDS, Bucket
from autoglm_serving.sources.fetch import fetch
from autoglm_serving.sources.parse import parse


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "phone"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for scheme, names in {
        "AWS": ("ENDPOINT_URL", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION"),
        "OSS": ("ENDPOINT", "ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "REGION"),
        "COS": ("ENDPOINT", "SECRET_ID", "SECRET_KEY", "REGION"),
    }.items():
        for name, value in zip(names, (endpoint, "key", "very-secret", "us-east-1"), strict=True):
            monkeypatch.setenv(f"{scheme}_{name}", value)
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket="models")
    for name, content in {**FILES, manifest.NAME: SUMS, "unlisted.bin": b"x"}.items():
        client.put_object(Bucket="models", Key=f"phone/1/{name}", Body=content)
    client.put_object(Bucket="models", Key="phone/10/config.json", Body=b"another version")
    yield client
    listed = client.list_objects_v2(Bucket="models").get("Contents", [])
    for entry in listed:
        client.delete_object(Bucket="models", Key=entry["Key"])
    client.delete_bucket(Bucket="models")
    client.close()


@pytest.mark.parametrize("scheme", ["s3", "oss", "cos"])
def test_a_prefix_is_fetched_as_its_manifest_says(bucket: Any, folder: Path, scheme: str):
    fetch(f"{scheme}://models/phone/1", folder, FAST)
    assert good(folder)
    assert (folder / manifest.NAME).read_bytes() == SUMS


def test_without_a_manifest_it_is_refused_with_the_way_to_make_one(bucket: Any, folder: Path):
    bucket.delete_object(Bucket="models", Key=f"phone/1/{manifest.NAME}")
    message = refused("s3://models/phone/1", folder)
    assert "has no SHA256SUMS" in message
    assert "sha256sum > SHA256SUMS" in message


def test_a_flipped_byte_is_refused(bucket: Any, folder: Path):
    bucket.put_object(Bucket="models", Key="phone/1/config.json", Body=b"[]")
    assert "config.json came twice with the SHA-256" in refused("s3://models/phone/1", folder)


def test_a_file_that_the_manifest_lists_and_the_bucket_lacks_is_named(bucket: Any, folder: Path):
    bucket.delete_object(Bucket="models", Key="phone/1/config.json")
    assert "has no config.json, which its SHA256SUMS lists" in refused("s3://models/phone/1", folder)


def test_an_object_that_changes_meanwhile_is_refused(bucket: Any):
    source = parse("s3://models/phone/1")
    file = next(file for file in source.files() if file.name == "model.safetensors")
    bucket.put_object(Bucket="models", Key=file.key, Body=WEIGHTS[:-1] + b"!")
    with pytest.raises(ServingError, match="changed meanwhile"):
        list(source.read(file, 0, 10))


def test_no_such_bucket_is_told_without_the_keys(bucket: Any, folder: Path):
    message = refused("s3://nothing-here/phone", folder)
    assert "nothing-here" in message
    assert "very-secret" not in message


@pytest.mark.parametrize("scheme", CLOUDS)
def test_a_cloud_without_a_region_names_the_variable(scheme: str):
    with pytest.raises(SettingsError, match=f"set {scheme.upper()}_REGION"):
        Bucket(scheme, "models", "", {})


def test_the_clouds_own_hosts_are_used():
    store = Bucket("oss", "models", "phone", {"OSS_REGION": "cn-hangzhou"})._store
    assert store.config["endpoint"] == "https://models.oss-cn-hangzhou.aliyuncs.com"
    store = Bucket("cos", "models-125", "phone", {"COS_REGION": "ap-guangzhou"})._store
    assert store.config["endpoint"] == "https://models-125.cos.ap-guangzhou.myqcloud.com"
