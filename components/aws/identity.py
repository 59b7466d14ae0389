"""A role for each workload that touches the bucket, bound to its service account and to its prefix."""

from typing import Any

import pulumi
from pulumi_aws import eks, iam

from components import refusal
from components.access import GRANTS, Grant, service_account
from components.aws import partition, policy, roles
from components.aws.addons import trust
from components.aws.parts import eks as eks_parts
from components.aws.replica import through_s3
from components.cloud_args import IdentityArgs
from components.tags import tags
from components.types import WorkloadIdentity

_READ = ("s3:GetObject",)
_WRITE = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject")


class Identity(pulumi.ComponentResource):
    """Through EKS Pod Identity, which knows pods by their service account; in China through the OIDC issuer, for
    which the account carries the role's ARN."""

    identities: dict[str, WorkloadIdentity]

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Identity", name, None, opts)
        self.identities = {
            workload: self._identity(f"{name}-{workload}", workload, grant, args) for workload, grant in GRANTS.items()
        }
        self.register_outputs({})

    def _identity(self, name: str, workload: str, grant: Grant, args: IdentityArgs) -> WorkloadIdentity:
        account, child = service_account(args.region_name, workload), pulumi.ResourceOptions(parent=self)
        before: list[pulumi.Resource] = []
        if workload in args.existing:
            arn = existing_role(workload, args.existing[workload], args.account, self)
        else:
            trusted = trust(eks_parts(args.cluster), args.region, args.namespace, account)
            role = roles.make(
                f"{name}-role", f"{workload} of {args.region_name}, in {args.namespace}", trusted, args.tags, child
            )
            known = pulumi.Output.all(args.storage.bucket_id, args.storage.key)
            document = known.apply(lambda ids: bucket_policy(ids[0], ids[1], args.region, grant))
            before.append(iam.RolePolicy(f"{name}-policy", role=role.name, policy=document, opts=child))
            arn = role.arn
        if not partition.of(args.region).pod_identity:
            return WorkloadIdentity(annotations={"eks.amazonaws.com/role-arn": arn}, pod_labels={})
        eks.PodIdentityAssociation(
            f"{name}-pods",
            cluster_name=args.cluster.name,
            namespace=args.namespace,
            service_account=account,
            role_arn=arn,
            tags=tags(args.tags, f"{name}-pods"),
            # The association names the role, not its rights; pods that get it use them at once.
            opts=pulumi.ResourceOptions(parent=self, depends_on=before),
        )
        return WorkloadIdentity(annotations={}, pod_labels={})


def bucket_policy(bucket: str, key: str, region: str, grant: Grant) -> str:
    """Objects below one prefix of one bucket, and the key only through S3 there. `bucket` and `key`: ARNs."""
    below = {"StringLike": {"s3:prefix": [grant.prefix, f"{grant.prefix}*"]}}
    actions = [*_READ, *(_WRITE if grant.write else ())]
    use = ["kms:Decrypt", *(["kms:GenerateDataKey"] if grant.write else [])]
    return policy.document(
        policy.allow(actions, f"{bucket}/{grant.prefix}*"),
        policy.allow(["s3:ListBucket"], bucket, below),
        policy.allow(use, key, through_s3(region)),
    )


def refuse_role(workload: str, asked: str, *, arn: str, account: str) -> None:
    """Raises ValueError for a role that is not the one asked for, or of another account."""
    field = f"identity.existing.{workload}: {asked}"
    if asked.startswith("arn:") and arn != asked:
        raise ValueError(f"{field} is found as {arn}: write that")
    if arn.split(":")[4] != account:
        raise ValueError(f"{field} is of account {arn.split(':')[4]}, not of {account}: name a role of the region's")


def existing_role(workload: str, asked: str, account: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The ARN of a role, by its ARN or name; its owner has given it its trust and rights."""
    found = iam.get_role_output(name=asked.rpartition("/")[2], opts=pulumi.InvokeOptions(parent=parent))

    def check(role: Any) -> str:  # noqa: ANN401  the SDK's result class has untyped attributes
        with refusal.ends_the_run():
            refuse_role(workload, asked, arn=role.arn, account=account)
        return str(role.arn)

    return found.apply(check)
