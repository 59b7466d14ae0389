"""Who goes first when nodes are full: what keeps the service up, then its servers, then batch jobs."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import scheduling

from components import naming


@dataclass(frozen=True, kw_only=True)
class Level:
    name: str
    value: int
    preempts: bool
    description: str

    @property
    def policy(self) -> str:
        """As Kubernetes calls it."""
        return "PreemptLowerPriority" if self.preempts else "Never"


# Below Kubernetes' own classes (two billion), above the 0 of pods that name none. Steps leave room for others between.
LEVELS = (
    Level(name="control", value=1_000_000, preempts=True, description="etcd and the way in: all else needs them"),
    Level(name="serving", value=900_000, preempts=True, description="Model servers, which users wait for"),
    # Not below -10: node autoscalers would add no node for it.
    Level(name="place", value=-5, preempts=False, description="Holds a server's place on a node until one comes"),
    Level(
        name="batch", value=-1000, preempts=False, description="Jobs, on what servers leave, and gone when they come"
    ),
)


class Priorities(pulumi.ComponentResource):
    """A PriorityClass a level. They belong to the cluster, so each is named by the provider: regions may share one."""

    control: pulumi.Output[str]
    serving: pulumi.Output[str]
    place: pulumi.Output[str]
    batch: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:platform:Priorities", name, None, opts)
        names = {level.name: self._made(name, level) for level in LEVELS}
        self.control, self.serving, self.place, self.batch = (
            names[level] for level in ("control", "serving", "place", "batch")
        )
        self.register_outputs(names)

    def _made(self, name: str, level: Level) -> pulumi.Output[str]:
        made = scheduling.v1.PriorityClass(
            f"{name}-{level.name}",
            metadata={"labels": naming.labels("priorities", name, "platform")},
            value=level.value,
            preemption_policy=level.policy,
            description=level.description,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made.metadata["name"]
