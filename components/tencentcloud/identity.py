"""A role for each workload that touches the bucket, bound to its service account and to its prefix."""

from typing import Any

import pulumi
from tencentcloud_iac_pulumi import cam

from components.access import GRANTS, Grant, service_account
from components.cloud_args import IdentityArgs
from components.tags import tags
from components.tencentcloud import policies
from components.tencentcloud.names import ROLE, fitted
from components.types import WorkloadIdentity

_PREFIX = "tke.cloud.tencent.com/"
_TOKEN_SECONDS = 3600


class Identity(pulumi.ComponentResource):
    """The pod identity webhook, which the cluster has, reads a service account's annotations and gives its pods a
    token; CAM trusts the cluster's issuer of tokens and gives the role for it."""

    identities: dict[str, WorkloadIdentity]

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:Identity", name, None, opts)
        self.identities = {
            workload: _annotated(
                _existing(workload, args.existing[workload], args.account, self)
                if workload in args.existing
                else self._role(f"{name}-{workload}", workload, grant, args)
            )
            for workload, grant in GRANTS.items()
        }
        self.register_outputs({})

    def _role(self, name: str, workload: str, grant: Grant, args: IdentityArgs) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        known = pulumi.Output.all(
            provider=args.cluster.issuer_id,
            issuer=args.cluster.issuer,
            bucket=args.storage.bucket_id,
            key=args.storage.key,
        )
        account = service_account(args.region_name, workload)
        what = f"{workload} of {args.region_name}, in the namespace {args.namespace}"
        role = cam.Role(
            f"{name}-role",
            name=fitted(name, ROLE),
            description=what,
            document=known.apply(
                lambda ids: policies.trust(args.account, ids["provider"], ids["issuer"], args.namespace, account)
            ),
            console_login=False,
            tags=tags(args.tags, f"{name}-role"),
            opts=child,
        )
        policy = cam.Policy(
            f"{name}-policy",
            name=fitted(name, ROLE),
            description=f"What {what}, may do",
            document=known.apply(
                lambda ids: policies.bucket_access(
                    ids["bucket"], policies.key_resource(args.region, args.account, ids["key"]), grant
                )
            ),
            opts=child,
        )
        cam.RolePolicyAttachment(f"{name}-rights", role_id=role.id, policy_id=policy.id, opts=child)
        return role.role_arn


def _annotated(arn: pulumi.Output[str]) -> WorkloadIdentity:
    return WorkloadIdentity(
        annotations={
            f"{_PREFIX}role-arn": arn,
            f"{_PREFIX}audience": policies.AUDIENCE,
            f"{_PREFIX}token-expiration": str(_TOKEN_SECONDS),
        },
        pod_labels={},
    )


def _existing(workload: str, asked: str, account: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The ARN of a role, by its ARN or name; its owner has given it its trust and rights."""
    name, field = asked.rpartition("/")[2], f"identity.existing.{workload}: {asked}"
    if asked.startswith("qcs:") and asked != policies.role_arn(account, name):
        raise pulumi.RunError(f"{field} is not of the region's account {account}: name a role of it")
    found = cam.get_role_detail_output(role_name=name, opts=pulumi.InvokeOutputOptions(parent=parent))

    def check(answer: Any) -> str:  # noqa: ANN401  the SDK's result class has untyped attributes
        if not answer.role_infos:
            raise pulumi.RunError(f"{field} is not in this account: correct the name")
        return policies.role_arn(account, name)

    return found.apply(check)
