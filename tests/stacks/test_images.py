"""Images: versions that stay what they are (F1)."""

from typing import Any

import pytest

from tests.stacks.regions import refused

DIGEST = "sha256:" + "0" * 64
OTHERS = {"etcd": "etcd:v3@" + DIGEST, "keeper": "keeper@" + DIGEST, "envoy": "envoy@" + DIGEST}


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            {"images": {"requireDigest": True, "devicePlugin": "plugin@" + DIGEST, **OTHERS}},
            "images.serving = serving:0.1.0: images.requireDigest asks for a digest, since a registry may "
            "move a version: end it with @sha256: and the digest that your registry tells",
        ),
        (
            "aws",
            {"images": {"serving": "serving:stable"}},
            "images.serving = 'serving:stable': it changes under the same name: end it with an exact "
            "version or with @sha256:...",
        ),
        (
            "aws",  # whose nodes bring no device plugin
            {"images": {"requireDigest": True, "serving": "serving@" + DIGEST, **OTHERS}},
            "images.devicePlugin = nvcr.io/nvidia/k8s-device-plugin:v0.17.4: images.requireDigest asks for a digest, "
            "since a registry may move a version: end it with @sha256: and the digest that your registry tells",
        ),
        (
            "aws",
            {"images": {"serving": "serving:cuda12-latest"}},
            "images.serving = 'serving:cuda12-latest': it changes under the same name: end it with an "
            "exact version or with @sha256:...",
        ),
        (
            "aws",
            {"images": {"serving": "registry.local:5000/serving"}},
            "images.serving = 'registry.local:5000/serving': it changes under the same name: end it with "
            "an exact version or with @sha256:...",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]
