"""What the pods have in common that run on every GPU node of a pool. Pure."""

from collections.abc import Sequence

from pulumi_kubernetes.core.v1 import (
    ContainerArgsDict,
    NodeSelectorRequirementArgsDict,
    PodSpecArgsDict,
    SecurityContextArgsDict,
)

from components import pools as marks


def on(
    *, pools: tuple[str, ...], tolerated: tuple[str, ...], containers: Sequence[ContainerArgsDict]
) -> PodSpecArgsDict:
    """On the nodes of these pools, past their taints, before all others, without a token."""
    nodes: NodeSelectorRequirementArgsDict = {"key": marks.POOL, "operator": "In", "values": list(pools)}
    return {
        "containers": containers,
        "affinity": {
            "node_affinity": {
                "required_during_scheduling_ignored_during_execution": {
                    "node_selector_terms": [{"match_expressions": [nodes]}]
                }
            }
        },
        "tolerations": [{"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in tolerated],
        "priority_class_name": "system-node-critical",
        "automount_service_account_token": False,
        "enable_service_links": False,
    }


def root(*capabilities: str) -> SecurityContextArgsDict:
    """Root without any of its capabilities but these."""
    given: SecurityContextArgsDict = {
        "run_as_user": 0,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"], "add": list(capabilities)},
        "seccomp_profile": {"type": "RuntimeDefault"},
    }
    # Kubernetes refuses SYS_ADMIN beside a promise that no privilege is gained.
    return {**given, "allow_privilege_escalation": "SYS_ADMIN" in capabilities}
