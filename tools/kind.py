"""A cluster by `kind`, where Docker answers."""

from collections.abc import Iterable
from pathlib import Path

from tools.cluster_choice import KIND, KIND_KUBECONFIG
from tools.images import Image
from tools.process import run

TIMEOUT = 900.0  # seconds; the node's image of some 400 MB may have to be pulled


def configuration(port: int) -> str:
    """One node whose NodePort is this machine's port too, on loopback."""
    return (
        "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n  extraPortMappings:\n"
        f"  - {{containerPort: {port}, hostPort: {port}, listenAddress: 127.0.0.1, protocol: TCP}}\n"
    )


def start(port: int, log: Path) -> str:
    """Makes the cluster, or takes the one that is there."""
    if running(log):
        run(["kind", "export", "kubeconfig", "--name", KIND, "--kubeconfig", KIND_KUBECONFIG], log=log, timeout=60)
        return "kept"
    KIND_KUBECONFIG.parent.mkdir(parents=True, exist_ok=True)
    file = KIND_KUBECONFIG.with_name("kind.yaml")
    file.write_text(configuration(port))
    create: list[str | Path] = ["kind", "create", "cluster", "--name", KIND, "--config", file, "--wait", "180s"]
    run([*create, "--kubeconfig", KIND_KUBECONFIG], log=log, timeout=TIMEOUT)
    return "made"


def running(log: Path) -> bool:
    return KIND in run(["kind", "get", "clusters"], log=log, timeout=60).split()


def load(images: Iterable[Image], log: Path) -> None:
    for image in images:
        run(["kind", "load", "image-archive", image.archive, "--name", KIND], log=log, timeout=TIMEOUT)


def stop(log: Path) -> None:
    """Deletes it: kind keeps no cluster that does not run."""
    run(["kind", "delete", "cluster", "--name", KIND, "--kubeconfig", KIND_KUBECONFIG], log=log, timeout=TIMEOUT)
    KIND_KUBECONFIG.unlink(missing_ok=True)
