"""The cluster's API server has a private address, or is open to named ranges only."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.rules.base import Rule, by_type, each, get, is_true
from policies.rules.ports import is_world


def _eks(props: Mapping[str, Any]) -> Iterator[str]:
    if get(props, "vpcConfig", "endpointPublicAccess") is False:
        return
    ranges = each(props, "vpcConfig", "publicAccessCidrs")
    world = [cidr for cidr in ranges if is_world(cidr)]
    if not ranges or world:
        yield (
            f"the API server answers {world[0] if world else 'everyone'} (EKS's default is public): "
            "set vpcConfig.endpointPublicAccess to false, or name publicAccessCidrs"
        )


def _ack(props: Mapping[str, Any]) -> Iterator[str]:
    if get(props, "slbInternetEnabled") is not False:
        yield "the API server gets a public address (ACK's default): set slbInternetEnabled to false"


def _ask(props: Mapping[str, Any]) -> Iterator[str]:
    if is_true(get(props, "endpointPublicAccessEnabled")):
        yield "the API server gets a public address: set endpointPublicAccessEnabled to false"


def _tke(props: Mapping[str, Any]) -> Iterator[str]:
    if is_true(get(props, "clusterInternet")) and get(props, "clusterInternetSecurityGroup") is None:
        yield (
            "the API server answers everyone: set clusterInternet to false, "
            "or name clusterInternetSecurityGroup with the ranges that may ask"
        )


PUBLIC_ENDPOINTS = Rule(
    id="public-api-endpoints",
    description="The Kubernetes API has a private address, or answers named ranges only.",
    check=by_type(
        {
            "aws:eks/cluster:Cluster": _eks,
            "alicloud:cs/managedKubernetes:ManagedKubernetes": _ack,
            "alicloud:cs/kubernetes:Kubernetes": _ack,
            "alicloud:cs/serverlessKubernetes:ServerlessKubernetes": _ask,
            "tencentcloud:Kubernetes/cluster:Cluster": _tke,
            "tencentcloud:Kubernetes/clusterEndpoint:ClusterEndpoint": _tke,
        }
    ),
)
