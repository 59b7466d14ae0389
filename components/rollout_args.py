"""From a region's description to its rollout: pure. None, where servers load the one folder they are given."""

from typing import TYPE_CHECKING

import pulumi

from components.types import Foundation, StoredModel
from components.workloads.rollout import Canary, RolloutArgs

if TYPE_CHECKING:
    from components.workloads.etcd import Etcd
    from stacks.schema import RegionSpec


def rollout(
    name: str,
    spec: "RegionSpec",
    namespace: pulumi.Input[str],
    etcd: "Etcd",
    model: StoredModel,
    weights: pulumi.Input[str] | None,
    foundation: Foundation,
) -> RolloutArgs | None:
    asked, version = spec.serving.rollout, spec.model.version
    if version is None:
        return None
    return RolloutArgs(
        namespace=namespace,
        image=spec.images.keeper,
        client=etcd.client("rollout"),
        model=model,
        served_name=spec.model.name,
        version=version,
        replicas=spec.serving.replicas,
        ready_seconds=spec.serving.startup_seconds,
        observe_seconds=asked.observe_seconds if asked else RolloutArgs.observe_seconds,
        canary=Canary(
            steps=asked.steps,
            step_seconds=asked.step_seconds,
            failures=asked.failures,
            error_rate=asked.error_rate,
            p95_ratio=asked.p95_ratio,
        )
        if asked
        else None,
        weights=weights,
        region=name,
        identity=foundation.identities.get("rollout"),
    )
