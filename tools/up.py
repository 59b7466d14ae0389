"""`make up`: from whatever is there to a streamed answer. Every part looks at what is there, so a run repairs."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stacks.schema import PrivateRegion
from tools import cluster, contexts, images, kind, official, smoke, toolset
from tools.cluster.settings import ClusterSettings
from tools.cluster_choice import Found, Kind, Target, choose, target
from tools.machine import Facts
from tools.paths import LOG, ROOT, TOOLS
from tools.process import ToolError
from tools.quiet import Quiet
from tools.regions import Region
from tools.stack import Stack
from tools.steps import Clock, Run, Show, Step, run_steps

SYSTEM_IMAGES = ("pause", "coredns", "metrics-server")
OWN_IMAGES = ("serving", "keeper")  # which no registry has before the user's own
STACK_IMAGES = (*OWN_IMAGES, "envoy", "etcd")  # by their names in the region file's table, too
RESERVE = 1.0  # GiB of free memory that the steps leave to everything else
PORT = 30080  # the gateway's, if its region file can't be read because of encrypted values


def pick(region: Region, facts: Facts, context: str | None) -> Target:
    """The cluster to use. One of the user's own has been asked whether it answers. Raises ToolError."""
    own = region.overlay.get("cluster") or _of_file(region)
    context = context or own.get("context")
    named = context is not None or "kubeconfig" in own
    found = Found(
        context=(context or own["kubeconfig"]) if named else None,
        embedded_runs=facts.embedded_runs,
        kind="kind" in facts.programs,
        docker=facts.docker,
        root=facts.root,
    )
    what, why = choose(found)
    if what is not Kind.OWN:
        return target(what, why)
    images = region.spec.images if region.spec else None
    for name in OWN_IMAGES if images else ():
        image = getattr(images, name)
        if image.startswith("localhost/"):
            raise ToolError(
                f"images.{name}: {image} exists on this machine only, so a cluster of yours cannot pull it; build it "
                "from serving/Containerfile, push it, and name it (docs/serving.md)"
            )
    file = ROOT / Path(own["kubeconfig"]).expanduser() if "kubeconfig" in own else None
    path, name = contexts.find(context, file)
    return target(what, why, context=name, kubeconfig=path)


def is_ours(region: Region) -> bool:
    """Whether the region file leaves the cluster to the tools: its kubeconfig is one that they would write."""
    if not isinstance(region.spec, PrivateRegion):
        return True
    named = Path(region.spec.cluster.kubeconfig).expanduser()
    return named.parts[0] == ".tools" or (ROOT / named).is_relative_to(TOOLS)


def _of_file(region: Region) -> dict[str, Any]:
    """The cluster that the region file names as somebody's own."""
    if not isinstance(region.spec, PrivateRegion) or is_ours(region):
        return {}
    found = region.spec.cluster
    return {"kubeconfig": found.kubeconfig} | ({"context": found.context} if found.context else {})


@dataclass(kw_only=True)
class Up:
    """One run."""

    region: Region
    target: Target
    facts: Facts
    clock: Clock
    verbose: bool = False
    built: dict[str, images.Image] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._shown: Show = show if self.verbose else Quiet(show)

    @property
    def stack(self) -> Stack:
        return Stack(self.region.stack)

    def run(self) -> dict[str, Any]:
        """The stack's outputs."""
        run_steps(self.steps(), memory=self.facts.memory_free - RESERVE, logs=LOG, clock=self.clock)
        note = self.stack.prepare(self.region.with_overlay(self.overlay()))
        self.clock.line(f"stack {self.stack.name}: {note}")
        if repaired := self.stack.repair():
            self.clock.line(f"stack {self.stack.name}: {repaired}")
        self.clock.line(f"pulumi up: stack {self.stack.name} on {self.target.kind.value}")
        self.stack.foreground("up", "--refresh", "--suppress-outputs", show=self.show)
        outputs = self.stack.outputs()
        self.clock.line("smoke request: the answer comes")
        figures = smoke.ask(outputs["endpoint"], outputs["apiKey"], outputs["model"], write)
        self.clock.line(f"smoke request: {figures}")
        return outputs

    def show(self, line: str) -> None:
        """A line of Pulumi's."""
        self._shown(line)

    def steps(self) -> list[Step]:
        local = STACK_IMAGES if self.needs_local_images() else OWN_IMAGES
        if self.target.kind is Kind.EMBEDDED:
            return toolset.merged(toolset.node(), self._images(local), self._embedded(local), toolset.pulumi())
        if self.target.kind is Kind.OWN:
            return toolset.pulumi()
        programs = [toolset.GO, toolset.built("etcd")]
        return toolset.merged(programs, self._images(local), self._kind(local), toolset.pulumi())

    def needs_local_images(self) -> bool:
        """The embedded node has no way out; others pull the official images where their registries are reached."""
        if self.target.kind is Kind.OWN:
            return False
        return self.target.kind is Kind.EMBEDDED or not official.registries_reachable()

    def _images(self, names: Sequence[str]) -> list[Step]:
        needs = {"etcd": ["etcd"], "keeper": ["etcd"]}  # whose module has etcdutl
        return [
            Step(name=f"image {name}", run=self._building(name), needs=needs.get(name, []), memory=1.0)
            for name in names
        ]

    def _building(self, *names: str) -> Run:
        def build(log: Path) -> str:
            made = images.build(names, log)
            self.built |= made
            return ", ".join(f"{image.ref.rpartition('/')[2]} {image.size / 1e6:.0f} MB" for image in made.values())

        return build

    def _embedded(self, local: Sequence[str]) -> list[Step]:
        settings = ClusterSettings.load()

        def start(log: Path) -> str:
            cluster.start(settings, [self.built[name] for name in SYSTEM_IMAGES], self._noting(log))
            return f"node Ready at {settings.node_address}"

        def load(log: Path) -> str:
            loaded = cluster.load_images(settings, [self.built[name] for name in local], self._noting(log))
            return f"{len(loaded)} imported" if loaded else "kept"

        wanted = ["host tools", *toolset.NODE, "system images"]
        return [
            Step(
                name="system images",
                run=self._building(*SYSTEM_IMAGES),
                needs=["node", "coredns", "metrics-server"],
            ),
            Step(name="cluster", run=_told(start), needs=wanted, memory=1.5),
            Step(name="load images", run=_told(load), needs=["cluster", *(f"image {name}" for name in local)]),
        ]

    def _kind(self, local: Sequence[str]) -> list[Step]:
        port = PORT
        if self.region.spec and self.region.spec.gateway.exposure.type == "NodePort":
            port = self.region.spec.gateway.exposure.port

        def load(log: Path) -> str:
            kind.load([self.built[name] for name in local], log)
            return f"{len(local)} loaded"

        return [
            Step(name="cluster", run=lambda log: kind.start(port, log), memory=1.5),
            Step(name="load images", run=load, needs=["cluster", *(f"image {name}" for name in local)]),
        ]

    def _noting(self, log: Path) -> Show:
        def note(line: str) -> None:
            with log.open("a") as file:
                print(line, file=file)
            if self.verbose:
                self.clock.line(f"cluster: {line.strip()}")

        return note

    def overlay(self) -> dict[str, Any]:
        return overlay(self.target, {name: image.ref for name, image in self.built.items() if name in STACK_IMAGES})


def overlay(to: Target, refs: dict[str, str]) -> dict[str, Any]:
    """What the tools know of the region: the cluster they chose and the images they built."""
    below: dict[str, Any] = {"cluster": {"kubeconfig": str(to.kubeconfig), "context": to.context}}
    return below | ({"images": refs} if refs else {})


def show(line: str) -> None:
    print(line, flush=True)


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _told(run: Run) -> Run:
    """A step that turns the cluster's own kind of error into the tools'."""

    def step(log: Path) -> str:
        try:
            return run(log)
        except cluster.ClusterError as problem:
            raise ToolError(str(problem)) from problem

    return step
