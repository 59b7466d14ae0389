"""Which cluster a stack goes to. The decision is a pure function; `Target` is what the other commands need of it."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tools.cluster.host import find_init
from tools.cluster.settings import ClusterSettings
from tools.paths import CLUSTER
from tools.process import ToolError

KIND = "open-autoglm"  # name of the cluster that `kind` makes
KIND_KUBECONFIG = CLUSTER / "kind.kubeconfig"


class Kind(Enum):
    OWN = "your own"
    EMBEDDED = "the embedded node"
    KIND = "kind"


@dataclass(frozen=True, kw_only=True)
class Found:
    """`context`: the one that the user names, if any; `docker`: whether its daemon answers."""

    context: str | None
    embedded_runs: bool
    kind: bool
    docker: bool
    root: bool


@dataclass(frozen=True, kw_only=True)
class Target:
    """A cluster by kubeconfig; `context` None is the file's current one; `why` ends the sentence "it is taken as"."""

    kind: Kind
    kubeconfig: Path
    context: str | None
    why: str


def choose(found: Found) -> tuple[Kind, str]:
    """The kind of cluster and why. Raises ToolError, saying what to do, where there can be none."""
    if found.context is not None:
        return Kind.OWN, f"you named the context {found.context!r}"
    if found.embedded_runs:
        return Kind.EMBEDDED, "it runs already"
    if found.kind and found.docker:
        return Kind.KIND, "Docker answers and kind is on PATH"
    if found.root:
        return Kind.EMBEDDED, "this is root" + ("" if not found.kind else ", and Docker does not answer")
    if found.kind:
        fix = "start Docker (kind is there, but `docker info` fails)"
    elif found.docker:
        fix = "install kind (Docker is there): https://kind.sigs.k8s.io"
    else:
        fix = "install Docker and kind"
    raise ToolError(
        "no cluster: this is not root, so the embedded node cannot run. "
        f"Name a cluster of yours with CONTEXT=<context>, or {fix}, or run `sudo make up`"
    )


def target(kind: Kind, why: str, *, context: str | None = None, kubeconfig: Path | None = None) -> Target:
    if kind is Kind.OWN:
        assert kubeconfig is not None  # noqa: S101  found together with the context
        return Target(kind=kind, kubeconfig=kubeconfig, context=context, why=why)
    if kind is Kind.KIND:
        return Target(kind=kind, kubeconfig=KIND_KUBECONFIG, context=f"kind-{KIND}", why=why)
    settings = ClusterSettings.load()
    return Target(kind=kind, kubeconfig=settings.kubeconfig, context=settings.context, why=why)


def forget_stopped() -> None:
    """Takes away the kubeconfig of an embedded node that does not run: nothing answers at that address, not even with a
    refusal, so a preview would wait for it at every object. A start writes it anew."""
    settings = ClusterSettings.load()
    if find_init(settings) is None:
        settings.kubeconfig.unlink(missing_ok=True)


def kind_of(kubeconfig: Path) -> Kind:
    """What a recorded kubeconfig belongs to."""
    if kubeconfig == KIND_KUBECONFIG:
        return Kind.KIND
    return Kind.EMBEDDED if kubeconfig == ClusterSettings.load().kubeconfig else Kind.OWN
