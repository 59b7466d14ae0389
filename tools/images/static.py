"""Images of static programs: nothing inside but the program, an account for it and a place for temporary files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import versions
from tools.images.archive import Settings
from tools.images.layers import layer_of
from tools.images.nodes import Node, folder, program, text
from tools.images.recipe import MissingInput, Recipe
from tools.paths import BIN

ACCOUNTS = (
    text("etc/passwd", "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n"),
    text("etc/group", "root:x:0:\nnonroot:x:65532:\n"),
    folder("tmp", 0o1777),
)


@dataclass(frozen=True)
class Static:
    """Programs of `.tools/bin` by their paths in the image, as in the official image; the first one starts."""

    version: str
    programs: Mapping[str, str]


STATIC = {
    "pause": Static(versions.KUBERNETES, {"pause": "pause"}),
    "coredns": Static(versions.COREDNS, {"coredns": "coredns"}),
    "metrics-server": Static(versions.METRICS_SERVER, {"metrics-server": "metrics-server"}),
    "etcd": Static(versions.ETCD, {f"usr/local/bin/{name}": name for name in ("etcd", "etcdctl", "etcdutl")}),
    "prometheus": Static(versions.PROMETHEUS, {"bin/prometheus": "prometheus"}),
    "alertmanager": Static(versions.ALERTMANAGER, {"bin/alertmanager": "alertmanager"}),
    "keda": Static(versions.KEDA, {"keda": "keda-operator"}),
    "keda-metrics-apiserver": Static(versions.KEDA, {"keda-adapter": "keda-adapter"}),
}
WATCHING = ("prometheus", "alertmanager")
SCALING = ("keda", "keda-metrics-apiserver")


def static(name: str, _log: Path) -> Recipe:
    """MissingInput, naming the program, if it was not built yet."""
    image = STATIC[name]
    nodes: Sequence[Node] = [program(path, built(executable)) for path, executable in image.programs.items()]
    return Recipe(
        name=name,
        version=image.version,
        layers=(layer_of(name, [*ACCOUNTS, *nodes]),),
        settings=Settings(
            entrypoint=[f"/{next(iter(image.programs))}"],
            environment={"PATH": "/usr/local/bin:/usr/bin"},
        ),
    )


def built(name: str) -> Path:
    """A program of the toolchain's. Raises MissingInput."""
    path = BIN / name
    if not path.exists():
        raise MissingInput(f"{name}: not in {BIN}; `python3 -m tools build {name}` builds it")
    return path
