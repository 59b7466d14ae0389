"""KEDA as its own manifests install it is whom a region lets in."""

import pytest

from components.platform import autoscaling
from tests.harness import keda, keda_pods

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not keda.built(), reason="KEDA takes ten minutes to build: `make tools NAME=keda` does it"),
]


def test_the_operator_s_pods_have_the_labels_that_policies_name() -> None:
    made = keda_pods.manifests({"keda": "keda:1", "keda-metrics-apiserver": "adapter:1"})
    deployments = {one["metadata"]["name"]: one for one in made if one["kind"] == "Deployment"}
    assert deployments.keys() == keda_pods.IMAGES.keys()
    operator, named = deployments["keda-operator"], autoscaling.KEDA
    assert operator["metadata"]["namespace"] == named.namespace
    assert named.labels.items() <= operator["spec"]["template"]["metadata"]["labels"].items()
    assert [one["spec"]["template"]["spec"]["containers"][0]["image"] for one in deployments.values()] == [
        "adapter:1",
        "keda:1",
    ]
