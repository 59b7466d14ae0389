"""Repositories of the region's own, in an Enterprise instance of Container Registry (ACR) that the account has.

ACR sells Enterprise instances by the month or year only, so an update must not buy one; and the free Personal Edition
neither scans images nor keeps tags from changing. So the registry is made in the account's instance, and where there is
none, `registry: true` is refused.
"""

from collections.abc import Mapping

import pulumi
from pulumi_alicloud import cr, cs

from components.cloud_args import RegistryArgs

PREFERRED = "open-autoglm"  # the instance's name where the region has several


class Registry(pulumi.ComponentResource):
    """ACR encrypts at rest with a key of its own: namespaces and repositories take none of ours, and no tags."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:Registry", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        found = cs.get_registry_enterprise_instances_output(
            enable_details=False,  # they would be a password
            opts=pulumi.InvokeOptions(parent=self),
        )
        instance = found.apply(lambda answer: chosen(args.region, {item.id: item.name for item in answer.instances}))
        id = instance.apply(lambda known: known[0])
        namespace = cs.RegistryEnterpriseNamespace(
            f"{name}-namespace",
            instance_id=id,
            name=name,
            auto_create=False,
            default_visibility="PRIVATE",
            opts=child,
        )
        for repository in args.repositories:
            cs.RegistryEnterpriseRepo(
                f"{name}-{repository}",
                instance_id=id,
                namespace=namespace.name,
                name=repository,
                repo_type="PRIVATE",
                tag_immutability=True,
                summary=f"Images of {repository}",
                opts=child,
            )
        cr.ScanRule(
            f"{name}-scan",
            instance_id=id,
            rule_name=name,
            scan_scope="NAMESPACE",
            scan_type="VUL",
            trigger_type="AUTO",
            namespaces=[namespace.name],
            repo_tag_filter_pattern=".*",
            opts=child,
        )
        cr.VpcEndpointLinkedVpc(
            f"{name}-endpoint",
            instance_id=id,
            module_name="Registry",
            vpc_id=args.network.vpc,
            vswitch_id=args.network.node_subnets[0],
            enable_create_dns_record_in_pvzt=True,
            opts=child,
        )
        host = instance.apply(lambda known: f"{known[1]}-registry-vpc.{args.region}.cr.aliyuncs.com")
        self.url = pulumi.Output.concat(host, "/", namespace.name)
        self.register_outputs({"url": self.url})


def chosen(region: str, instances: Mapping[str, str]) -> tuple[str, str]:
    """Id and name of the only one, or of that called `open-autoglm`. RunError where neither is there."""
    preferred = [item for item in instances.items() if item[1] == PREFERRED or len(instances) == 1]
    if preferred:
        return preferred[0]
    if not instances:
        raise pulumi.RunError(
            f"registry: true: {region} has no ACR Enterprise instance in this account, and they are sold by the month "
            "or year only, which an update must not do: buy one first, or write registry: false and name images of "
            "another registry"
        )
    raise pulumi.RunError(
        f"registry: true: {region} has {len(instances)} ACR Enterprise instances, none called {PREFERRED}: give one "
        "that name, or write registry: false"
    )
