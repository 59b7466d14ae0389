"""AWS: the machine types that our regions use."""

from components.instance_type import InstanceType

_SOURCE = "https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html"
_NORTH_AMERICA = frozenset({"us-west-2", "us-east-1"})

TYPES: tuple[InstanceType, ...] = (
    InstanceType(
        provider="aws",
        name="g5.xlarge",
        accelerator="A10G",
        gpus=1,
        gpu_memory_gib=24,
        vcpus=4,
        memory_gib=16,
        source=_SOURCE,
        date="2026-11-21",
        sharing=frozenset({"none", "timeSlicing"}),
        spot=True,
        regions=_NORTH_AMERICA,
        usd_per_hour={"us-west-2": 1.006, "us-east-1": 1.006},
        verified=False,
    ),
)
