"""What differs between AWS's partitions: the names in ARNs, host names and service principals. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html and
https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Partition:
    """`ec2`: the principal that nodes assume roles as. `pod_identity`: whether EKS Pod Identity exists there."""

    name: str
    suffix: str
    ec2: str
    pod_identity: bool


_WORLD = Partition(name="aws", suffix="amazonaws.com", ec2="ec2.amazonaws.com", pod_identity=True)
# "Pod Identity is not available in China Regions. Use IAM roles for service accounts."
# https://docs.amazonaws.cn/en_us/eks/latest/userguide/pod-identities.html
_CHINA = Partition(name="aws-cn", suffix="amazonaws.com.cn", ec2="ec2.amazonaws.com.cn", pod_identity=False)


def of(region: str) -> Partition:
    return _CHINA if region.startswith("cn-") else _WORLD


def region_of(zone: str) -> str:
    """`us-west-2a` is in `us-west-2`."""
    return zone[:-1]


def managed_policy(region: str, name: str) -> str:
    """ARN of a policy that AWS keeps, by its path and name."""
    return f"arn:{of(region).name}:iam::aws:policy/{name}"
