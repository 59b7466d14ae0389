"""A RAM role per workload, which only its service account can take (RRSA), with just its part of the bucket."""

import pulumi
from pulumi_alicloud import ram

from components.access import GRANTS, Grant, service_account
from components.alicloud import names, policies
from components.cloud_args import IdentityArgs
from components.tags import tags
from components.types import WorkloadIdentity

ROLE_NAME = "pod-identity.alibabacloud.com/role-name"
INJECTION = {"pod-identity.alibabacloud.com/injection": "on"}  # the webhook leaves pods without it alone


class Identity(pulumi.ComponentResource):
    identities: dict[str, WorkloadIdentity]

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:alicloud:Identity", name, None, opts)
        roles = {
            workload: existing(workload, args.existing[workload], args.account, self)
            if workload in args.existing
            else _role(f"{name}-{workload}", workload, grant, args, self)
            for workload, grant in GRANTS.items()
        }
        self.identities = {
            workload: WorkloadIdentity(annotations={ROLE_NAME: role}, pod_labels=INJECTION)
            for workload, role in roles.items()
        }
        self.register_outputs({"roles": roles})


def _role(name: str, workload: str, grant: Grant, args: IdentityArgs, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Its name, known once the role may do what it is for."""
    child = pulumi.ResourceOptions(parent=parent)
    account = service_account(args.region_name, workload)
    issuer = pulumi.Output.all(args.cluster.issuer, args.cluster.issuer_id)
    role = ram.Role(
        f"{name}-role",
        role_name=names.fitted(name, names.ROLE),
        description=f"{workload} of {args.region_name}",
        assume_role_policy_document=issuer.apply(
            lambda known: policies.workload_trust(known[0], known[1], args.namespace, account)
        ),
        tags=tags(args.tags, f"{name}-role"),
        opts=child,
    )
    arns = pulumi.Output.all(args.storage.bucket_id, args.storage.key)
    policy = ram.Policy(
        f"{name}-policy",
        policy_name=names.fitted(name, names.POLICY),
        description=f"What {workload} of {args.region_name} may do",
        rotate_strategy=policies.ROTATION,
        policy_document=arns.apply(
            lambda known: policies.workload_access(
                known[0], policies.key_arn(args.region, args.account, known[1]), grant
            )
        ),
        tags=tags(args.tags, f"{name}-policy"),
        opts=child,
    )
    allowed = ram.RolePolicyAttachment(
        f"{name}-allowed",
        role_name=role.role_name,
        policy_name=policy.policy_name,
        policy_type="Custom",
        opts=child,
    )
    return allowed.role_name


def refuse(workload: str, role: str, account: str) -> None:
    """Raises ValueError for a role of another account: its pods would get the one of that name in this account."""
    owner = role.split(":")[3] if role.startswith("acs:ram::") else account
    if owner != account:
        raise ValueError(
            f"identity.existing.{workload}: {role} is of account {owner}, not of {account}: name a role of the region's"
        )


def existing(workload: str, role: str, account: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The name of a role that exists, given by name or ARN; never changed."""
    refuse(workload, role, account)
    name = role.rpartition("/")[2]
    found = ram.get_roles_output(name_regex=name, opts=pulumi.InvokeOptions(parent=parent))
    return found.apply(lambda answer: known(workload, name, [item.name for item in answer.roles]))


def known(workload: str, role: str, roles: list[str]) -> str:
    if role not in roles:
        raise pulumi.RunError(
            f"identity.existing.{workload}: {role}: the account has no such RAM role: correct the name, or leave it "
            "out to have one made"
        )
    return role
