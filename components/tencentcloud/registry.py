"""A private registry for images: TCR, with tags that never change and a scan of each push."""

from dataclasses import dataclass

import pulumi
from tencentcloud_iac_pulumi import tcr

from components.cloud_args import RegistryArgs
from components.naming import PART_OF
from components.tags import tags
from components.tencentcloud.names import REGISTRY, fitted


@dataclass(frozen=True, kw_only=True)
class Puller:
    """An account of the registry that can pull, and nothing else. `password` is secret."""

    server: pulumi.Output[str]
    user: str
    password: pulumi.Output[str]


class Registry(pulumi.ComponentResource):
    """Reached from the VPC only, where its name resolves to an address of the nodes' subnet. TCR takes no KMS key."""

    url: pulumi.Output[str]
    puller: Puller

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:Registry", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        registry = tcr.Instance(
            f"{name}-instance",
            name=fitted(name, REGISTRY),
            instance_type="standard",  # the smallest with scans and rules for tags
            registry_charge_type=1,  # by the hour
            open_public_operation=False,
            delete_bucket=False,  # the images outlive the registry, until someone deletes them
            tags=tags(args.tags, name),
            opts=child,
        )
        namespace = tcr.Namespace(
            f"{name}-namespace", instance_id=registry.id, name=PART_OF, is_public=False, is_auto_scan=True, opts=child
        )
        for repository in args.repositories:
            tcr.Repository(
                f"{name}-{repository}",
                instance_id=registry.id,
                namespace_name=namespace.name,
                name=repository,
                brief_desc=f"{repository} of Open-AutoGLM",
                opts=child,
            )
        tcr.ImmutableTagRule(
            f"{name}-immutable",
            registry_id=registry.id,
            namespace_name=namespace.name,
            rule=tcr.ImmutableTagRuleRuleArgs(
                repository_decoration="repoMatches",
                repository_pattern="**",
                tag_decoration="matches",
                tag_pattern="**",
                disabled=False,
            ),
            tags=tags(args.tags, f"{name}-immutable"),
            opts=child,
        )
        tcr.VpcAttachment(
            f"{name}-vpc",
            instance_id=registry.id,
            vpc_id=args.network.vpc,
            subnet_id=args.network.node_subnets[0],
            enable_public_domain_dns=True,  # images keep one name, inside the VPC and outside
            enable_vpc_domain_dns=True,
            opts=child,
        )
        self.puller = self._puller(name, registry, namespace, args)
        self.url = pulumi.Output.format("{0}/{1}", registry.public_domain, namespace.name)
        self.register_outputs({"url": self.url})

    def _puller(self, name: str, registry: tcr.Instance, namespace: tcr.Namespace, args: RegistryArgs) -> Puller:
        account = tcr.ServiceAccount(
            f"{name}-puller",
            registry_id=registry.id,
            name="puller",
            description="The cluster's nodes pull with it",
            permissions=[
                tcr.ServiceAccountPermissionArgs(resource=namespace.name, actions=["tcr:PullRepository"]),
            ],
            disable=False,
            tags=tags(args.tags, f"{name}-puller"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Puller(
            server=registry.public_domain,
            user="tcr$puller",  # TCR's prefix for accounts of a registry
            password=pulumi.Output.secret(account.password),
        )
