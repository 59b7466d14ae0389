"""A record of every connection of a VPC, kept for some days."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, ec2, iam

from components.aws import policy, retention, roles
from components.cloud_args import Tags
from components.tags import tags


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """`days`: rounded up to what CloudWatch offers."""

    vpc: pulumi.Input[str]
    days: int
    tags: Tags


class FlowLogs(pulumi.ComponentResource):
    """Accepted and refused connections, in a CloudWatch log group."""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:FlowLogs", name, None, opts)
        child, marks = pulumi.ResourceOptions(parent=self), tags(args.tags, name)
        group = cloudwatch.LogGroup(f"{name}-logs", retention_in_days=retention.days(args.days), tags=marks, opts=child)
        trust = policy.service_trust("vpc-flow-logs.amazonaws.com")
        role = roles.make(f"{name}-role", "VPC flow logs write to their log group", trust, args.tags, child)
        rights = iam.RolePolicy(f"{name}-policy", role=role.name, policy=group.arn.apply(write_policy), opts=child)
        ec2.FlowLog(
            f"{name}-log",
            vpc_id=args.vpc,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags=marks,
            # AWS tries the role when it makes the log; the role's ARN is there before its rights are.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),
        )
        self.register_outputs({})


def write_policy(log_group: str) -> str:
    """Streams and events of one group; the group itself is made here, so that it has a retention."""
    actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]
    return policy.document(policy.allow(actions, [log_group, f"{log_group}:*"]))
