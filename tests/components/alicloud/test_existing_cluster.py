"""A cluster of ACK that exists."""

from typing import Any

import pulumi
import pytest

from components.alicloud.existing_cluster import ExistingCluster
from components.cloud_args import ExistingClusterArgs
from tests.components.alicloud import cloud
from tests.harness.mocks import Recorder

ID = "c" + "0" * 32
VPC = "vpc-a"
RRSA = {"enabled": True, "rrsaOidcIssuerUrl": "https://issuer/c", "ramOidcProviderArn": "acs:ram::1:oidc-provider/c"}


def looked_up(*clusters: dict[str, Any], asked: str = ID, preview: bool = False) -> Recorder:
    answers: dict[str, dict[str, Any]] = {
        "alicloud:cs/getManagedKubernetesClusters:getManagedKubernetesClusters": {"clusters": list(clusters)}
    }

    def build(opts: pulumi.ResourceOptions) -> dict[str, object]:
        parts = ExistingCluster("here-cluster", ExistingClusterArgs(id=asked), opts, vpc=VPC).parts
        return {
            "id": parts.id,
            "kubeconfig": parts.kubeconfig,
            "address": parts.address,
            "issuer": parts.issuer,
            "issuerId": parts.issuer_id,
        }

    return cloud.run(build, preview=preview, answers=answers)


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("asked", [ID, "there"])
def test_it_is_used_as_it_is(asked: str, preview: bool) -> None:
    found = looked_up({"id": ID, "name": "there", "vpcId": VPC, "rrsaConfig": RRSA}, asked=asked, preview=preview)
    assert [item.type for item in found.resources if item.custom] == []
    assert found.exports["id"].value == ID
    assert found.exports["kubeconfig"].secret
    assert found.exports["address"].value == "10.9.8.7"
    assert (found.exports["issuer"].value, found.exports["issuerId"].value) == (
        RRSA["rrsaOidcIssuerUrl"],
        RRSA["ramOidcProviderArn"],
    )


@pytest.mark.parametrize(
    ("clusters", "reason"),
    [
        ([], "the account has no such managed cluster in this region: correct the id or region"),
        ([{"id": ID, "rrsaConfig": RRSA}, {"id": "c1", "name": ID, "rrsaConfig": RRSA}], "2 clusters have this name"),
        ([{"id": ID, "vpcId": "vpc-b", "rrsaConfig": RRSA}], "lies in vpc-b, not in vpc-a"),
        ([{"id": ID, "vpcId": VPC, "rrsaConfig": {**RRSA, "enabled": False}}], "RRSA is off"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_preview(clusters: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        looked_up(*clusters, preview=True)
    assert str(refused.value).startswith(f"cluster.existing.id: {ID}: {reason}")
