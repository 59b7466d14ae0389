"""The dev stack on the embedded node, with servers that follow the load: made, looked at, taken away again."""

import contextlib
import math
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from components import monitoring_args
from components.monitoring_args import Seen
from components.platform.monitoring.dashboards import dashboards
from components.platform.monitoring.watched import Watched
from components.types import Upstream
from stacks import loader
from stacks.monitoring import OwnMonitoring
from stacks.schema import RegionSpec
from tests.harness import keda_pods
from tests.harness.waiting import until
from tools import cluster, images, lock, regions
from tools.cluster.settings import ClusterSettings
from tools.images.static import SCALING, WATCHING
from tools.paths import LOG, ROOT
from tools.providers.kubernetes.client import Client
from tools.providers.kubernetes.kubeconfig import load
from tools.stack import Stack

NAME: Final = "dev"
MOST: Final = 3
IDLE_SECONDS: Final = 90  # longer than a load test takes to begin on a busy machine
_OVERLAY: Final[dict[str, Any]] = {
    "serving": {
        "autoscaling": {
            "minReplicas": 0,
            "maxReplicas": MOST,
            "requestsPerReplica": 2,
            "idleSeconds": IDLE_SECONDS,
        }
    },
    "monitoring": {"type": "own", "volume": {"size": "1Gi"}},
    "quota": {"cpu": "4", "memory": "12Gi", "storage": "8Gi", "pods": 30},
}


def _say(line: str) -> None:
    print(line, flush=True)


def _make(*arguments: str) -> None:
    """Raises SystemExit with what it said, where it fails."""
    _say(f"make {' '.join(arguments)}")
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1500
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout}make {' '.join(arguments)} ended with {done.returncode}")


@dataclass(frozen=True)
class Servers:
    """How many there are to be, and how many answer."""

    wanted: int
    ready: int


@dataclass(frozen=True)
class ScaledRegion:
    client: Client
    spec: RegionSpec
    endpoint: str
    key: str

    def servers(self) -> Servers:
        (found,) = self.client.list(
            "apps/v1", "Deployment", self.spec.namespace, labelSelector="app.kubernetes.io/name=serving"
        )
        return Servers(wanted=int(found["spec"]["replicas"]), ready=int(found["status"].get("readyReplicas", 0)))

    def pods(self) -> int:
        """Of servers, those that end included."""
        selector = "app.kubernetes.io/name=serving"
        return len(self.client.list("v1", "Pod", self.spec.namespace, labelSelector=selector))

    def empty_panels(self) -> tuple[int, list[str]]:
        """How many queries the dashboards have, and which of them the region's own Prometheus answers with nothing."""
        asked = [
            (f"{board.key}: {panel.title}: {query.legend}", query.expr)
            for board in dashboards(_watched(self.spec))
            for panel in board.panels
            for query in panel.queries
        ]
        return len(asked), [f"{title}: {expr}" for title, expr in asked if not self._numbers(expr)]

    def _numbers(self, expr: str) -> bool:
        """Whether a query has a number; asked through the API server, which policies let pass."""
        service = f"/api/v1/namespaces/{self.spec.namespace}/services/{NAME}-prometheus:9090/proxy"
        found = self.client.get_json(f"{service}/api/v1/query", query=expr)["data"]["result"]
        return any(not math.isnan(float(series["value"][1])) for series in found)


@contextlib.contextmanager
def running() -> Iterator[ScaledRegion]:
    """Makes the plain dev stack, puts KEDA beside it, and has an update give it autoscaling and monitoring."""
    with ExitStack() as stack:
        stack.callback(_make, "down")
        _make("up")
        settings = ClusterSettings.load()
        with lock.alone("bench/scaling.py"):
            made = images.build([*WATCHING, *SCALING], LOG / "images.log")
            cluster.load_images(settings, list(made.values()))
        refs = {name: image.ref for name, image in made.items()}
        client = Client(load(str(settings.kubeconfig)))
        stack.callback(client.close)
        _say("KEDA's pods")
        stack.enter_context(keda_pods.installed(str(settings.kubeconfig), client, refs))
        stack.callback(_make, "down", "KEEP=1")  # KEDA must see the ScaledObject go
        own = {"prometheus": refs["prometheus"], "alertmanager": refs["alertmanager"], "grafana": None}
        spec, outputs = _update(own)
        region = ScaledRegion(client, spec, outputs["endpoint"], outputs["apiKey"])
        until(lambda: region.pods() == 0, "nobody has asked, and there is no server", 600, pause=1.0)
        yield region


def _update(own: dict[str, str | None]) -> tuple[RegionSpec, dict[str, Any]]:
    """The region as it is then, and the stack's outputs. `own`: images that this machine has made."""
    stack, region = Stack(NAME), regions.load(NAME)
    below = loader.merge(stack.overlay(), loader.merge(_OVERLAY, {"images": own}))
    content = region.with_overlay(below)
    text = (ROOT / "stacks" / f"{NAME}.yaml").read_text()
    spec = loader.parse(text, source=f"stacks/{NAME}.yaml", overlay=content["config"][regions.KEY])
    _say("pulumi up: autoscaling from zero, monitoring of its own")
    with lock.alone("bench/scaling.py"):
        stack.configured_apart(content).foreground("up", "--suppress-outputs", show=lambda _line: None)
    return spec, stack.outputs()


def _watched(spec: RegionSpec) -> Watched:
    asked = spec.monitoring
    assert isinstance(asked, OwnMonitoring)  # noqa: S101  as the overlay says
    room = Upstream(host="", port=0, name=f"{NAME}-waiting-room", pods={})
    return monitoring_args.watched(NAME, spec, asked, Seen(gpus=None, snapshots=None, room=room), own=True)
