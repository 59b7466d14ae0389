"""How clients find the gateway: its Service, the balancer that a cloud makes of it, and the address in the URL."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes import core
from pulumi_kubernetes.core.v1 import ServicePortArgsDict, ServiceSpecArgsDict
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.types import Exposure, ExposureType
from components.workloads import pod


def service(
    name: str,
    namespace: pulumi.Input[str],
    exposure: Exposure,
    labels: Mapping[str, str],
    selector: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> core.v1.Service:
    """Named `name`, for the pods of `selector`, whose port is `http`."""
    return core.v1.Service(
        f"{name}-service",
        metadata={**pod.metadata(namespace, labels, name), **_annotated(exposure)},
        spec=_spec(exposure, selector),
        # The balancer is made from the Service, and looks for these by names that only annotations say.
        opts=pulumi.ResourceOptions(parent=opts.parent, depends_on=_secrets(name, namespace, exposure, labels, opts)),
    )


def _spec(exposure: Exposure, selector: Mapping[str, str]) -> ServiceSpecArgsDict:
    port: ServicePortArgsDict = {"name": "http", "port": 443 if exposure.tls else 80, "target_port": "http"}
    spec: ServiceSpecArgsDict = {"type": exposure.type, "selector": dict(selector), "ports": [port]}
    if exposure.type is ExposureType.NODE_PORT and exposure.node_port is not None:
        # Any node leads to any pod, so clients come with a node's address: region files that use addresses are refused
        # (stacks/rules/gateway.py).
        port["node_port"] = exposure.node_port
    if exposure.type is ExposureType.LOAD_BALANCER:
        spec["external_traffic_policy"] = "Local"  # keeps the client's address; the balancer skips nodes without a pod
    return spec


def _secrets(
    name: str,
    namespace: pulumi.Input[str],
    exposure: Exposure,
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> list[core.v1.Secret]:
    return [
        core.v1.Secret(
            f"{name}-{called}",
            metadata=pod.metadata(namespace, labels, called),
            string_data=dict(content),
            opts=opts,
        )
        for called, content in exposure.secrets.items()
    ]


def _annotated(exposure: Exposure) -> ObjectMetaArgsDict:
    return {"annotations": dict(exposure.annotations)} if exposure.annotations else {}


def base_url(exposure: Exposure, host: pulumi.Output[str]) -> pulumi.Output[str]:
    """OpenAI's `base_url` of a gateway that clients find at `host`."""
    port = f":{exposure.node_port}" if exposure.type is ExposureType.NODE_PORT else ""
    return pulumi.Output.format("{0}://{1}{2}/v1", "https" if exposure.tls else "http", host, port)


def address(exposure: Exposure, namespace: pulumi.Input[str], made: core.v1.Service) -> pulumi.Output[str]:
    """The host in the URL: a name or an IP."""
    if exposure.address is not None:
        return pulumi.Output.from_input(exposure.address)
    if exposure.type is ExposureType.LOAD_BALANCER:
        return made.status.apply(_balancer)
    return pulumi.Output.format("{0}.{1}.svc", made.metadata["name"], namespace)


def _balancer(status: Any) -> str:  # noqa: ANN401  half of its fields are optional, and all are there by now
    """The address that the cloud gave: a host name on AWS, an IP on the others."""
    ingress = status.load_balancer.ingress[0]
    return str(ingress.hostname or ingress.ip)
