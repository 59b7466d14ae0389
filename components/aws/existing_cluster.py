"""An EKS cluster that exists: looked up, never changed."""

import dataclasses
from typing import Any

import pulumi
from pulumi_aws import eks

from components import refusal
from components.aws.kubeconfig import host, issuer_arn, kubeconfig
from components.aws.parts import EksParts
from components.cloud_args import ExistingClusterArgs


class ExistingCluster(pulumi.ComponentResource):
    """Its owner keeps its add-ons: a CNI that enforces network policies, the CSI drivers of EBS and EFS, and Pod
    Identity's agent. Our nodes join its own security group, whose rules they need and which we don't change."""

    parts: EksParts
    vpc: pulumi.Output[str]

    def __init__(self, name: str, args: ExistingClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:ExistingCluster", name, None, opts)
        found = eks.get_cluster_output(name=args.id, opts=pulumi.InvokeOptions(parent=self))
        issuer = found.apply(_issuer)
        self.vpc = found.vpc_config.vpc_id
        self.parts = EksParts(
            id=found.arn,
            name=found.name,
            kubeconfig=pulumi.Output.secret(found.apply(_kubeconfig)),
            address=found.endpoint.apply(host),
            issuer=issuer,
            issuer_id=pulumi.Output.all(found.arn, issuer).apply(lambda known: issuer_arn(known[0], known[1])),
            version=found.version,
            node_groups=(found.vpc_config.cluster_security_group_id,),
        )
        self.register_outputs({"name": found.name})

    def inside(self, vpc: pulumi.Input[str]) -> EksParts:
        """The parts, whose name is known only when the cluster is in that VPC."""

        def check(known: list[str]) -> str:
            with refusal.ends_the_run():
                refuse(known[0], found=known[1], wanted=known[2])
            return known[0]

        name = pulumi.Output.all(self.parts.name, self.vpc, vpc).apply(check)
        return dataclasses.replace(self.parts, name=name)


def refuse(cluster: str, *, found: str, wanted: str) -> None:
    """Raises ValueError for a cluster whose nodes could not stand in the region's network."""
    if found != wanted:
        raise ValueError(
            f"cluster.existing.id: {cluster} is in {found}, not in {wanted}: name a cluster of network.existing.vpc"
        )


def _issuer(found: Any) -> str:  # noqa: ANN401  the SDK's result class has untyped attributes
    return str(found.identities[0].oidcs[0].issuer)


def _kubeconfig(found: Any) -> str:  # noqa: ANN401  as above
    return kubeconfig(found.arn, found.endpoint, found.certificate_authorities[0].data)
