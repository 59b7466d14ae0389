"""The report before anything is changed: what the machine is, what is missing, and the command that fixes it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tools.cluster_choice import Kind
from tools.machine import Facts
from tools.paths import TOOLS

PORTS = (6443, 30080)  # of the API server and the gateway, where they are this machine's own


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`error` ends `make up` before anything is made; a warning does not."""

    error: bool
    text: str
    fix: str

    def __str__(self) -> str:
        return f"{'error' if self.error else 'warning':9} {self.text}; {self.fix}"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """GiB needed: the first time, when everything is built, and later."""

    first: float
    later: float
    why: str

    def needed(self, facts: Facts) -> float:
        return self.later if facts.built else self.first


DISK = Threshold(first=25, later=5, why="Go's modules and build cache, the server's packages and the images lie there")
MEMORY = Threshold(first=6, later=4, why="the node with the stack's pods takes 4, linking the API server more")
CORES = 2

NODE_PROGRAMS = {  # program of the host that the embedded node needs -> Debian package that has it
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
}
FEATURES = {  # kernel feature -> what makes it be there
    "overlay": "modprobe overlay",
    "veth": "modprobe veth",
    "bridge": "modprobe bridge",
    "br_netfilter": "modprobe br_netfilter",
    "nf_tables": "modprobe nf_tables",
    "namespaces": "run outside a container, or in a privileged one",
}


def check(facts: Facts, kind: Kind) -> list[Finding]:
    """What stands in the way of a cluster of that kind on this machine."""
    return [finding for rule in _RULES for finding in rule(facts, kind)]


def _resources(facts: Facts, kind: Kind) -> Iterator[Finding]:
    disk = DISK.needed(facts)
    if facts.disk_free < disk:
        yield Finding(
            error=True,
            text=f"disk: {facts.disk_free:.1f} GiB free where {TOOLS} lies, less than {disk:g}: {DISK.why}",
            fix="free some, or set TOOLS_DIR to a folder on a larger disk",
        )
    memory = MEMORY.needed(facts)
    if kind is not Kind.OWN and facts.memory < memory:
        yield Finding(
            error=True,
            text=f"memory: {facts.memory:.1f} GiB, less than {memory:g}: {MEMORY.why}",
            fix="use a larger machine, or a cluster of yours with CONTEXT=<context>",
        )
    elif kind is not Kind.OWN and not facts.embedded_runs and facts.memory_free < memory:
        yield Finding(
            error=False,
            text=f"memory: {facts.memory_free:.1f} GiB of {facts.memory:.1f} are free, less than {memory:g}",
            fix="end what uses it, if a step is killed for memory",
        )
    if facts.cores < CORES:
        yield Finding(error=False, text=f"cores: {facts.cores}, fewer than {CORES}", fix="expect it to take longer")


def _programs(facts: Facts, kind: Kind) -> Iterator[Finding]:
    if kind is not Kind.EMBEDDED:
        return
    missing = {program: package for program, package in NODE_PROGRAMS.items() if program not in facts.programs}
    if missing:
        packages = " ".join(sorted(set(missing.values())))
        yield Finding(error=True, text=f"programs: {', '.join(missing)} not on PATH", fix=f"apt-get install {packages}")


def _kernel(facts: Facts, kind: Kind) -> Iterator[Finding]:
    if kind is not Kind.EMBEDDED or facts.embedded_runs:
        return
    if not facts.system.startswith("Linux"):
        fix = "name a cluster with CONTEXT=<context>"
        yield Finding(error=True, text=f"system: {facts.system} is no Linux", fix=fix)
    for feature, fix in FEATURES.items():
        if facts.features.get(feature) is False:
            yield Finding(error=True, text=f"kernel: no {feature}", fix=fix)
    if facts.cgroup is None:
        fix = "mount them: mount -t cgroup2 none /sys/fs/cgroup"
        yield Finding(error=True, text="kernel: no cgroups at /sys/fs/cgroup", fix=fix)


def _addresses(facts: Facts, kind: Kind) -> Iterator[Finding]:
    if kind is Kind.EMBEDDED and facts.overlap:
        problem, _, fix = facts.overlap.partition("; ")
        yield Finding(error=True, text=problem, fix=fix)
    if kind is Kind.KIND and not facts.kind_runs:
        for port in facts.busy:
            text = f"port {port}: something on this machine listens on it"
            yield Finding(error=True, text=text, fix=f"see `ss -ltnp sport = :{port}` and end it")


def _proxies(facts: Facts, kind: Kind) -> Iterator[Finding]:
    if facts.proxies and "NO_PROXY" not in facts.proxies and kind is Kind.OWN:
        text = f"proxies: {', '.join(facts.proxies)} without NO_PROXY"
        yield Finding(error=False, text=text, fix="set NO_PROXY if your cluster's API server is not behind the proxy")


_RULES: Sequence[Callable[[Facts, Kind], Iterator[Finding]]] = (_resources, _programs, _kernel, _addresses, _proxies)


def report(facts: Facts) -> list[str]:
    """The machine in a few lines."""
    there = [name for name, found in facts.features.items() if found]
    absent = [name for name, found in facts.features.items() if found is False]
    unknown = [name for name, found in facts.features.items() if found is None]
    kernel = [", ".join(there)] if there else []
    kernel += [f"not {', '.join(absent)}"] if absent else []
    kernel += [f"unknown without root: {', '.join(unknown)}"] if unknown else []
    programs = ", ".join(f"{name} {version or '(no version)'}" for name, version in facts.programs.items())
    docker = "" if "docker" not in facts.programs else f" (docker {'answers' if facts.docker else 'does not answer'})"
    ports = ", ".join(f"{port} {'in use' if port in facts.busy else 'free'}" for port in PORTS)
    return [
        f"machine   {facts.system}, {'root' if facts.root else 'not root'}, {facts.cores} cores, "
        f"{facts.memory:.1f} GiB memory ({facts.memory_free:.1f} free), {facts.disk_free:.1f} GiB disk free",
        f"kernel    {'; '.join(kernel)}; cgroup {f'v{facts.cgroup}' if facts.cgroup else 'none'}",
        f"network   ports {ports}; proxies {', '.join(facts.proxies) or 'none'}",
        f"programs  {programs}{docker}",
    ]
